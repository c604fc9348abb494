import { invalidParameter, missingParameter, parameterError, type GraphError } from '../graph/graph-error.js';
import { isObject, lengthOf, listOf, type Json } from './json.js';

/** What each type of message may contain (whatsapp.md §B1). Pure. */

export const MESSAGE_TYPES = [
  'text',
  'image',
  'video',
  'audio',
  'document',
  'sticker',
  'location',
  'contacts',
  'interactive',
  'reaction',
  'template',
] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** Characters, and numbers of things. */
const LIMITS = {
  text: 4_096,
  caption: 1_024,
  interactiveBody: 1_024,
  listBody: 4_096,
  footer: 60,
  headerText: 60,
  buttons: 3,
  buttonId: 256,
  buttonTitle: 20,
  listButton: 20,
  sections: 10,
  rows: 10,
  sectionTitle: 24,
  rowId: 200,
  rowTitle: 24,
  rowDescription: 72,
  contacts: 257,
};

/** Ends the check: what is found first is told, as Meta does. */
class Violation extends Error {
  constructor(readonly reason: GraphError) {
    super(reason.message);
  }
}
function fail(reason: GraphError): never {
  throw new Violation(reason);
}

export function checkContent(type: MessageType, content: unknown): GraphError | undefined {
  try {
    if (content === undefined) fail(missingParameter(`Parameter '${type}' is mandatory for type '${type}'.`));
    if (type === 'contacts') checkContacts(content);
    else if (!isObject(content)) fail(parameterError(`Param ${type} has the wrong type.`));
    else CHECKS[type](content);
    return undefined;
  } catch (error) {
    if (error instanceof Violation) return error.reason;
    throw error;
  }
}

const CHECKS: Record<Exclude<MessageType, 'contacts'>, (content: Json) => void> = {
  text(content) {
    requiredText(content, 'text', 'body', LIMITS.text, parameterError);
    const preview = content['preview_url'];
    if (preview !== undefined && typeof preview !== 'boolean')
      fail(parameterError("Param text['preview_url'] must be a boolean."));
  },
  image: (content) => checkMedia('image', content, { hasCaption: true }),
  video: (content) => checkMedia('video', content, { hasCaption: true }),
  document: (content) => checkMedia('document', content, { hasCaption: true }),
  audio: (content) => checkMedia('audio', content, { hasCaption: false }),
  sticker: (content) => checkMedia('sticker', content, { hasCaption: false }),
  location(content) {
    for (const [name, limit] of [
      ['latitude', 90],
      ['longitude', 180],
    ] as const) {
      const value = Number(content[name]);
      if (content[name] === undefined) fail(parameterError(`The parameter location['${name}'] is required.`));
      if (!Number.isFinite(value) || Math.abs(value) > limit)
        fail(invalidParameter(`location['${name}'] is not valid.`));
    }
  },
  reaction(content) {
    if (typeof content['message_id'] !== 'string')
      fail(parameterError("The parameter reaction['message_id'] is required."));
    if (typeof content['emoji'] !== 'string') fail(parameterError("The parameter reaction['emoji'] is required."));
  },
  template(content) {
    if (typeof content['name'] !== 'string') fail(parameterError("The parameter template['name'] is required."));
    const { language } = content;
    if (!isObject(language) || typeof language['code'] !== 'string') {
      fail(parameterError("The parameter template['language']['code'] is required."));
    }
    if (content['components'] !== undefined && !Array.isArray(content['components'])) {
      fail(parameterError("Param template['components'] must be an array."));
    }
  },
  interactive: checkInteractive,
};

