import { z } from 'zod';
import { id, instant } from './common.js';
import { defineEvent, type EventData, type EventDefinition } from './define-event.js';

/** Who has data about people. Contacts leads: it asks the others, and itself. */
export const ERASING_SERVICES = ['channels', 'conversation', 'contacts', 'billing', 'identity'] as const;
export type ErasingService = (typeof ERASING_SERVICES)[number];

/** Why something is kept although the person wants to be forgotten. */
export const keptGround = z.enum([
  /** Accounts have to be kept: Art. 17(3)(b) GDPR with § 147 AO, § 257 HGB. */
  'ACCOUNTING',
  /** That there was a consent, and that it was withdrawn: Art. 7(1), 17(3)(e) GDPR. */
  'CONSENT_PROOF',
  /** Who of the business saw or changed what: Art. 5(2), 17(3)(e) GDPR. */
  'ACCOUNTABILITY',
  /** So that what was repeated or imported brings nobody back, and a STOP holds: Art. 17(3)(b), 21(3) GDPR. */
  'SUPPRESSION',
  /** For legal claims, or because an authority says so: Art. 17(3)(b), (e) GDPR. Only of a plan: nobody on hold is erased. */
  'LEGAL_HOLD',
]);
export type KeptGround = z.infer<typeof keptGround>;

const what = z.string().regex(/^[a-z_]{1,40}$/);

/** What a service has about a person, as far as it goes and as far as it stays. */
export const erasureReport = z.object({
  /** Null: known once it is done. */
  erased: z.array(z.object({ what, count: z.int().nonnegative().nullable() })).max(40),
  /** Pseudonymous. `until` is null where nobody can say yet. */
  kept: z
    .array(z.object({ what, count: z.int().nonnegative(), ground: keptGround, until: instant.nullable() }))
    .max(20),
});
export type ErasureReport = z.infer<typeof erasureReport>;

/** Whom it is about, without a name or a number. */
const person = z.object({
  erasureId: id,
  /** All ids that the person has been known under. */
  contactIds: z.array(id).min(1).max(1_000),
  /** Keyed hashes of what the person was called: see `personMark` of @fenster/runtime. */
  personMarks: z.array(z.string().max(64)).max(1_000),
  /** Of an erasure that is done again after a restore: what is younger is not of the person who was erased. */
  upTo: instant.optional(),
});

export const erasurePlanned = defineEvent({
  name: 'contacts.erasure.planned',
  version: 1,
  dataClass: 'operational',
  description: 'Somebody wants to know what an erasure would erase and what would stay: every service counts.',
  schema: person,
});
export type ErasurePlanned = EventData<typeof erasurePlanned>;

export const erasureConfirmed = defineEvent({
  name: 'contacts.erasure.confirmed',
  version: 1,
  dataClass: 'operational',
  description:
    'A person is to be erased everywhere. It goes the way of the data, so that nothing that is on its way comes after it: conversation traces the person, channels erases, then conversation, then contacts.',
  schema: person,
});
export type ErasureConfirmed = EventData<typeof erasureConfirmed>;

export const personTraced = defineEvent({
  name: 'conversation.person.traced',
  version: 1,
  dataClass: 'operational',
  description:
    'Under which ids other services have what is about a person who is to be erased. Several events where there are many; the last one says so.',
  schema: person.extend({
    purpose: z.enum(['PLAN', 'ERASE']),
    isFirst: z.boolean(),
    isLast: z.boolean(),
    threadIds: z.array(id),
    mediaIds: z.array(id),
    /** SHA-256 of the provider's message ids: see `messageKey`. */
    messageKeys: z.array(z.hex()),
  }),
});
export type PersonTraced = EventData<typeof personTraced>;

const reported = z.object({ erasureId: id, report: erasureReport });

function each<const Name extends string>(
  names: Record<ErasingService, Name>,
  description: (service: ErasingService) => string,
): ReadonlyMap<ErasingService, EventDefinition<string, z.infer<typeof reported>>> {
  return new Map(
    ERASING_SERVICES.map((service) => [
      service,
      defineEvent({
        name: names[service],
        version: 1,
        dataClass: 'operational',
        description: description(service),
        schema: reported,
      }),
    ]),
  );
}

const named = <const Suffix extends string>(suffix: Suffix) =>
  Object.fromEntries(ERASING_SERVICES.map((service) => [service, `${service}.${suffix}`])) as Record<
    ErasingService,
    `${ErasingService}.${Suffix}`
  >;

export const personCounted = each(
  named('person.counted'),
  (service) => `What ${service} has about a person of a planned erasure.`,
);

/** Under `thread` in conversation's stream: contacts reads it there behind all that was said in threads before it. */
export const personErased = each(
  { ...named('person.erased'), conversation: 'conversation.thread.person_erased' },
  (service) => `${service} has erased its rows about a person. What its log has before this event goes too.`,
);

export const rowsErased = defineEvent({
  name: 'contacts.erasure.rows_erased',
  version: 1,
  dataClass: 'operational',
  description:
    'All services have erased their rows, and whoever reads their logs has read them: logs and streams are cleaned.',
  schema: z.object({ erasureId: id }),
});
export type RowsErased = EventData<typeof rowsErased>;

export const personLogErased = each(
  named('person.log_erased'),
  (service) => `Nothing of a person is left in ${service}, not in its log, its stream or its files either.`,
);
export type PersonReported = z.infer<typeof reported>;

/** What takes the place of an event that was about an erased person: its place in the log stays, so that nobody misses one. */
export const eventErased: ReadonlyMap<ErasingService, EventDefinition> = new Map(
  ERASING_SERVICES.map((service) => [
    service,
    defineEvent({
      name: `${service}.event.erased`,
      version: 1,
      dataClass: 'operational',
      description: `An event of ${service} was here; it was about a person who has been erased.`,
      schema: z.strictObject({}),
    }),
  ]),
);
