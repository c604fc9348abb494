import type { OutgoingContent, OutgoingFile } from '@fenster/contracts';
import { isId } from '@fenster/runtime';

/**
 * The limits of WhatsApp (whatsapp.md §B1 and Meta's pages of each kind of message), in characters as people count them
 * or in things. Where Meta names none there is one of ours, so that whatever comes has an end.
 */
export const LIMITS = {
  text: 4_096,
  caption: 1_024,
  /** Of all interactive messages but lists. */
  body: 1_024,
  listBody: 4_096,
  header: 60,
  footer: 60,
  label: 20,
  buttons: 3,
  buttonId: 256,
  buttonTitle: 20,
  sections: 10,
  sectionTitle: 24,
  rows: 10,
  rowId: 200,
  rowTitle: 24,
  rowDescription: 72,
  minCards: 2,
  maxCards: 10,
  cardBody: 160,
  cardLineBreaks: 2,
  products: 30,
  contacts: 257,
  latitude: 90,
  longitude: 180,
  /** Ours, as all below. */
  fileName: 240,
  placeName: 1_000,
  url: 2_000,
  /** Ids of catalogues, products, flows and screens. */
  providerId: 200,
  contactField: 500,
  /** Of phones, e-mail addresses, websites and addresses each. */
  contactEntries: 20,
  /** In bytes as JSON. */
  flowData: 16_384,
  /** In bytes as JSON, of everything: contacts come near it. */
  all: 65_536,
} as const;

/** One broken limit: where, relative to the content, and what would do. */
export interface Violation {
  path: readonly (string | number)[];
  message: string;
}

/** Every limit that the content breaks, in the order of its fields; none if it may be sent as far as its words go. */
export function violationsOf(content: OutgoingContent): readonly Violation[] {
  const check = new Check();
  checkKind(check, content);
  if (check.violations.length === 0 && Buffer.byteLength(JSON.stringify(content)) > LIMITS.all) {
    check.refuse([], `must have at most ${LIMITS.all} bytes as JSON.`);
  }
  return check.violations;
}

type Path = readonly (string | number)[];

function checkKind(check: Check, content: OutgoingContent): void {
  switch (content.kind) {
    case 'text':
      return check.words(['body'], content.body, LIMITS.text);
    case 'media':
      return checkMedia(check, content);
    case 'location':
      check.degrees(['latitude'], content.latitude, LIMITS.latitude);
      check.degrees(['longitude'], content.longitude, LIMITS.longitude);
      check.words(['name'], content.name, LIMITS.placeName, { isOptional: true });
      return check.words(['address'], content.address, LIMITS.placeName, { isOptional: true });
    case 'contacts':
      check.count(['cards'], content.cards, 1, LIMITS.contacts);
      return content.cards.forEach((card, index) => checkCard(check, ['cards', index], card));
    case 'buttons':
      checkFrame(check, content);
      check.count(['buttons'], content.buttons, 1, LIMITS.buttons);
      content.buttons.forEach(({ id, title }, index) => {
        check.words(['buttons', index, 'id'], id, LIMITS.buttonId);
        check.words(['buttons', index, 'title'], title, LIMITS.buttonTitle);
      });
      check.distinct(content.buttons.map(({ id }, index) => [['buttons', index, 'id'], id]));
      return check.distinct(content.buttons.map(({ title }, index) => [['buttons', index, 'title'], title]));
    case 'list':
      return checkList(check, content);
    case 'link':
      checkFrame(check, content);
      return checkLink(check, [], content);
    case 'locationRequest':
    case 'contactInfoRequest':
      return check.words(['body'], content.body, LIMITS.body);
    case 'addressRequest':
      check.words(['body'], content.body, LIMITS.body);
      if (!/^[A-Z]{2}$/.test(content.country))
        check.refuse(['country'], 'must be an ISO 3166-1 alpha-2 code, such as IN.');
      return;
    case 'flow':
      return checkFlow(check, content);
    case 'product':
      check.words(['body'], content.body, LIMITS.body, { isOptional: true });
      check.words(['footer'], content.footer, LIMITS.footer, { isOptional: true });
      check.words(['catalogId'], content.catalogId, LIMITS.providerId);
      return check.words(['productId'], content.productId, LIMITS.providerId);
    case 'products':
      return checkProducts(check, content);
    case 'catalog':
      checkFrame(check, content);
      return check.words(['thumbnailProductId'], content.thumbnailProductId, LIMITS.providerId, { isOptional: true });
    case 'productCarousel':
      check.words(['body'], content.body, LIMITS.body);
      check.words(['catalogId'], content.catalogId, LIMITS.providerId);
      check.count(['productIds'], content.productIds, LIMITS.minCards, LIMITS.maxCards);
      return content.productIds.forEach((id, index) => check.words(['productIds', index], id, LIMITS.providerId));
    case 'carousel':
      return checkCarousel(check, content);
    // What fits depends on the template: see templates/fill-template.rule.ts.
    case 'template':
      return checkTemplateFiles(check, content);
  }
}

