import type { GraphError } from '../graph/graph-error.js';
import { isObject, lengthOf, listOf, textOf, type Json } from './json.js';

/** What a template may look like when it is submitted (whatsapp.md §B3; subcodes as the Graph API gives them). Pure. */

export const CATEGORIES = ['MARKETING', 'UTILITY', 'AUTHENTICATION'] as const;
export type Category = (typeof CATEGORIES)[number];
export type ParameterFormat = 'POSITIONAL' | 'NAMED';

export interface TemplateDefinition {
  name: string;
  language: string;
  category: Category;
  parameterFormat: ParameterFormat;
  components: Json[];
  timeToLiveSeconds?: number;
}

const LIMITS = { name: 512, header: 60, body: 1_024, footer: 60, buttons: 10, buttonText: 25, url: 2_000, phone: 20 };
const BUTTONS: ReadonlySet<unknown> = new Set([
  'QUICK_REPLY',
  'URL',
  'PHONE_NUMBER',
  'COPY_CODE',
  'OTP',
  'FLOW',
  'CATALOG',
  'MPM',
  'VOICE_CALL',
  'REQUEST_CONTACT_INFO',
]);
const HEADERS: ReadonlySet<unknown> = new Set(['TEXT', 'IMAGE', 'VIDEO', 'DOCUMENT', 'LOCATION', 'PRODUCT']);
const MEDIA_HEADERS: ReadonlySet<unknown> = new Set(['IMAGE', 'VIDEO', 'DOCUMENT']);
/** Seconds, by category; -1 asks for the default. */
const TIME_TO_LIVE: Record<Category, readonly [from: number, to: number]> = {
  AUTHENTICATION: [30, 900],
  UTILITY: [30, 43_200],
  MARKETING: [43_200, 2_592_000],
};

const invalid = (userMessage: string, subcode = 2_388_299, userTitle = 'Invalid parameter'): GraphError => ({
  status: 400,
  code: 100,
  subcode,
  message: 'Invalid parameter',
  userTitle,
  userMessage,
});
const tooLong = (field: string, limit: number) =>
  invalid(`The ${field} has more than ${limit} characters.`, 2_388_040, 'Character limit exceeded');
const noExample = (field: string) =>
  invalid(`The ${field} has variables and needs an example of each.`, 2_388_043, 'Missing example');

/** Reads the body of `POST /{waba}/message_templates`. */
export function readDefinition(body: unknown): TemplateDefinition | GraphError {
  if (!isObject(body)) return invalid('The body must be a JSON object.');
  const { name, language, category } = body;
  if (typeof name !== 'string' || !/^[a-z0-9_]+$/.test(name)) {
    return invalid('The name may have lower-case letters, digits and underscores.', 2_388_299, 'Invalid name');
  }
  if (name.length > LIMITS.name) return tooLong('name', LIMITS.name);
  if (typeof language !== 'string' || !/^[a-z]{2,3}([_-][A-Za-z]{2,4})?$/.test(language)) {
    return invalid('The language is not supported.', 2_388_024, 'Invalid language');
  }
  if (!CATEGORIES.includes(category as Category)) {
    return invalid(`The category must be one of ${CATEGORIES.join(', ')}.`, 2_388_299, 'Invalid category');
  }
  const format = body['parameter_format'] ?? 'POSITIONAL';
  const parameterFormat = typeof format === 'string' ? format.toUpperCase() : '';
  if (parameterFormat !== 'POSITIONAL' && parameterFormat !== 'NAMED') {
    return invalid('The parameter_format must be POSITIONAL or NAMED.');
  }
  const definition: TemplateDefinition = {
    name,
    language: language.replace('-', '_'),
    category: category as Category,
    parameterFormat,
    components: [],
  };
  const ttl = body['message_send_ttl_seconds'];
  if (ttl !== undefined && ttl !== -1) {
    const [from, to] = TIME_TO_LIVE[definition.category];
    if (typeof ttl !== 'number' || !Number.isInteger(ttl) || ttl < from || ttl > to) {
      return invalid(`message_send_ttl_seconds must be between ${from} and ${to}.`);
    }
    definition.timeToLiveSeconds = ttl;
  }
  const error = checkComponents(body['components'], definition.category, parameterFormat);
  if (error) return error;
  return { ...definition, components: (body['components'] as Json[]).map(normalised) };
}

