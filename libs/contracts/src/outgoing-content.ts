import { z } from 'zod';
import { id, instant, type MessageType } from './common.js';
import { templateCategory } from './templates.js';

/** What is sent as a file, by what the customer sees of it. VOICE plays like something spoken into WhatsApp. */
export const mediaKind = z.enum(['IMAGE', 'VIDEO', 'AUDIO', 'VOICE', 'DOCUMENT', 'STICKER']);
export type MediaKind = z.infer<typeof mediaKind>;

/** What a file is by its type alone: whether audio was spoken into WhatsApp, it does not say. */
export const fileKind = mediaKind.exclude(['VOICE']);
export type FileKind = z.infer<typeof fileKind>;

const words = z.string().min(1).max(4_096);
const few = z.string().min(1).max(2_000);
const some = few.optional();

const file = z.object({ mediaKind, mediaId: id, fileName: some });
const header = z.union([z.object({ text: few }), z.object({ media: file })]);
const labelled = z.object({ type: some });
const link = z.object({ label: few, url: few });
const place = z.object({ latitude: z.number(), longitude: z.number(), name: some, address: some });

/** What stands in place of one variable: the next one, or the one of that name. */
const parameter = z.object({ name: some, text: few });
/** What a button needs at each send: the end of an address, what comes back when it is tapped, a code. */
const buttonValue = z.object({
  /** Its place among the buttons, from 0. */
  index: z.int().min(0).max(9),
  kind: z.enum(['url', 'quickReply', 'copyCode', 'otp', 'flow', 'catalog']),
  value: few,
  /** Of a flow, for its first screen, as JSON. */
  dataJson: z.string().max(65_536).optional(),
});
export type TemplateButtonValue = z.infer<typeof buttonValue>;
/** What stands above the words of a template. */
const templateHeader = z.union([
  z.object({ parameters: z.array(parameter) }),
  z.object({ media: file }),
  z.object({ location: place }),
]);

/** A template and what is put into it, before anybody has looked what the template is. */
export const givenTemplate = z.object({
  templateId: id,
  header: templateHeader.optional(),
  body: z.array(parameter),
  buttons: z.array(buttonValue.omit({ kind: true })),
});
const shop = z.object({ catalogId: few });

const card = z.object({
  name: few,
  firstName: some,
  lastName: some,
  middleName: some,
  prefix: some,
  suffix: some,
  birthday: some,
  organization: some,
  department: some,
  jobTitle: some,
  phones: z.array(labelled.extend({ phone: few, whatsAppId: some })).optional(),
  emails: z.array(labelled.extend({ email: few })).optional(),
  urls: z.array(labelled.extend({ url: few })).optional(),
  addresses: z
    .array(labelled.extend({ street: some, city: some, state: some, zip: some, country: some, countryCode: some }))
    .optional(),
});