type Content<Kind extends OutgoingContent['kind']> = Extract<OutgoingContent, { kind: Kind }>;

function checkMedia(check: Check, { caption, ...file }: Content<'media'>): void {
  checkFile(check, [], file);
  const { mediaKind } = file;
  const hasCaption = mediaKind !== 'AUDIO' && mediaKind !== 'VOICE' && mediaKind !== 'STICKER';
  if (caption !== undefined && !hasCaption) check.refuse(['caption'], `must not be given with ${mediaKind}.`);
  else check.words(['caption'], caption, LIMITS.caption, { isOptional: true });
}

function checkFile(check: Check, path: Path, { mediaKind, mediaId, fileName }: OutgoingFile): void {
  if (!isId(mediaId)) check.refuse([...path, 'mediaId'], 'must be the id of an uploaded file.');
  if (fileName === undefined) return;
  if (mediaKind !== 'DOCUMENT') check.refuse([...path, 'fileName'], 'must be given with DOCUMENT only.');
  else check.words([...path, 'fileName'], fileName, LIMITS.fileName);
}

interface Framed {
  header?: { text: string } | { media: OutgoingFile } | undefined;
  body: string;
  footer?: string | undefined;
}

function checkFrame(check: Check, { header, body, footer }: Framed): void {
  if (header && 'media' in header && 'text' in header) check.refuse(['header'], 'must be a text or a file.');
  else if (header && 'text' in header) check.words(['header', 'text'], header.text, LIMITS.header);
  else if (header && 'media' in header) {
    checkFile(check, ['header', 'media'], header.media);
    const { mediaKind } = header.media;
    if (mediaKind !== 'IMAGE' && mediaKind !== 'VIDEO' && mediaKind !== 'DOCUMENT') {
      check.refuse(['header', 'media', 'mediaKind'], 'must be IMAGE, VIDEO or DOCUMENT.');
    }
  } else if (header) check.refuse(['header'], 'must be a text or a file.');
  check.words(['body'], body, LIMITS.body);
  check.words(['footer'], footer, LIMITS.footer, { isOptional: true });
}

function checkList(check: Check, { header, body, footer, button, sections }: Content<'list'>): void {
  check.words(['header'], header, LIMITS.header, { isOptional: true });
  check.words(['body'], body, LIMITS.listBody);
  check.words(['footer'], footer, LIMITS.footer, { isOptional: true });
  check.words(['button'], button, LIMITS.label);
  check.count(['sections'], sections, 1, LIMITS.sections);
  const rows = sections.flatMap((section, index) =>
    section.rows.map((row, inner) => ({ ...row, path: ['sections', index, 'rows', inner] as Path })),
  );
  if (rows.length > LIMITS.rows) check.refuse(['sections'], `must have at most ${LIMITS.rows} rows in all.`);
  sections.forEach(({ title, rows: own }, index) => {
    const path = ['sections', index];
    check.words([...path, 'title'], title, LIMITS.sectionTitle, { isOptional: sections.length === 1 });
    if (own.length === 0) check.refuse([...path, 'rows'], 'must have at least 1.');
  });
  for (const { path, id, title, description } of rows) {
    check.words([...path, 'id'], id, LIMITS.rowId);
    check.words([...path, 'title'], title, LIMITS.rowTitle);
    check.words([...path, 'description'], description, LIMITS.rowDescription, { isOptional: true });
  }
  check.distinct(rows.map(({ path, id }) => [[...path, 'id'], id]));
}

