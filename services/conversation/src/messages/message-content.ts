import { filesOf, type MediaKind, type OutgoingContent } from '@fenster/contracts';
import { isId } from '@fenster/runtime';
import type { MessageBody } from './message-changes.rule.js';
import { contentIn } from './outgoing-content.js';
import {
  ButtonsContent,
  CarouselContent,
  ChoiceContent,
  ContactCard,
  ContactsContent,
  FlowContent,
  FlowInvitationContent,
  LinkContent,
  ListContent,
  LocationContent,
  MediaContent,
  OrderContent,
  OrderItem,
  ProductsContent,
  RequestContent,
  SystemContent,
  TemplateContent,
  TextContent,
  UnsupportedContent,
  type ChoiceSource,
  type Content,
  type Notice,
} from './message-content.types.js';

type Json = Readonly<Record<string, unknown>>;

export interface ContentRights {
  /** The permission contact:read_phone. */
  mayReadPhones: boolean;
}

/**
 * The typed view of what we wrote, or a provider sent (whatsapp.md §A6). What is not as it should be is left out, never
 * an error.
 */
export function contentOf(body: MessageBody, { mayReadPhones }: ContentRights): Content {
  const outgoing = contentIn(body);
  if (outgoing) return outgoingContentOf(outgoing, mayReadPhones);
  const { type, text, payload } = body;
  const data = payload ?? {};
  switch (type) {
    case 'text':
      return make(TextContent, { body: text ?? '' });
    case 'image':
    case 'video':
    case 'audio':
    case 'document':
    case 'sticker':
      return make(MediaContent, {
        mediaKind: type === 'audio' && data.voice === true ? 'VOICE' : (type.toUpperCase() as MediaKind),
        media: isId(data.mediaId) ? { id: data.mediaId } : null,
        caption: text,
        fileName: textOf(data.filename),
        mimeType: textOf(data.mime_type),
        sha256: textOf(data.sha256),
        isAnimated: data.animated === true,
      });
    case 'location':
      return locationOf(data) ?? unsupported(type);
    case 'contacts':
      return make(ContactsContent, { cards: objectsOf(data.contacts).map((card) => cardOf(card, mayReadPhones)) });
    case 'interactive':
      return interactiveOf(data) ?? unsupported(type);
    case 'button':
      return choiceOf('TEMPLATE_BUTTON', { id: data.payload, title: data.text });
    case 'order':
      return make(OrderContent, {
        catalogId: textOf(data.catalog_id),
        note: text,
        items: objectsOf(data.product_items).map(itemOf),
      });
    // No customer sends one.
    case 'template':
      return unsupported(type);
    case 'system':
      return noticeOf(data, mayReadPhones);
    case 'unsupported':
      return unsupportedOf(data);
    // These change other messages; as messages of their own they come from before that was so.
    case 'reaction':
    case 'edit':
    case 'revoke':
      return unsupported(type);
  }
}

