import { graphError, type GraphError } from '../graph/graph-error.js';
import { isObject, lengthOf, listOf, textOf, type Json } from './json.js';
import { variablesOf, type TemplateDefinition } from './template-definition.js';

/** What the person sees of a template. */
export interface FilledTemplate {
  header?: { format: string; text?: string; media?: { id?: string; link?: string; filename?: string } };
  body: string;
  footer?: string;
  buttons: FilledButton[];
  cards?: FilledTemplate[];
}
export interface FilledButton {
  type: string;
  text: string;
  /** What comes back when a quick reply is pressed. */
  payload?: string;
  url?: string;
}

const LONGEST_BODY = 1_024;
const mismatch = (details: string) => graphError(132000, details);
const wrongFormat = (details: string) => graphError(132012, details);

/**
 * Puts the parameters of a send into the template.
 * @param components of `template.components[]` in the send.
 */
export function fillTemplate(definition: TemplateDefinition, components: unknown): FilledTemplate | GraphError {
  try {
    return fill(definition, definition.components, listOf(components));
  } catch (error) {
    if (error instanceof Mismatch) return error.reason;
    throw error;
  }
}

class Mismatch extends Error {
  constructor(readonly reason: GraphError) {
    super(reason.message);
  }
}
function fail(reason: GraphError): never {
  throw new Mismatch(reason);
}

function fill(definition: TemplateDefinition, parts: readonly Json[], given: readonly unknown[]): FilledTemplate {
  const part = (type: string) => parts.find((each) => textOf(each['type'])?.toUpperCase() === type);
  const sent = (type: string) =>
    given.find((each): each is Json => isObject(each) && textOf(each['type'])?.toLowerCase() === type);
  for (const each of given) {
    const type = isObject(each) ? textOf(each['type'])?.toLowerCase() : undefined;
    if (!['header', 'body', 'button', 'carousel', 'limited_time_offer', 'order_status'].includes(type ?? '')) {
      fail(wrongFormat('A component must be a header, a body, a button or a carousel.'));
    }
  }
  const header = part('HEADER');
  const footer = part('FOOTER');
  const carousel = part('CAROUSEL');
  return {
    ...(header && { header: fillHeader(definition, header, parametersOf(sent('header'))) }),
    body: fillBody(definition, part('BODY') ?? {}, parametersOf(sent('body'))),
    ...(textOf(footer?.['text']) !== undefined && { footer: textOf(footer?.['text'])! }),
    buttons: fillButtons(listOf(part('BUTTONS')?.['buttons']), given),
    ...(carousel && { cards: fillCards(definition, carousel, sent('carousel')) }),
  };
}

function parametersOf(component: Json | undefined): Json[] {
  return listOf(component?.['parameters']).filter(isObject);
}

function fillHeader(
  definition: TemplateDefinition,
  header: Json,
  parameters: Json[],
): NonNullable<FilledTemplate['header']> {
  const format = textOf(header['format']) ?? 'TEXT';
  if (format === 'TEXT') {
    return { format, text: substitute(definition, 'header', textOf(header['text']) ?? '', parameters) };
  }
  if (format === 'LOCATION') {
    const { location } = parameters[0] ?? {};
    if (!isObject(location)) return fail(wrongFormat('header: a location is needed.'));
    return { format, text: textOf(location['name']) ?? textOf(location['address']) ?? '' };
  }
  const kind = format.toLowerCase();
  const media = parameters[0]?.[kind];
  if (parameters.length !== 1 || !isObject(media))
    return fail(wrongFormat(`header: Format mismatch, expected ${format}`));
  const { id, link, filename } = media;
  if ((textOf(id) === undefined) === (textOf(link) === undefined)) {
    return fail(wrongFormat(`header: ${kind} needs id or link.`));
  }
  return {
    format,
    media: {
      ...(textOf(id) !== undefined && { id: textOf(id)! }),
      ...(textOf(link) !== undefined && { link: textOf(link)! }),
      ...(textOf(filename) !== undefined && { filename: textOf(filename)! }),
    },
  };
}

