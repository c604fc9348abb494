import { typeOfContent, type OutgoingContent, type OutgoingFile, type TemplateButtonValue } from '@fenster/contracts';
import type { JsonObject } from '../json.js';
import type { OutgoingMessage } from '../provider.js';

type Content<Kind extends OutgoingContent['kind']> = Extract<OutgoingContent, { kind: Kind }>;
type Card = Content<'contacts'>['cards'][number];
type Place = Pick<Content<'location'>, 'latitude' | 'longitude' | 'name' | 'address'>;

/** The part of a send that says what: `{ type: 'text', text: { body: 'Hello' } }` (whatsapp.md §B1). */
export function writeContent({ content, messageId, media }: Pick<OutgoingMessage, 'content' | 'messageId' | 'media'>) {
  if (content.kind === 'reaction') {
    // An empty emoji takes the earlier one back.
    return { type: 'reaction', reaction: { message_id: content.targetProviderMessageId, emoji: content.emoji ?? '' } };
  }
  const type = typeOfContent(content);
  const files = { of: (file: OutgoingFile) => fileOf(file, media) };
  return { type, [type]: objectOf(content, messageId, files) };
}

interface Files {
  of(file: OutgoingFile): JsonObject;
}

/** @throws Error if the file was not brought to the provider: that comes before this. */
function fileOf({ mediaId, mediaKind, fileName }: OutgoingFile, media: OutgoingMessage['media']): JsonObject {
  const id = media?.[mediaId];
  if (id === undefined) throw new Error('A file of the message is not at the provider.');
  return { id, ...(mediaKind === 'DOCUMENT' && fileName && { filename: fileName }) };
}

function objectOf(content: OutgoingContent, messageId: string, files: Files): JsonObject | JsonObject[] {
  switch (content.kind) {
    case 'text':
      return { body: content.body, ...(content.previewUrl && { preview_url: true }) };
    case 'media': {
      const { caption, mediaKind } = content;
      return { ...files.of(content), ...(caption && { caption }), ...(mediaKind === 'VOICE' && { voice: true }) };
    }
    case 'location':
      return placeOf(content);
    case 'contacts':
      return content.cards.map(cardOf);
    case 'template':
      return templateOf(content, messageId, files);
    default:
      return interactiveOf(content, messageId, files);
  }
}

type Interactive = Exclude<OutgoingContent, { kind: 'text' | 'media' | 'location' | 'contacts' | 'template' }>;

function interactiveOf(content: Interactive, messageId: string, files: Files): JsonObject {
  switch (content.kind) {
    case 'buttons': {
      const buttons = content.buttons.map(({ id, title }) => ({ type: 'reply', reply: { id, title } }));
      return { type: 'button', ...frameOf(content, files), action: { buttons } };
    }
    case 'list': {
      const { button, sections } = content;
      return { type: 'list', ...frameOf(content, files), action: { button, sections } };
    }
    case 'link':
      return { type: 'cta_url', ...frameOf(content, files), action: linkOf(content) };
    case 'locationRequest':
      return { type: 'location_request_message', ...frameOf(content, files), action: { name: 'send_location' } };
    case 'contactInfoRequest':
      return { type: 'request_contact_info', ...frameOf(content, files), action: { name: 'request_contact_info' } };
    case 'addressRequest': {
      const action = { name: 'address_message', parameters: { country: content.country } };
      return { type: 'address_message', ...frameOf(content, files), action };
    }
    case 'flow': {
      const action = { name: 'flow', parameters: flowOf(content, messageId) };
      return { type: 'flow', ...frameOf(content, files), action };
    }
    case 'product': {
      const action = { catalog_id: content.catalogId, product_retailer_id: content.productId };
      return { type: 'product', ...frameOf(content, files), action };
    }
    case 'products': {
      const sections = content.sections.map(({ title, productIds }) => ({
        title,
        product_items: productIds.map((id) => ({ product_retailer_id: id })),
      }));
      const action = { catalog_id: content.catalogId, sections };
      return { type: 'product_list', ...frameOf(content, files), action };
    }
    case 'catalog': {
      const { thumbnailProductId: id } = content;
      const action = { name: 'catalog_message', ...(id && { parameters: { thumbnail_product_retailer_id: id } }) };
      return { type: 'catalog_message', ...frameOf(content, files), action };
    }
    case 'productCarousel': {
      const cards = content.productIds.map((id, index) => ({
        card_index: index,
        type: 'product',
        action: { product_retailer_id: id, catalog_id: content.catalogId },
      }));
      return { type: 'carousel', ...frameOf(content, files), action: { cards } };
    }
    case 'carousel': {
      const cards = content.cards.map((card, index) => ({
        card_index: index,
        type: 'cta_url',
        header: headerOf(card, files),
        ...(card.body && { body: { text: card.body } }),
        action: linkOf(card),
      }));
      return { type: 'carousel', ...frameOf(content, files), action: { cards } };
    }
  }
}

interface Frame {
  header?: string | { text: string } | { media: OutgoingFile } | undefined;
  body?: string | undefined;
  footer?: string | undefined;
}

function frameOf({ header, body, footer }: Frame, files: Files): JsonObject {
  return {
    ...(header !== undefined && { header: headerOf(typeof header === 'string' ? { text: header } : header, files) }),
    ...(body !== undefined && { body: { text: body } }),
    ...(footer !== undefined && { footer: { text: footer } }),
  };
}