function outgoingContentOf(content: OutgoingContent, mayReadPhones: boolean): Content {
  switch (content.kind) {
    case 'text':
      return make(TextContent, { body: content.body });
    case 'media':
      return make(MediaContent, {
        mediaKind: content.mediaKind,
        media: { id: content.mediaId },
        caption: content.caption ?? null,
        fileName: content.fileName ?? null,
        mimeType: null,
        sha256: null,
        isAnimated: false,
      });
    case 'location': {
      const { latitude, longitude, name = null, address = null } = content;
      return make(LocationContent, { latitude, longitude, name, address, url: null });
    }
    case 'contacts':
      return make(ContactsContent, { cards: content.cards.map((card) => outgoingCardOf(card, mayReadPhones)) });
    case 'buttons':
      return make(ButtonsContent, { ...framedBy(content), buttons: content.buttons });
    case 'list': {
      const sections = content.sections.map(({ title = null, rows }) => ({
        title,
        rows: rows.map(({ description = null, ...row }) => ({ ...row, description })),
      }));
      return make(ListContent, { ...frameOf(content), button: content.button, sections });
    }
    case 'link':
      return make(LinkContent, { ...framedBy(content), label: content.label, url: content.url });
    case 'locationRequest':
    case 'contactInfoRequest':
    case 'addressRequest':
      return make(RequestContent, { requested: REQUESTED[content.kind], body: content.body });
    case 'flow':
      return make(FlowInvitationContent, { ...frameOf(content), flowId: content.flowId, label: content.label });
    case 'product':
    case 'products':
    case 'productCarousel':
    case 'catalog':
      return productsOf(content);
    case 'carousel': {
      const cards = content.cards.map(({ media: { mediaKind, mediaId }, body = null, label, url }) => ({
        mediaKind,
        media: { id: mediaId },
        body,
        label,
        url,
      }));
      return make(CarouselContent, { body: content.body, cards });
    }
    case 'template': {
      const { templateId, name: templateName, language, category } = content;
      const files = filesOf(content).map(({ file }) => ({ id: file.mediaId }));
      return make(TemplateContent, { templateId, templateName, language, category, files });
    }
  }
}

const REQUESTED = {
  locationRequest: 'LOCATION',
  contactInfoRequest: 'CONTACT_INFO',
  addressRequest: 'ADDRESS',
} as const;

interface Frame {
  header?: string | { text: string } | { media: unknown } | undefined;
  body: string;
  footer?: string | undefined;
}

function frameOf({ header, body, footer = null }: Omit<Frame, 'footer'> & { footer?: string | null | undefined }) {
  const title = typeof header === 'object' ? ('text' in header ? header.text : null) : (header ?? null);
  return { header: title, body, footer };
}

/** With a picture, a film or a paper above the words, where there is one. */
function framedBy(content: Extract<OutgoingContent, { kind: 'buttons' | 'link' }>) {
  const { header } = content;
  return { ...frameOf(content), headerMedia: header && 'media' in header ? { id: header.media.mediaId } : null };
}

type ShopContent = Extract<OutgoingContent, { kind: 'product' | 'products' | 'productCarousel' | 'catalog' }>;

function productsOf(content: ShopContent): ProductsContent {
  const sections =
    content.kind === 'products'
      ? content.sections
      : content.kind === 'productCarousel'
        ? [{ title: null, productIds: content.productIds }]
        : content.kind === 'product'
          ? [{ title: null, productIds: [content.productId] }]
          : [];
  return make(ProductsContent, {
    header: content.kind === 'products' ? content.header : null,
    body: content.body ?? '',
    footer: ('footer' in content ? content.footer : null) ?? null,
    catalogId: 'catalogId' in content ? content.catalogId : null,
    sections,
  });
}

function outgoingCardOf(
  card: Extract<OutgoingContent, { kind: 'contacts' }>['cards'][number],
  mayReadPhones: boolean,
): ContactCard {
  return make(ContactCard, {
    name: shownName(card.name, mayReadPhones),
    organization: card.organization ?? null,
    phones: mayReadPhones ? (card.phones ?? []).map(({ phone }) => phone) : null,
    emails: (card.emails ?? []).map(({ email }) => email),
    urls: (card.urls ?? []).map(({ url }) => url),
    addresses: (card.addresses ?? []).map(oneLine).filter((line) => line !== ''),
  });
}

/** GraphQL tells the members of the union by their class. */
function make<T extends object>(type: new () => T, values: T): T {
  return Object.assign(new type(), values);
}

function unsupported(providerType: string | null, explanation: string | null = null): UnsupportedContent {
  return make(UnsupportedContent, { providerType, explanation });
}

function locationOf(data: Json): LocationContent | undefined {
  const { latitude, longitude } = data;
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return undefined;
  const [name, address, url] = [textOf(data.name), textOf(data.address), textOf(data.url)];
  return make(LocationContent, { latitude, longitude, name, address, url });
}