function fillBody(definition: TemplateDefinition, body: Json, parameters: Json[]): string {
  if (definition.category === 'AUTHENTICATION') {
    const [code] = parameters;
    if (parameters.length !== 1 || textOf(code?.['text']) === undefined)
      return fail(mismatch('body: one code is needed.'));
    return `${textOf(code?.['text'])} is your verification code.`;
  }
  const text = substitute(definition, 'body', textOf(body['text']) ?? '', parameters);
  return lengthOf(text) > LONGEST_BODY ? fail(graphError(132005)) : text;
}

function substitute(definition: TemplateDefinition, where: string, text: string, parameters: Json[]): string {
  const names = variablesOf(text);
  if (parameters.length !== names.length) {
    return fail(
      mismatch(
        `${where}: number of localizable_params (${parameters.length}) does not match the expected number of params (${names.length})`,
      ),
    );
  }
  const values = new Map<string, string>();
  for (const [index, parameter] of parameters.entries()) {
    const name = definition.parameterFormat === 'NAMED' ? textOf(parameter['parameter_name']) : String(index + 1);
    if (name === undefined || !names.includes(name) || values.has(name)) {
      return fail(graphError(100, `${where}: Parameter name is missing or not one of the template's.`));
    }
    const value = valueOf(parameter);
    if (value === undefined) return fail(wrongFormat(`${where}: Parameter of type text is missing text value`));
    if (/[\n\t]| {5}/.test(value)) {
      return fail(
        graphError(
          132007,
          `${where}: Param text cannot have new-line/tab characters or more than 4 consecutive spaces`,
        ),
      );
    }
    values.set(name, value);
  }
  return text.replaceAll(/\{\{\s*([^{}]*?)\s*\}\}/g, (_, name: string) => values.get(name) ?? '');
}

function valueOf(parameter: Json): string | undefined {
  const { type } = parameter;
  const fallback = (value: unknown) => (isObject(value) ? textOf(value['fallback_value']) : undefined);
  if (type === 'currency') return fallback(parameter['currency']);
  if (type === 'date_time') return fallback(parameter['date_time']);
  const text = textOf(parameter['text']);
  return text === '' ? undefined : text;
}

function fillButtons(buttons: readonly unknown[], given: readonly unknown[]): FilledButton[] {
  const sent = given.filter((each): each is Json => isObject(each) && textOf(each['type'])?.toLowerCase() === 'button');
  for (const { index } of sent) {
    if (!(Number(index) >= 0 && Number(index) < buttons.length)) {
      fail(wrongFormat(`buttons: Button at index ${String(index)} does not exist in the template`));
    }
  }
  return buttons.filter(isObject).map((button, index) => {
    const type = textOf(button['type']) ?? '';
    const text = textOf(button['text']) ?? type;
    const component = sent.find((each) => Number(each['index']) === index);
    const [parameter] = parametersOf(component);
    if (type === 'QUICK_REPLY') return { type, text, payload: textOf(parameter?.['payload']) ?? text };
    if (type === 'COPY_CODE' || type === 'OTP') {
      const code = textOf(parameter?.['coupon_code']) ?? textOf(parameter?.['text']);
      if (code === undefined) return fail(wrongFormat(`buttons: Button at index ${index} requires a parameter`));
      return { type, text, payload: code };
    }
    if (type !== 'URL') return { type, text };
    const url = textOf(button['url']) ?? '';
    if (variablesOf(url).length === 0) return { type, text, url };
    const suffix = textOf(parameter?.['text']);
    if (suffix === undefined) {
      return fail(wrongFormat(`buttons: Button at index ${index} of type Url requires a parameter`));
    }
    return { type, text, url: url.replace('{{1}}', encodeURI(suffix)) };
  });
}

function fillCards(definition: TemplateDefinition, carousel: Json, sent: Json | undefined): FilledTemplate[] {
  const cards = listOf(carousel['cards']).filter(isObject);
  const given = listOf(sent?.['cards']).filter(isObject);
  if (given.length !== cards.length) fail(mismatch(`carousel: ${cards.length} cards are needed.`));
  return cards.map((card, index) => {
    const own = given.find((each) => Number(each['card_index']) === index);
    return fill(definition, listOf(card['components']).filter(isObject), listOf(own?.['components']));
  });
}