function headerOf(header: { text: string } | { media: OutgoingFile }, files: Files): JsonObject {
  if ('text' in header) return { type: 'text', text: header.text };
  const type = header.media.mediaKind.toLowerCase();
  return { type, [type]: files.of(header.media) };
}

function linkOf({ label, url }: { label: string; url: string }): JsonObject {
  return { name: 'cta_url', parameters: { display_text: label, url } };
}

function placeOf({ latitude, longitude, name, address }: Place): JsonObject {
  return { latitude, longitude, ...(name && { name }), ...(address && { address }) };
}

type Template = Content<'template'>;
type TemplatePart = Pick<Template, 'body' | 'buttons'> & { header?: Template['header'] };

/** A template is sent by name; of its parts those are named that are different at each send. */
function templateOf(content: Template, messageId: string, files: Files): JsonObject {
  const { name, language, cards, offerEndsAt } = content;
  const components = [
    ...partsOf(content, messageId, files),
    ...(offerEndsAt === undefined ? [] : [offerOf(offerEndsAt)]),
    ...(cards ? [carouselOf(cards, messageId, files)] : []),
  ];
  return {
    name,
    language: { policy: 'deterministic', code: language },
    ...(components.length > 0 && { components }),
  };
}

function partsOf({ header, body, buttons }: TemplatePart, messageId: string, files: Files): JsonObject[] {
  return [
    ...(header ? [{ type: 'header', parameters: headerParametersOf(header, files) }] : []),
    ...(body.length > 0 ? [{ type: 'body', parameters: body.map(parameterOf) }] : []),
    ...buttons.map((button) => ({
      type: 'button',
      sub_type: BUTTON_TYPES[button.kind],
      index: String(button.index),
      parameters: [buttonParameterOf(button, messageId)],
    })),
  ];
}

function headerParametersOf(header: NonNullable<Template['header']>, files: Files): JsonObject[] {
  if ('parameters' in header) return header.parameters.map(parameterOf);
  if ('location' in header) return [{ type: 'location', location: placeOf(header.location) }];
  const type = header.media.mediaKind.toLowerCase();
  return [{ type, [type]: files.of(header.media) }];
}

function parameterOf({ name, text }: Template['body'][number]): JsonObject {
  return { type: 'text', ...(name !== undefined && { parameter_name: name }), text };
}

const BUTTON_TYPES = {
  url: 'url',
  quickReply: 'quick_reply',
  copyCode: 'copy_code',
  // To Meta the button with the password opens an address that ends with it.
  otp: 'url',
  flow: 'flow',
  catalog: 'catalog',
} as const satisfies Record<TemplateButtonValue['kind'], string>;

function buttonParameterOf({ kind, value, dataJson }: TemplateButtonValue, messageId: string): JsonObject {
  switch (kind) {
    case 'url':
    case 'otp':
      return { type: 'text', text: value };
    case 'quickReply':
      return { type: 'payload', payload: value };
    case 'copyCode':
      return { type: 'coupon_code', coupon_code: value };
    case 'catalog':
      return { type: 'action', action: { thumbnail_product_retailer_id: value } };
    case 'flow': {
      const data = dataJson !== undefined && { flow_action_data: JSON.parse(dataJson) as unknown };
      return { type: 'action', action: { flow_token: value || messageId, ...data } };
    }
  }
}

function offerOf(endsAt: string): JsonObject {
  const limited_time_offer = { expiration_time_ms: Date.parse(endsAt) };
  return { type: 'limited_time_offer', parameters: [{ type: 'limited_time_offer', limited_time_offer }] };
}

function carouselOf(cards: NonNullable<Template['cards']>, messageId: string, files: Files): JsonObject {
  return {
    type: 'carousel',
    cards: cards.map(({ media, ...card }, index) => ({
      card_index: index,
      components: partsOf({ ...card, ...(media && { header: { media } }) }, messageId, files),
    })),
  };
}

/** The token comes back with the answer. */
function flowOf({ flowId, label, token, screen, dataJson, isDraft }: Content<'flow'>, messageId: string): JsonObject {
  const payload = screen && {
    screen,
    ...(dataJson !== undefined && { data: JSON.parse(dataJson) as unknown }),
  };
  return {
    flow_message_version: '3',
    flow_id: flowId,
    flow_cta: label,
    flow_token: token ?? messageId,
    ...(isDraft && { mode: 'draft' }),
    flow_action: payload ? 'navigate' : 'data_exchange',
    ...(payload && { flow_action_payload: payload }),
  };
}

function cardOf(card: Card): JsonObject {
  const { firstName, lastName, middleName, prefix, suffix, organization, department, jobTitle } = card;
  const parts = present({
    first_name: firstName,
    last_name: lastName,
    middle_name: middleName,
    prefix,
    suffix,
  });
  // Meta wants one part of the name at least.
  const name = Object.keys(parts).length === 0 ? { first_name: card.name } : parts;
  const org = present({ company: organization, department, title: jobTitle });
  return present({
    name: { formatted_name: card.name, ...name },
    birthday: card.birthday,
    org: Object.keys(org).length === 0 ? undefined : org,
    phones: card.phones?.map(({ phone, type, whatsAppId }) => present({ phone, type, wa_id: whatsAppId })),
    emails: card.emails,
    urls: card.urls,
    addresses: card.addresses?.map(({ countryCode, ...address }) => present({ ...address, country_code: countryCode })),
  });
}

function present(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
