import { z } from 'zod';
import { id, instant } from './common.js';
import { defineEvent, type EventData, type EventDefinition } from './define-event.js';

/** What a workspace may have a rule for. Webhooks and the files of imports and exports have days of their own. */
export const retentionClass = z.enum([
  /** What was said in conversations, with the files that customers sent. */
  'MESSAGES',
  /** What colleagues wrote about conversations and contacts, and did not send. */
  'NOTES',
  /** Name, e-mail, address, language and labels, as colleagues and imports entered them. */
  'CONTACT_DATA',
  'ATTRIBUTES_MASTER_DATA',
  'ATTRIBUTES_PREFERENCE',
  'ATTRIBUTES_CONTRACT',
  'ATTRIBUTES_SENSITIVE',
  /** Who did what to which object. */
  'AUDIT_LOG',
  /** What somebody was told of costs, and where it was sent. Costs themselves stay. */
  'ALERTS',
]);
export type RetentionClass = z.infer<typeof retentionClass>;

/** Who has data of these classes. Contacts leads: it orders runs of the others, and of itself. */
export const RETAINING_SERVICES = ['conversation', 'contacts', 'identity', 'billing'] as const;
export type RetainingService = (typeof RETAINING_SERVICES)[number];

/** Of all holds of a workspace together: they go with every order. */
export const MAX_HELD_IDS = 2_000;

export const retentionRunOrdered = defineEvent({
  name: 'contacts.retention.run_ordered',
  version: 1,
  dataClass: 'operational',
  description:
    'Every service removes what the rules let go, or counts it in a dry run, and reports. All that is held when it is ordered stands in it; what changes that stops the run.',
  schema: z.object({
    runId: id,
    isDryRun: z.boolean(),
    /** What nobody has touched since goes. A class that is not named stays. */
    rules: z.array(z.object({ retentionClass, before: instant })).max(retentionClass.options.length),
    /** All ids of people on legal hold: nothing of theirs goes. Merges may have added to what was held at first. */
    heldContactIds: z.array(id).max(5 * MAX_HELD_IDS),
    /** Whoever has not done it by then leaves it: what it knows of holds is too old. */
    expiresAt: instant,
  }),
});
export type RetentionRunOrdered = EventData<typeof retentionRunOrdered>;

export const retentionRunStopped = defineEvent({
  name: 'contacts.retention.run_stopped',
  version: 1,
  dataClass: 'operational',
  description: 'Nothing more is removed in this run: somebody paused retention, set a hold or changed a rule.',
  schema: z.object({ runId: id }),
});
export type RetentionRunStopped = EventData<typeof retentionRunStopped>;

/** `EXPIRED`: the order was too old to be done to its end. */
export const retentionOutcome = z.enum(['DONE', 'STOPPED', 'EXPIRED']);
export type RetentionOutcome = z.infer<typeof retentionOutcome>;

export const retentionCount = z.object({
  retentionClass,
  what: z.string().regex(/^[a-z_]{1,40}$/),
  count: z.int().positive(),
});
export type RetentionCount = z.infer<typeof retentionCount>;

const reported = z.object({ runId: id, outcome: retentionOutcome, counts: z.array(retentionCount).max(100) });
export type RetentionReported = z.infer<typeof reported>;

export const retentionRunReported: ReadonlyMap<RetainingService, EventDefinition<string, RetentionReported>> = new Map(
  RETAINING_SERVICES.map((service) => [
    service,
    defineEvent({
      name: `${service}.retention.run_reported`,
      version: 1,
      dataClass: 'operational',
      description: `What ${service} removed in a run of retention, or would remove. It removes nothing more in this run.`,
      schema: reported,
    }),
  ]),
);

/** Of one event: its size is bounded by the broker. */
export const MAX_RELEASED_FILES = 1_000;

export const retentionFilesReleased = defineEvent({
  name: 'conversation.retention.files_released',
  version: 1,
  dataClass: 'operational',
  description: 'Messages that brought files have lost them to a rule of retention: the files that customers sent go.',
  schema: z.object({ mediaIds: z.array(id).min(1).max(MAX_RELEASED_FILES) }),
});