/** Type and format are told in capitals, however they were written. */
function normalised(component: Json): Json {
  const { type, format, buttons } = component;
  return {
    ...component,
    type: String(type).toUpperCase(),
    ...(format !== undefined && { format: textOf(format)?.toUpperCase() }),
    ...(Array.isArray(buttons) && {
      buttons: buttons.map((button: Json) => ({ ...button, type: String(button['type']).toUpperCase() })),
    }),
  };
}

export function checkComponents(
  components: unknown,
  category: Category,
  format: ParameterFormat,
): GraphError | undefined {
  if (!Array.isArray(components) || components.length === 0) return invalid('The components are missing.', 2_388_043);
  const seen = new Set<string>();
  for (const component of components) {
    if (!isObject(component)) return invalid('A component must be an object.');
    const type = textOf(component['type'])?.toUpperCase() ?? '';
    if (seen.has(type)) return invalid(`There is more than one ${type}.`);
    seen.add(type);
    const error = checkComponent(type, component, category, format);
    if (error) return error;
  }
  return seen.has('BODY') ? undefined : invalid('The BODY is missing.', 2_388_072, 'Missing body');
}

function checkComponent(
  type: string,
  component: Json,
  category: Category,
  format: ParameterFormat,
): GraphError | undefined {
  switch (type) {
    case 'HEADER':
      return checkHeader(component, format);
    case 'BODY':
      // Meta writes the body of an authentication template itself.
      return category === 'AUTHENTICATION' ? undefined : checkBody(component, format);
    case 'FOOTER':
      return category === 'AUTHENTICATION' ? undefined : checkFooter(component);
    case 'BUTTONS':
      return checkButtons(component);
    case 'CAROUSEL':
      return checkCarousel(component, category, format);
    case 'LIMITED_TIME_OFFER':
    case 'CALL_PERMISSION_REQUEST':
      return undefined;
    default:
      return invalid(`A component of type ${type || 'unknown'} does not exist.`);
  }
}

function checkHeader(component: Json, format: ParameterFormat): GraphError | undefined {
  const kind = textOf(component['format'])?.toUpperCase() ?? 'TEXT';
  if (!HEADERS.has(kind)) return invalid('The format of the header is not known.', 2_388_047);
  const example = isObject(component['example']) ? component['example'] : {};
  if (MEDIA_HEADERS.has(kind)) {
    return listOf(example['header_handle']).length === 1 ? undefined : noExample('header');
  }
  if (kind !== 'TEXT') return undefined;
  const { text } = component;
  if (typeof text !== 'string' || text === '') return invalid('The text of the header is missing.', 2_388_047);
  if (lengthOf(text) > LIMITS.header) return tooLong('header', LIMITS.header);
  const names = variablesOf(text);
  if (names.length > 1) return invalid('A header may have one variable.', 2_388_047);
  return checkVariables('header', text, format, example['header_text'], example['header_text_named_params']);
}

function checkBody(component: Json, format: ParameterFormat): GraphError | undefined {
  const { text } = component;
  if (typeof text !== 'string' || text === '') return invalid('The text of the body is missing.', 2_388_072);
  if (lengthOf(text) > LIMITS.body) return tooLong('body', LIMITS.body);
  if (/^\s*\{\{[^}]*\}\}|\{\{[^}]*\}\}\s*$/.test(text)) {
    return invalid('Variables must not be at the start or the end of the body.', 2_388_299, 'Invalid format');
  }
  const example = isObject(component['example']) ? component['example'] : {};
  const positional = listOf(example['body_text'])[0] ?? example['body_text'];
  return checkVariables('body', text, format, positional, example['body_text_named_params']);
}

