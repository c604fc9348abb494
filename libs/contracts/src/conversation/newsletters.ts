import { z } from 'zod';
import { id, instant } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

export const newsletterMessageProgressed = defineEvent({
  name: 'conversation.newsletter_message.progressed',
  version: 1,
  dataClass: 'operational',
  description:
    'What came of a message of a newsletter: the send gate let it pass (QUEUED) or not, it moved on its way, or the customer wrote after it. REFUSED is for good, and about the person. STOPPED: it was queued and has not left, because somebody paused or cancelled the newsletter; it may be due again under another id. HELD is about what is sent or the channel, and would be so for everybody: the message is due again once that is mended.',
  schema: z.object({
    messageId: id,
    outcome: z.enum([
      'QUEUED',
      'REFUSED',
      'HELD',
      'STOPPED',
      'SENT',
      'DELIVERED',
      'READ',
      'FAILED',
      'UNCONFIRMED',
      'REPLIED',
    ]),
    /** The code of the refusal, or why it failed. */
    reason: z.string().max(60).optional(),
    /** Of a refusal, for people. */
    message: z.string().max(1_000).optional(),
    at: instant,
  }),
});
export type NewsletterMessageProgressed = EventData<typeof newsletterMessageProgressed>;

export const newsletterMessagesStopped = defineEvent({
  name: 'conversation.newsletter.stopped',
  version: 1,
  dataClass: 'operational',
  description:
    'A newsletter was paused or cancelled: what was queued of it before this event, by its place in the log, must not leave.',
  schema: z.object({ newsletterId: id }),
});
export type NewsletterMessagesStopped = EventData<typeof newsletterMessagesStopped>;
