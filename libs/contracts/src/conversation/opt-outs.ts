import { z } from 'zod';
import { channelIdentity, id, instant } from '../common.js';
import { consentEventKind, consentSource, purposeKey } from '../consent.js';
import { defineEvent, type EventData } from '../define-event.js';
import { MAX_WORD_LENGTH } from '../opt-out-words.rule.js';

export const threadConsentStated = defineEvent({
  name: 'conversation.thread.consent_stated',
  version: 1,
  dataClass: 'identity',
  description:
    'Somebody said in a thread what they want to get, an agent noted it, or the provider told: what the consent ledger of contacts records. Who said it is the actor.',
  schema: z.object({
    threadId: id,
    conversationId: id.nullable(),
    contactId: id,
    channelId: id,
    /** What the person was called then: consent is that of an address. */
    identity: channelIdentity.pick({ phone: true, bsuid: true, threemaId: true }),
    kind: consentEventKind.exclude(['IMPORTED_UNKNOWN']),
    source: consentSource,
    /** Absent: all marketing. */
    purposes: z.array(purposeKey).min(1).max(20).optional(),
    /** BCP 47, of the words. */
    locale: z.string().max(35).optional(),
    /** Where it was said, or what the provider refused. */
    messageId: id.optional(),
    providerMessageId: z.string().max(512).optional(),
    /** SHA-256 of the webhook that brought it, hexadecimal. */
    webhookHash: z.hex().length(64).optional(),
    /** SHA-256 of the published text that the person was asked with, hexadecimal. */
    textHash: z.hex().length(64).optional(),
    /** Of double opt-in: the message that asked. */
    requestMessageId: id.optional(),
    requestProviderMessageId: z.string().max(512).optional(),
    /** Where the person asked to be asked, if that was elsewhere. */
    formRequestId: z.string().max(400).optional(),
    formUrl: z.url().max(2_000).optional(),
    /** Of the link or QR code with which the message was begun that asks to be asked. */
    clickToChatLinkId: id.optional(),
    /** Of whoever noted it. */
    note: z.string().max(2_000).optional(),
    statedAt: instant,
  }),
});
export type ThreadConsentStated = EventData<typeof threadConsentStated>;

export const threadMarketingStopped = defineEvent({
  name: 'conversation.thread.marketing_stopped',
  version: 1,
  dataClass: 'operational',
  description:
    'The person of a thread wants no marketing: what was queued for it before this event, by its place in the log, must not leave.',
  schema: z.object({ threadId: id, channelId: id }),
});
export type ThreadMarketingStopped = EventData<typeof threadMarketingStopped>;

export const optOutWordsChosen = defineEvent({
  name: 'conversation.opt_out_words.chosen',
  version: 1,
  dataClass: 'operational',
  description:
    'Which words end marketing in a workspace, besides those of Fenster: all that it has chosen, and those of Fenster that it has switched off. Told at every change, and again every few days.',
  schema: z.object({
    words: z
      .array(
        z.object({
          word: z.string().max(MAX_WORD_LENGTH),
          locale: z.string().max(35).nullable(),
          isEveryday: z.boolean(),
          isActive: z.boolean(),
        }),
      )
      .max(200),
  }),
});
export type OptOutWordsChosen = EventData<typeof optOutWordsChosen>;

const question = z.object({ messageId: id, conversationId: id, threadId: id });

export const optOutAsked = defineEvent({
  name: 'conversation.opt_out.asked',
  version: 1,
  dataClass: 'operational',
  description: 'A customer wrote a word that ends marketing, among other words: somebody has to decide what was meant.',
  schema: question,
});
export type OptOutAsked = EventData<typeof optOutAsked>;

export const optOutDecided = defineEvent({
  name: 'conversation.opt_out.decided',
  version: 1,
  dataClass: 'operational',
  description: 'Somebody has read such a message and decided.',
  schema: question.extend({ decision: z.enum(['OPT_OUT', 'NO_OPT_OUT']) }),
});
export type OptOutDecided = EventData<typeof optOutDecided>;
