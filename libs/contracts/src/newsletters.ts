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

/** The same for everybody. */
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
    /** Of the kind MARKETING; where it is not `marketing` itself, people have to have agreed to both. */
    purpose: purposeKey.default('marketing'),
    /** The member or API key: only files that they uploaded may be sent. */
    createdById: z.string().max(64),
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
  }),
});
export type NewsletterMessageDue = EventData<typeof newsletterMessageDue>;
