import { z } from 'zod';
import { id } from './common.js';
import { consentIdentity, purposeKey } from './consent.js';
import { defineEvent, type EventData } from './define-event.js';
import { givenTemplate } from './outgoing-content.js';

/** `PREPARING`: whom it goes to is being written down. A PAUSED one goes on where it was. */
export const newsletterState = z.enum([
  'DRAFT',
  'SCHEDULED',
  'PREPARING',
  'RUNNING',
  'PAUSED',
  'COMPLETED',
  'CANCELLED',
]);
export type NewsletterState = z.infer<typeof newsletterState>;

/** Where each recipient gets words of their own: a parameter of the header or the body, or what a button takes, by its place among those given. */
const newsletterSlot = z.object({ part: z.enum(['header', 'body', 'buttons']), index: z.int().min(0).max(99) });
export type NewsletterSlot = z.infer<typeof newsletterSlot>;
/** Of a newsletter. */
export const MAX_SLOTS = 20;
/** Of one recipient's words in one place, as code units. */
export const MAX_SLOT_VALUE = 200;

/** The same for everybody, but for what stands in its slots. */
export const newsletterContent = givenTemplate;
export type NewsletterContent = z.infer<typeof newsletterContent>;

export const newsletterProgressed = defineEvent({
  name: 'contacts.newsletter.progressed',
  version: 1,
  dataClass: 'operational',
  description:
    'A newsletter was made, has got another state, or has got further; of the latter, at most one each second.',
  schema: z.object({ newsletterId: id, state: newsletterState }),
});
export type NewsletterProgressed = EventData<typeof newsletterProgressed>;

export const newsletterStarted = defineEvent({
  name: 'contacts.newsletter.started',
  version: 1,
  dataClass: 'operational',
  description:
    'What a newsletter says and over which channel. Told before its messages are due, and again when it is resumed.',
  schema: z.object({
    newsletterId: id,
    channelId: id,
    content: newsletterContent,
    /** What stands there in `content` is sent to nobody: each message brings its own. */
    slots: z.array(newsletterSlot).max(MAX_SLOTS).default([]),
    /** Of the kind MARKETING; where it is not `marketing` itself, people have to have agreed to both. */
    purpose: purposeKey.default('marketing'),
    /** The member or API key: only files that they uploaded may be sent. */
    createdById: z.string().max(64),
    /** Somebody else lets it leave although a budget holds it. */
    isApproved: z.boolean().default(false),
  }),
});
export type NewsletterStarted = EventData<typeof newsletterStarted>;

export const newsletterStopped = defineEvent({
  name: 'contacts.newsletter.stopped',
  version: 1,
  dataClass: 'operational',
  description: 'Somebody paused or cancelled a newsletter: what of it has not left yet must not leave.',
  schema: z.object({ newsletterId: id }),
});
export type NewsletterStopped = EventData<typeof newsletterStopped>;

export const newsletterMessageDue = defineEvent({
  name: 'contacts.newsletter_message.due',
  version: 1,
  dataClass: 'identity',
  description:
    'The conversation service may send a newsletter to somebody now, if the send gate allows it; what comes of it is told in `conversation.newsletter_message.progressed`. Told once for each recipient, and again only after it was HELD or STOPPED.',
  schema: z.object({
    newsletterId: id,
    /** The message has this id, so it exists once. */
    messageId: id,
    contactId: id,
    identity: consentIdentity,
    /** For the slots of the newsletter, in their order. */
    values: z.array(z.string().min(1).max(MAX_SLOT_VALUE)).max(MAX_SLOTS).default([]),
  }),
});
export type NewsletterMessageDue = EventData<typeof newsletterMessageDue>;