function checkVariables(
  field: string,
  text: string,
  format: ParameterFormat,
  positional: unknown,
  named: unknown,
): GraphError | undefined {
  const names = variablesOf(text);
  if (names.length === 0) return undefined;
  if (format === 'NAMED') {
    if (!names.every((name) => /^[a-z][a-z0-9_]*$/.test(name))) {
      return invalid('Names of variables may have lower-case letters, digits and underscores.', 2_388_299);
    }
    const given = new Set(listOf(named).map((each) => (isObject(each) ? each['param_name'] : undefined)));
    return names.every((name) => given.has(name)) ? undefined : noExample(field);
  }
  if (names.some((name, index) => name !== String(index + 1))) {
    return invalid('Variables must be {{1}}, {{2}} and so on, in this order.', 2_388_299, 'Invalid format');
  }
  return listOf(positional).length >= names.length ? undefined : noExample(field);
}

function checkFooter({ text }: Json): GraphError | undefined {
  if (typeof text !== 'string' || text === '') return invalid('The text of the footer is missing.', 2_388_073);
  if (lengthOf(text) > LIMITS.footer) return tooLong('footer', LIMITS.footer);
  return variablesOf(text).length > 0 ? invalid('A footer has no variables.', 2_388_073) : undefined;
}

function checkButtons({ buttons }: Json): GraphError | undefined {
  if (!Array.isArray(buttons) || buttons.length === 0 || buttons.length > LIMITS.buttons) {
    return invalid(`There must be 1 to ${LIMITS.buttons} buttons.`);
  }
  for (const button of buttons) {
    if (!isObject(button)) return invalid('A button must be an object.');
    const type = textOf(button['type'])?.toUpperCase();
    if (!BUTTONS.has(type)) return invalid('The type of a button is not known.');
    const text = textOf(button['text']);
    if (text === undefined && !['COPY_CODE', 'OTP', 'REQUEST_CONTACT_INFO'].includes(type!)) {
      return invalid('The text of a button is missing.', 2_388_043);
    }
    if (text !== undefined && lengthOf(text) > LIMITS.buttonText) return tooLong('button text', LIMITS.buttonText);
    if (type === 'URL') {
      const url = textOf(button['url']);
      if (url === undefined || !/^https?:\/\//.test(url)) return invalid('The url of a button is missing.', 2_388_043);
      if (url.length > LIMITS.url) return tooLong('url', LIMITS.url);
      const count = variablesOf(url).length;
      if (count > 1 || (count === 1 && !url.endsWith('{{1}}'))) return invalid('A url may end with one variable.');
      if (count === 1 && listOf(button['example']).length !== 1) return noExample('url');
    }
    if (type === 'PHONE_NUMBER') {
      const phone = textOf(button['phone_number']);
      if (phone === undefined) return invalid('The phone_number of a button is missing.', 2_388_043);
      if (phone.length > LIMITS.phone) return tooLong('phone_number', LIMITS.phone);
    }
    if (type === 'COPY_CODE' && button['example'] === undefined) return noExample('code');
  }
  const urls = buttons.filter((button: Json) => textOf(button['type'])?.toUpperCase() === 'URL');
  const phones = buttons.filter((button: Json) => textOf(button['type'])?.toUpperCase() === 'PHONE_NUMBER');
  return urls.length > 2 || phones.length > 1 ? invalid('There may be two urls and one phone number.') : undefined;
}

function checkCarousel({ cards }: Json, category: Category, format: ParameterFormat): GraphError | undefined {
  if (!Array.isArray(cards) || cards.length < 2 || cards.length > 10) return invalid('A carousel has 2 to 10 cards.');
  for (const card of cards) {
    const components = isObject(card) ? listOf(card['components']) : [];
    for (const component of components) {
      if (!isObject(component)) return invalid('A component of a card must be an object.');
      const type = textOf(component['type'])?.toUpperCase() ?? '';
      if (type === 'CAROUSEL') return invalid('A card has no carousel.');
      const error = checkComponent(type, component, category, format);
      if (error) return error;
    }
    if (components.length === 0) return invalid('A card has no components.');
  }
  return undefined;
}

/** What is in `{{ }}`, each once, in the order of the text. */
export function variablesOf(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g), (match) => match[1]!))];
}