function checkLink(check: Check, path: Path, { label, url }: { label: string; url: string }): void {
  check.words([...path, 'label'], label, LIMITS.label);
  check.url([...path, 'url'], url);
}

const EMOJI = /\p{Extended_Pictographic}/u;

function checkFlow(check: Check, content: Content<'flow'>): void {
  const { header, body, footer, flowId, label, token, screen, dataJson } = content;
  check.words(['header'], header, LIMITS.header, { isOptional: true });
  check.words(['body'], body, LIMITS.body);
  check.words(['footer'], footer, LIMITS.footer, { isOptional: true });
  check.words(['flowId'], flowId, LIMITS.providerId);
  check.words(['label'], label, LIMITS.label);
  if (EMOJI.test(label)) check.refuse(['label'], 'must not contain emoji.');
  check.words(['token'], token, LIMITS.providerId, { isOptional: true });
  check.words(['screen'], screen, LIMITS.providerId, { isOptional: true });
  if (dataJson === undefined) return;
  if (screen === undefined) check.refuse(['screen'], 'must be given with data.');
  if (!dataJson.isWellFormed() || !isFilledObject(dataJson))
    check.refuse(['dataJson'], 'must be a JSON object that is not empty.');
  else if (Buffer.byteLength(dataJson) > LIMITS.flowData) {
    check.refuse(['dataJson'], `must have at most ${LIMITS.flowData} bytes.`);
  }
}

function isFilledObject(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
  } catch {
    return false;
  }
}

function checkProducts(check: Check, { header, body, footer, catalogId, sections }: Content<'products'>): void {
  check.words(['header'], header, LIMITS.header);
  check.words(['body'], body, LIMITS.body);
  check.words(['footer'], footer, LIMITS.footer, { isOptional: true });
  check.words(['catalogId'], catalogId, LIMITS.providerId);
  check.count(['sections'], sections, 1, LIMITS.sections);
  const count = sections.reduce((sum, { productIds }) => sum + productIds.length, 0);
  if (count > LIMITS.products) check.refuse(['sections'], `must have at most ${LIMITS.products} products in all.`);
  sections.forEach(({ title, productIds }, index) => {
    check.words(['sections', index, 'title'], title, LIMITS.sectionTitle);
    if (productIds.length === 0) check.refuse(['sections', index, 'productIds'], 'must have at least 1.');
    productIds.forEach((id, inner) => check.words(['sections', index, 'productIds', inner], id, LIMITS.providerId));
  });
}

function checkCarousel(check: Check, { body, cards }: Content<'carousel'>): void {
  check.words(['body'], body, LIMITS.body);
  check.count(['cards'], cards, LIMITS.minCards, LIMITS.maxCards);
  cards.forEach((card, index) => {
    const path = ['cards', index];
    const { mediaKind } = card.media;
    checkFile(check, [...path, 'media'], card.media);
    if (mediaKind !== 'IMAGE' && mediaKind !== 'VIDEO') {
      check.refuse([...path, 'media', 'mediaKind'], 'must be IMAGE or VIDEO.');
    } else if (mediaKind !== cards[0]!.media.mediaKind) {
      check.refuse([...path, 'media', 'mediaKind'], 'must be the same on all cards.');
    }
    check.words([...path, 'body'], card.body, LIMITS.cardBody, { isOptional: true });
    if ((card.body?.match(/\r\n|\r|\n/g)?.length ?? 0) > LIMITS.cardLineBreaks) {
      check.refuse([...path, 'body'], `must have at most ${LIMITS.cardLineBreaks} line breaks.`);
    }
    checkLink(check, path, card);
  });
}