function cardOf(card: Json, mayReadPhones: boolean): ContactCard {
  return make(ContactCard, {
    name: shownName(textOf(objectOf(card.name).formatted_name), mayReadPhones),
    organization: textOf(objectOf(card.org).company),
    phones: mayReadPhones ? textsOf(card.phones, (phone) => phone.phone ?? phone.wa_id) : null,
    emails: textsOf(card.emails, (email) => email.email),
    urls: textsOf(card.urls, (url) => url.url),
    addresses: textsOf(card.addresses, oneLine),
  });
}

function oneLine({ street, zip, city, state, country }: Json): string {
  return [street, [zip, city].filter(Boolean).join(' '), state, country].filter(Boolean).join(', ');
}

/** Whom the sender never named is called by their number. */
function shownName(name: string | null, mayReadPhones: boolean): string | null {
  return !mayReadPhones && name !== null && PHONE.test(name) ? null : name;
}

const PHONE = /^[+\d][\d\s()./-]{5,}$/;

function interactiveOf(data: Json): Content | undefined {
  if (isObject(data.button_reply)) return choiceOf('BUTTON', data.button_reply);
  if (isObject(data.list_reply)) return choiceOf('LIST', data.list_reply);
  if (!isObject(data.nfm_reply)) return undefined;
  const { name, body, response_json: response } = data.nfm_reply;
  return make(FlowContent, { flowName: textOf(name), summary: textOf(body), responseJson: textOf(response) });
}

function choiceOf(source: ChoiceSource, { id, title, description }: Json): ChoiceContent {
  return make(ChoiceContent, {
    source,
    choiceId: textOf(id),
    title: textOf(title),
    description: textOf(description),
  });
}

const MICROS = 1_000_000;

function itemOf({ product_retailer_id: id, quantity, item_price: price, currency }: Json): OrderItem {
  const micros = Math.round(Number(price) * MICROS);
  return make(OrderItem, {
    productId: textOf(id),
    quantity: isCount(Number(quantity)) ? Number(quantity) : null,
    priceMicros: price != null && price !== '' && Number.isSafeInteger(micros) ? micros : null,
    currency: textOf(currency),
  });
}

const MAX_INT = 2 ** 31 - 1;
const isCount = (value: number) => Number.isInteger(value) && value > 0 && value <= MAX_INT;

const NOTICES: Readonly<Record<string, Notice>> = {
  user_changed_number: 'NUMBER_CHANGED',
  // Before 2025.
  customer_changed_number: 'NUMBER_CHANGED',
  user_changed_user_id: 'USER_ID_CHANGED',
  customer_identity_changed: 'IDENTITY_CHANGED',
};

function noticeOf(data: Json, mayReadPhones: boolean): SystemContent {
  const phone = textOf(data.wa_id)?.replace(/^\+/, '');
  const type = textOf(data.type) ?? '';
  const notice = Object.hasOwn(NOTICES, type) ? NOTICES[type]! : 'OTHER';
  const isNew = notice === 'NUMBER_CHANGED' && phone !== undefined && /^[1-9]\d{5,14}$/.test(phone);
  return make(SystemContent, {
    notice,
    words: mayReadPhones ? textOf(data.body) : null,
    newPhone: mayReadPhones && isNew ? `+${phone}` : null,
  });
}

function unsupportedOf(data: Json): UnsupportedContent {
  const [error] = objectsOf(data.errors);
  const inner = textOf(objectOf(data.content).type);
  return unsupported(inner ?? textOf(data.type), error ? (textOf(error.details) ?? textOf(error.title)) : null);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
const objectOf = (value: unknown): Json => (isObject(value) ? value : {});
const objectsOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const textsOf = (value: unknown, of: (element: Json) => unknown): string[] =>
  objectsOf(value).flatMap((element) => textOf(of(element)) ?? []);
