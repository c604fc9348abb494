import { z } from 'zod';
import { id, instant } from './common.js';
import { consentIdentity, consentState, purposeKey, purposeKind } from './consent.js';
import { defineEvent, type EventData } from './define-event.js';

export const contactChanged = defineEvent({
  name: 'contacts.contact.changed',
  version: 1,
  dataClass: 'identity',
  description:
    'What a contact is called, told when the contact is made and when the name changes, and again every few days, so that whoever reads the stream from its beginning knows all of them: once for each id that the contact is known under.',
  schema: z.object({
    /** The contact's own id, or another one that services have for the same person. */
    contactId: id,
    /** Empty for who has none any more. */
    name: z.string().max(512),
  }),
});
export type ContactChanged = EventData<typeof contactChanged>;

export const contactCreated = defineEvent({
  name: 'contacts.contact.created',
  version: 1,
  dataClass: 'operational',
  description: 'A colleague entered a person whom no channel had seen.',
  schema: z.object({ contactId: id }),
});
export type ContactCreated = EventData<typeof contactCreated>;

export const contactUpdated = defineEvent({
  name: 'contacts.contact.updated',
  version: 1,
  dataClass: 'operational',
  description: 'A colleague changed what is known of a contact.',
  schema: z.object({
    contactId: id,
    /** What is another now: `name`, `email`, `address`, `language`, `labels`, `notes`, `attributes.<key>`. */
    fields: z.array(z.string().max(60)).min(1),
  }),
});
export type ContactUpdated = EventData<typeof contactUpdated>;

export const segmentChanged = defineEvent({
  name: 'contacts.segment.changed',
  version: 1,
  dataClass: 'operational',
  description: 'A colleague made a segment of contacts, changed or deleted it. Who is in it changes without an event.',
  schema: z.object({ segmentId: id }),
});
export type SegmentChanged = EventData<typeof segmentChanged>;

export const contactsMerged = defineEvent({
  name: 'contacts.contact.merged',
  version: 1,
  dataClass: 'operational',
  description:
    'A colleague made one contact of two. Services go on using the ids that they have; consent is told under the same ids as before.',
  schema: z.object({
    /** The one that stayed. */
    contactId: id,
    /** The one that became part of it. */
    mergedId: id,
  }),
});
export type ContactsMerged = EventData<typeof contactsMerged>;

export const contactMergeUndone = defineEvent({
  name: 'contacts.contact.merge_undone',
  version: 1,
  dataClass: 'operational',
  description: 'A colleague undid a merge: told of each of the two.',
  schema: z.object({ contactId: id, otherId: id }),
});
export type ContactMergeUndone = EventData<typeof contactMergeUndone>;

export const jobProgressed = defineEvent({
  name: 'contacts.job.progressed',
  version: 1,
  dataClass: 'operational',
  description: 'An import or export of contacts was asked for, has done something, or has ended.',
  schema: z.object({
    jobId: id,
    kind: z.string().max(40),
    state: z.enum(['WAITING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED']),
  }),
});
export type JobProgressed = EventData<typeof jobProgressed>;

export const consentChanged = defineEvent({
  name: 'contacts.consent.changed',
  version: 1,
  dataClass: 'identity',
  description:
    'Where the consent of one identity on one channel to one purpose stands now. Told at every change, and again every few days: once for each id that the contact is known under. A number or user id that somebody gives up is UNKNOWN from then on.',
  schema: z.object({
    contactId: id,
    channelId: id,
    identity: consentIdentity,
    purpose: purposeKey,
    purposeKind,
    state: consentState,
    /** Whether there is a confirmed consent that nobody has withdrawn or stopped. */
    isGranted: z.boolean(),
    /** When what decides it was said. */
    since: instant,
  }),
});
export type ConsentChanged = EventData<typeof consentChanged>;

export const consentTextChanged = defineEvent({
  name: 'contacts.consent_text.changed',
  version: 1,
  dataClass: 'operational',
  description:
    'What people are asked for a purpose in a language now: its newest published text. Told when one is published and when the purpose is archived, and again every few days.',
  schema: z.object({
    purpose: purposeKey,
    purposeKind,
    /** BCP 47. */
    locale: z.string().max(35),
    version: z.int().positive(),
    /** By which the ledger names it, hexadecimal. */
    hash: z.hex().length(64),
    body: z.string().min(1).max(8_000),
    privacyNoticeUrl: z.url().max(2_000),
    privacyNoticeVersion: z.string().max(200),
    /** False once the purpose is archived: then nobody is asked any more. */
    isAsked: z.boolean(),
  }),
});
export type ConsentTextChanged = EventData<typeof consentTextChanged>;

export const consentChainExtended = defineEvent({
  name: 'contacts.consent_chain.extended',
  version: 1,
  dataClass: 'audit',
  description:
    'The head of the consent ledger of a workspace, signed (Ed25519). Kept where nobody who can change the ledger can change it, it proves what was there.',
  schema: z.object({
    seq: z.int().positive(),
    hash: z.hex().length(64),
    keyId: id,
    signature: z.base64url(),
  }),
});
export type ConsentChainExtended = EventData<typeof consentChainExtended>;