/** In terms of no provider: its adapter says how it is written. The limits are conversation's: see its `outgoing-content.rule.ts`. */
export const outgoingContent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text'), body: words, previewUrl: z.boolean().optional() }),
  file.extend({ kind: z.literal('media'), caption: words.optional() }),
  place.extend({ kind: z.literal('location') }),
  z.object({ kind: z.literal('contacts'), cards: z.array(card).min(1) }),
  z.object({
    kind: z.literal('buttons'),
    header: header.optional(),
    body: words,
    footer: some,
    buttons: z.array(z.object({ id: few, title: few })).min(1),
  }),
  z.object({
    kind: z.literal('list'),
    header: some,
    body: words,
    footer: some,
    button: few,
    sections: z
      .array(z.object({ title: some, rows: z.array(z.object({ id: few, title: few, description: some })).min(1) }))
      .min(1),
  }),
  link.extend({ kind: z.literal('link'), header: header.optional(), body: words, footer: some }),
  z.object({ kind: z.literal('locationRequest'), body: words }),
  z.object({ kind: z.literal('contactInfoRequest'), body: words }),
  z.object({ kind: z.literal('addressRequest'), body: words, country: few }),
  z.object({
    kind: z.literal('flow'),
    header: some,
    body: words,
    footer: some,
    flowId: few,
    label: few,
    token: some,
    /** Where it begins; without one, the flow's own endpoint decides. */
    screen: some,
    /** For that screen, as JSON. */
    dataJson: z.string().max(65_536).optional(),
    isDraft: z.boolean().optional(),
  }),
  shop.extend({ kind: z.literal('product'), body: words.optional(), footer: some, productId: few }),
  shop.extend({
    kind: z.literal('products'),
    header: few,
    body: words,
    footer: some,
    sections: z.array(z.object({ title: few, productIds: z.array(few).min(1) })).min(1),
  }),
  z.object({ kind: z.literal('catalog'), body: words, footer: some, thumbnailProductId: some }),
  shop.extend({ kind: z.literal('productCarousel'), body: words, productIds: z.array(few).min(1) }),
  z.object({
    kind: z.literal('carousel'),
    body: words,
    cards: z.array(link.extend({ media: file, body: some })).min(1),
  }),
  z.object({
    kind: z.literal('template'),
    templateId: id,
    name: few,
    language: few,
    /** As it was when the message was sent: the provider may change it. */
    category: templateCategory,
    /** What a person reads: the template with everything in its place. */
    text: z.string().max(16_384),
    header: templateHeader.optional(),
    body: z.array(parameter),
    buttons: z.array(buttonValue),
    cards: z
      .array(
        z.object({
          media: file.optional(),
          body: z.array(parameter),
          buttons: z.array(buttonValue),
        }),
      )
      .optional(),
    /** Of a limited-time offer. */
    offerEndsAt: instant.optional(),
  }),
]);
export type OutgoingContent = z.infer<typeof outgoingContent>;
export const contentKind = z.enum(outgoingContent.options.map(({ shape }) => shape.kind.value));
export type ContentKind = OutgoingContent['kind'];
export type OutgoingFile = z.infer<typeof file>;

const MEDIA_TYPES = {
  IMAGE: 'image',
  VIDEO: 'video',
  AUDIO: 'audio',
  VOICE: 'audio',
  DOCUMENT: 'document',
  STICKER: 'sticker',
} as const satisfies Record<MediaKind, MessageType>;

type RichType = (typeof MEDIA_TYPES)[MediaKind] | 'location' | 'contacts' | 'interactive' | 'template';

/** What providers call a message that says this. */
export function typeOfContent(content: Exclude<OutgoingContent, { kind: 'text' }>): RichType;
export function typeOfContent(content: OutgoingContent): RichType | 'text';
export function typeOfContent(content: OutgoingContent): RichType | 'text' {
  switch (content.kind) {
    case 'media':
      return MEDIA_TYPES[content.mediaKind];
    case 'text':
    case 'location':
    case 'contacts':
    case 'template':
      return content.kind;
    default:
      return 'interactive';
  }
}

/** The files that the content brings, each with its way there. */
export function filesOf(content: OutgoingContent): { path: (string | number)[]; file: OutgoingFile }[] {
  switch (content.kind) {
    case 'media':
      return [{ path: [], file: content }];
    case 'buttons':
    case 'link': {
      const { header } = content;
      return header && 'media' in header ? [{ path: ['header', 'media'], file: header.media }] : [];
    }
    case 'carousel':
      return content.cards.map(({ media: file }, index) => ({ path: ['cards', index, 'media'], file }));
    case 'template': {
      const { header, cards = [] } = content;
      return [
        ...(header && 'media' in header ? [{ path: ['header', 'media'], file: header.media }] : []),
        ...cards.flatMap(({ media: file }, index) => (file ? [{ path: ['cards', index, 'media'], file }] : [])),
      ];
    }
    default:
      return [];
  }
}
