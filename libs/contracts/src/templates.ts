import { z } from 'zod';
import { id, instant } from './common.js';
import { defineEvent, type EventData } from './define-event.js';

/** What a template is for, which decides its price and which consent it needs. OTHER is what a provider made up since. */
export const templateCategory = z.enum(['MARKETING', 'UTILITY', 'AUTHENTICATION', 'OTHER']);
export type TemplateCategory = z.infer<typeof templateCategory>;

/** Only APPROVED ones can be sent. OTHER is what a provider made up since. */
export const templateStatus = z.enum([
  'PENDING',
  'IN_APPEAL',
  'APPROVED',
  'REJECTED',
  'PAUSED',
  'DISABLED',
  'LIMIT_EXCEEDED',
  'ARCHIVED',
  'PENDING_DELETION',
  'DELETED',
  'OTHER',
]);
export type TemplateStatus = z.infer<typeof templateStatus>;

export const templateQuality = z.enum(['GREEN', 'YELLOW', 'RED', 'UNKNOWN']);
export type TemplateQuality = z.infer<typeof templateQuality>;

/** Whether variables are `{{1}}`, `{{2}}`, … or `{{name}}`. */
export const parameterFormat = z.enum(['POSITIONAL', 'NAMED']);
export type ParameterFormat = z.infer<typeof parameterFormat>;

/** `en-US` and `EN_us` are `en_US`: providers say it in more than one way (whatsapp.md §H7). */
export function templateLanguage(code: string): string {
  const [primary = '', ...regions] = code.split(/[_-]/);
  return [primary.toLowerCase(), ...regions.map((region) => region.toUpperCase())].join('_');
}

const words = z.string().max(4_096);
const few = z.string().max(2_000);
const some = few.optional();

/** Words with `{{variables}}`, and what may stand in their place. */
const filledWords = z.object({ text: words, examples: z.array(z.object({ name: few, value: few })) });

const templateHeader = z.discriminatedUnion('kind', [
  filledWords.extend({ kind: z.literal('text') }),
  z.object({ kind: z.literal('media'), mediaKind: z.enum(['IMAGE', 'VIDEO', 'DOCUMENT']) }),
  z.object({ kind: z.literal('location') }),
]);

const templateButton = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('quickReply'), text: few }),
  /** `{{1}}` at the end of the address is a variable. */
  z.object({ kind: z.literal('url'), text: few, url: few, example: some }),
  z.object({ kind: z.literal('phone'), text: few, phone: few }),
  z.object({ kind: z.literal('copyCode'), text: some, example: some }),
  /** Takes the one-time password of an authentication template. */
  z.object({
    kind: z.literal('otp'),
    text: some,
    otpType: z.enum(['COPY_CODE', 'ONE_TAP', 'ZERO_TAP']),
    autofillText: some,
    /** That may read the code: those of ONE_TAP and ZERO_TAP. */
    apps: z.array(z.object({ packageName: few, signatureHash: few })).optional(),
  }),
  z.object({ kind: z.literal('flow'), text: few, flowId: some, screen: some }),
  z.object({ kind: z.literal('catalog'), text: few }),
  z.object({ kind: z.literal('call'), text: few }),
  z.object({ kind: z.literal('contactInfo'), text: some }),
]);

/** In terms of no provider: its adapter says how it is written. */
export const templateDefinition = z.object({
  header: templateHeader.optional(),
  /** Of AUTHENTICATION the provider writes it, in the language of the template. */
  body: filledWords,
  footer: some,
  buttons: z.array(templateButton),
  cards: z
    .array(
      z.object({
        header: templateHeader.optional(),
        body: filledWords.optional(),
        buttons: z.array(templateButton),
      }),
    )
    .optional(),
  /** The head of an offer that ends; with a countdown, its end is said at each send. */
  limitedTimeOffer: z.object({ text: few, hasExpiration: z.boolean() }).optional(),
  /** Of AUTHENTICATION. */
  authentication: z
    .object({ addsSecurityAdvice: z.boolean(), codeExpiresInMinutes: z.int().positive().optional() })
    .optional(),
  /** Parts that this version cannot fill, in the provider's words: what has one cannot be sent. */
  unknownParts: z.array(few),
});
export type TemplateDefinition = z.infer<typeof templateDefinition>;
export type TemplateHeader = z.infer<typeof templateHeader>;
export type TemplateButton = z.infer<typeof templateButton>;
export type TemplateWords = z.infer<typeof filledWords>;

export const templateChanged = defineEvent({
  name: 'channels.template.changed',
  version: 1,
  dataClass: 'operational',
  description:
    'A message template as it is now. Told at every change, and again every few days, so that whoever reads the stream from its beginning knows all of them.',
  schema: z.object({
    templateId: id,
    /** Of the provider: its channels can send it. See `channels.channel.changed`. */
    accountId: z.string().max(64),
    name: z.string().max(512),
    /** As in `en_US`. */
    language: z.string().max(20),
    status: templateStatus,
    category: templateCategory,
    quality: templateQuality,
    parameterFormat,
    /** Absent until it was read from the provider: then it cannot be sent. */
    definition: templateDefinition.optional(),
  }),
});
export type TemplateChanged = EventData<typeof templateChanged>;

export const templateCategoryChanged = defineEvent({
  name: 'channels.template.category_changed',
  version: 1,
  dataClass: 'operational',
  description:
    'The provider puts a template into another category than the one it was submitted for, or has announced it: what it costs, and which consent it needs, changes.',
  schema: z.object({
    templateId: id,
    name: z.string().max(512),
    language: z.string().max(20),
    from: templateCategory,
    to: templateCategory,
    phase: z.enum(['ANNOUNCED', 'DONE']),
    /** When it is so, or since when. */
    effectiveAt: instant.optional(),
  }),
});
export type TemplateCategoryChanged = EventData<typeof templateCategoryChanged>;