function checkMedia(type: string, media: Json, { hasCaption }: { hasCaption: boolean }): void {
  const { id, link, caption } = media;
  if ((typeof id === 'string') === (typeof link === 'string')) {
    fail(parameterError(`Param ${type} must have exactly one of id and link.`));
  }
  if (typeof link === 'string' && !/^https?:\/\//i.test(link)) fail(invalidParameter(`${type}['link'] is not a URL.`));
  if (caption === undefined) return;
  if (!hasCaption) fail(parameterError(`Unexpected key "caption" on param "${type}".`));
  if (typeof caption !== 'string' || lengthOf(caption) > LIMITS.caption) {
    fail(parameterError(`Param ${type}['caption'] must be at most ${LIMITS.caption} characters long.`));
  }
}

function checkContacts(content: unknown): void {
  if (!Array.isArray(content)) fail(parameterError('Param contacts has the wrong type.'));
  if (content.length === 0 || content.length > LIMITS.contacts) {
    fail(parameterError(`Param contacts must have 1 to ${LIMITS.contacts} elements.`));
  }
  for (const [index, contact] of content.entries()) {
    const name = isObject(contact) && isObject(contact['name']) ? contact['name'] : {};
    if (typeof name['formatted_name'] !== 'string') {
      fail(parameterError(`The parameter contacts[${index}]['name']['formatted_name'] is required.`));
    }
    const others = ['first_name', 'last_name', 'middle_name', 'suffix', 'prefix'];
    if (!others.some((other) => typeof name[other] === 'string')) {
      fail(parameterError(`contacts[${index}]['name'] needs one more than formatted_name.`));
    }
  }
}

const INTERACTIVE: Record<string, (content: Json) => void> = {
  button(content) {
    body(content, LIMITS.interactiveBody);
    header(content, ['text', 'image', 'video', 'document']);
    footer(content);
    const buttons = listOf(action(content)['buttons']);
    if (buttons.length === 0 || buttons.length > LIMITS.buttons) {
      fail(invalidParameter(`Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: ${LIMITS.buttons}`));
    }
    const titles = buttons.map((button) => {
      const reply =
        isObject(button) && button['type'] === 'reply' && isObject(button['reply']) ? button['reply'] : undefined;
      if (!reply) return fail(parameterError("Param interactive['action']['buttons'] must be reply buttons."));
      requiredText(reply, 'button', 'id', LIMITS.buttonId);
      return requiredText(reply, 'button', 'title', LIMITS.buttonTitle);
    });
    if (new Set(titles).size < titles.length) fail(invalidParameter('Duplicate title of buttons.'));
    const ids = buttons.map((button) => (button as { reply: Json }).reply['id']);
    if (new Set(ids).size < ids.length) fail(invalidParameter('Duplicate id of buttons.'));
  },
  list(content) {
    body(content, LIMITS.listBody);
    header(content, ['text']);
    footer(content);
    const { button, sections } = action(content);
    if (typeof button !== 'string' || button === '' || lengthOf(button) > LIMITS.listButton) {
      fail(invalidParameter(`Button label is required and at most ${LIMITS.listButton} characters long.`));
    }
    const all = listOf(sections).filter(isObject);
    if (all.length === 0 || all.length > LIMITS.sections) {
      fail(invalidParameter(`There must be 1 to ${LIMITS.sections} sections.`));
    }
    for (const section of all) {
      if (all.length > 1 || section['title'] !== undefined) {
        requiredText(section, 'section', 'title', LIMITS.sectionTitle);
      }
    }
    const rows = all.flatMap((section) => listOf(section['rows'])).map((row) => (isObject(row) ? row : {}));
    if (rows.length === 0 || rows.length > LIMITS.rows) {
      fail(invalidParameter(`Total row count exceed max allowed count: ${LIMITS.rows}`));
    }
    for (const row of rows) {
      requiredText(row, 'row', 'id', LIMITS.rowId);
      requiredText(row, 'row', 'title', LIMITS.rowTitle);
      if (row['description'] !== undefined) requiredText(row, 'row', 'description', LIMITS.rowDescription);
    }
    if (new Set(rows.map((row) => row['id'])).size < rows.length) fail(invalidParameter('Duplicate id of rows.'));
  },
  cta_url(content) {
    body(content, LIMITS.interactiveBody);
    header(content, ['text', 'image', 'video', 'document']);
    footer(content);
    const parameters = parametersOf(content);
    requiredText(parameters, 'cta_url', 'display_text', LIMITS.buttonTitle);
    if (!/^https?:\/\//i.test(requiredText(parameters, 'cta_url', 'url', 2_000))) {
      fail(invalidParameter('The url of cta_url is not valid.'));
    }
  },
  flow(content) {
    body(content, LIMITS.interactiveBody);
    const parameters = parametersOf(content);
    requiredText(parameters, 'flow', 'flow_cta', LIMITS.buttonTitle);
    if (typeof parameters['flow_id'] !== 'string' && typeof parameters['flow_name'] !== 'string') {
      fail(missingParameter('flow_id or flow_name is required.'));
    }
  },
  product(content) {
    const { catalog_id: catalog, product_retailer_id: product } = action(content);
    if (typeof catalog !== 'string' || typeof product !== 'string') {
      fail(missingParameter('catalog_id and product_retailer_id are required.'));
    }
  },
  product_list(content) {
    body(content, LIMITS.interactiveBody);
    header(content, ['text']);
    if (content['header'] === undefined) fail(missingParameter('header is required for product_list.'));
    const { catalog_id: catalog, sections } = action(content);
    if (typeof catalog !== 'string') fail(missingParameter('catalog_id is required.'));
    const items = listOf(sections)
      .filter(isObject)
      .flatMap((section) => listOf(section['product_items']));
    if (items.length === 0 || items.length > 30) fail(invalidParameter('There must be 1 to 30 products.'));
  },
  catalog_message: (content) => body(content, LIMITS.interactiveBody),
  location_request_message: (content) => body(content, LIMITS.interactiveBody),
  address_message: (content) => body(content, LIMITS.interactiveBody),
  request_contact_info: (content) => body(content, LIMITS.interactiveBody),
  call_permission_request: () => {},
  carousel(content) {
    body(content, LIMITS.interactiveBody);
    const cards = listOf(action(content)['cards']);
    if (cards.length < 2 || cards.length > 10) fail(invalidParameter('A carousel has 2 to 10 cards.'));
  },
};

function checkInteractive(content: Json): void {
  const { type } = content;
  const check = typeof type === 'string' && Object.hasOwn(INTERACTIVE, type) ? INTERACTIVE[type] : undefined;
  if (!check) fail(parameterError("Param interactive['type'] is not a known type."));
  action(content);
  check?.(content);
}

function action({ action: value }: Json): Json {
  return isObject(value) ? value : fail(parameterError("The parameter interactive['action'] is required."));
}

function parametersOf(content: Json): Json {
  const { parameters } = action(content);
  return isObject(parameters) ? parameters : fail(missingParameter('action.parameters is required.'));
}

function body(content: Json, limit: number): void {
  const value = content['body'];
  if (!isObject(value)) fail(parameterError("The parameter interactive['body'] is required."));
  requiredText(value, 'body', 'text', limit);
}

function footer(content: Json): void {
  const value = content['footer'];
  if (value === undefined) return;
  if (!isObject(value)) fail(parameterError("Param interactive['footer'] must be an object."));
  requiredText(value, 'footer', 'text', LIMITS.footer);
}

function header(content: Json, kinds: readonly string[]): void {
  const value = content['header'];
  if (value === undefined) return;
  const kind = isObject(value) ? value['type'] : undefined;
  if (!isObject(value) || typeof kind !== 'string' || !kinds.includes(kind)) {
    fail(invalidParameter(`The header must be one of ${kinds.join(', ')}.`));
  }
  if (kind === 'text') requiredText(value, 'header', 'text', LIMITS.headerText);
  else if (isObject(value[kind as string]))
    checkMedia(kind as string, value[kind as string] as Json, { hasCaption: true });
  else fail(missingParameter(`header['${kind as string}'] is required.`));
}

function requiredText(
  holder: Json,
  where: string,
  name: string,
  limit: number,
  error: (words: string) => GraphError = invalidParameter,
): string {
  const value = holder[name];
  if (typeof value !== 'string' || value === '') return fail(error(`The parameter ${where}['${name}'] is required.`));
  if (lengthOf(value) > limit)
    return fail(error(`Param ${where}['${name}'] must be at most ${limit} characters long.`));
  return value;
}