function checkTemplateFiles(check: Check, { header, cards = [] }: Content<'template'>): void {
  if (header && 'media' in header) checkFile(check, ['header', 'media'], header.media);
  cards.forEach(({ media }, index) => media && checkFile(check, ['cards', index, 'media'], media));
}

type Card = Content<'contacts'>['cards'][number];
const CARD_WORDS = [
  'firstName',
  'lastName',
  'middleName',
  'prefix',
  'suffix',
  'organization',
  'department',
  'jobTitle',
] as const satisfies readonly (keyof Card)[];
const ADDRESS_WORDS = ['street', 'city', 'state', 'zip', 'country', 'countryCode'] as const;

function checkCard(check: Check, path: Path, card: Card): void {
  check.words([...path, 'name'], card.name, LIMITS.contactField);
  for (const field of CARD_WORDS) check.words([...path, field], card[field], LIMITS.contactField, { isOptional: true });
  if (card.birthday !== undefined && !isDay(card.birthday)) {
    check.refuse([...path, 'birthday'], 'must be a day, such as 1999-01-23.');
  }
  for (const field of ['phones', 'emails', 'urls', 'addresses'] as const) {
    const entries = card[field] ?? [];
    check.count([...path, field], entries, 0, LIMITS.contactEntries);
    entries.forEach(({ type }, index) =>
      check.words([...path, field, index, 'type'], type, LIMITS.contactField, { isOptional: true }),
    );
  }
  card.phones?.forEach(({ phone, whatsAppId }, index) => {
    check.words([...path, 'phones', index, 'phone'], phone, LIMITS.contactField);
    if (whatsAppId !== undefined && !/^\d{5,20}$/.test(whatsAppId)) {
      check.refuse([...path, 'phones', index, 'whatsAppId'], 'must be 5 to 20 digits.');
    }
  });
  card.emails?.forEach(({ email }, index) =>
    check.words([...path, 'emails', index, 'email'], email, LIMITS.contactField),
  );
  card.urls?.forEach(({ url }, index) => check.words([...path, 'urls', index, 'url'], url, LIMITS.url));
  card.addresses?.forEach((address, index) => {
    for (const field of ADDRESS_WORDS) {
      check.words([...path, 'addresses', index, field], address[field], LIMITS.contactField, { isOptional: true });
    }
  });
}

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

class Check {
  readonly violations: Violation[] = [];

  refuse(path: Path, message: string): void {
    this.violations.push({ path, message });
  }

  words(path: Path, text: string | undefined, max: number, { isOptional = false } = {}): void {
    if (text === undefined) {
      if (!isOptional) this.refuse(path, 'must be given.');
    } else if (text.trim() === '') this.refuse(path, 'must not be empty.');
    else if (text.length > max && [...text].length > max) this.refuse(path, `must have at most ${max} characters.`);
    // PostgreSQL stores neither.
    else if (text.includes('\0') || !text.isWellFormed()) this.refuse(path, 'must be well-formed text.');
  }

  count(path: Path, things: readonly unknown[], min: number, max: number): void {
    if (things.length >= min && things.length <= max) return;
    this.refuse(path, min === 0 ? `must be at most ${max}.` : `must be ${min} to ${max}.`);
  }

  distinct(values: readonly [Path, string][]): void {
    const seen = new Set<string>();
    for (const [path, value] of values) {
      if (seen.has(value)) this.refuse(path, 'must be there only once.');
      seen.add(value);
    }
  }

  degrees(path: Path, value: number, max: number): void {
    if (!(Math.abs(value) <= max)) this.refuse(path, `must be from -${max} to ${max} degrees.`);
  }

  url(path: Path, text: string): void {
    const before = this.violations.length;
    this.words(path, text, LIMITS.url);
    if (this.violations.length > before) return;
    const { protocol } = URL.parse(text) ?? {};
    if (protocol !== 'https:' && protocol !== 'http:') this.refuse(path, 'must be an http or https address.');
  }
}
