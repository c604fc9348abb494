import { z } from 'zod';
import { id, instant } from './common.js';
import { defineEvent, type EventData, type EventDefinition } from './define-event.js';
import { ERASING_SERVICES, type ErasingService } from './erasures.js';

/** Whom it is about, by all ids that services have for them. */
const person = z.object({ requestId: id, contactIds: z.array(id).min(1).max(1_000) });

export const accessRequested = defineEvent({
  name: 'contacts.access.requested',
  version: 1,
  dataClass: 'operational',
  description:
    'Somebody wants a copy of the data about a person. The person shows that it is them by writing the code word from their own number; conversation tells it to them there, if a message may leave, and waits for it.',
  schema: person.extend({ codeWord: z.string().max(20), expiresAt: instant }),
});
export type AccessRequested = EventData<typeof accessRequested>;

export const accessCodeTold = defineEvent({
  name: 'conversation.access.code_told',
  version: 1,
  dataClass: 'operational',
  description: 'Whether the code word went to the person’s own number, or why not.',
  schema: z.object({
    requestId: id,
    /** The code of the first reason against it; `NO_THREAD` if the person is on no channel. Null: it was queued. */
    refusal: z.string().max(60).nullable(),
  }),
});
export type AccessCodeTold = EventData<typeof accessCodeTold>;

export const accessCodeWritten = defineEvent({
  name: 'conversation.access.code_written',
  version: 1,
  dataClass: 'operational',
  description: 'The person wrote the code word from their own number: they are who they say.',
  schema: z.object({ requestId: id, threadId: id, messageId: id }),
});
export type AccessCodeWritten = EventData<typeof accessCodeWritten>;

const collecting = person.extend({
  /** X25519. What services find is sealed to it, so the logs that it goes through are of no use without its private half. */
  publicKey: z.base64(),
});

export const accessConfirmed = defineEvent({
  name: 'contacts.access.confirmed',
  version: 1,
  dataClass: 'operational',
  description: 'A person who wants a copy of their data is who they say: every service tells what it has about them.',
  schema: collecting,
});
export type AccessConfirmed = EventData<typeof accessConfirmed>;

export const accessTraced = defineEvent({
  name: 'conversation.access.traced',
  version: 1,
  dataClass: 'operational',
  description:
    'Under which ids other services have what is about a person who wants a copy. Several events where there are many; the last one says so.',
  schema: collecting.extend({ isLast: z.boolean(), threadIds: z.array(id), mediaIds: z.array(id) }),
});
export type AccessTraced = EventData<typeof accessTraced>;

/** Contacts has the archive, so what it knows goes into it without an event. */
export const COLLECTED_SERVICES = ERASING_SERVICES.filter((service) => service !== 'contacts');

function each<Data>(verb: string, description: string, schema: z.ZodType<Data>) {
  return new Map<ErasingService, EventDefinition<string, Data>>(
    COLLECTED_SERVICES.map((service) => [
      service,
      defineEvent({
        name: `${service}.access.${verb}`,
        version: 1,
        dataClass: 'operational',
        description: description.replace('{service}', service),
        schema,
      }),
    ]),
  );
}

/** The key that the services were given: what they tell for a former one is of a round that nobody waits for any more. */
const publicKey = z.base64().optional();

const part = z.object({
  requestId: id,
  publicKey,
  /** `messages`, `notes`, `files`, … */
  kind: z.string().regex(/^[a-z_]{1,40}$/),
  count: z.int().positive(),
  /** Lines of JSON, compressed and sealed to the key of the request. */
  sealed: z.base64(),
});
export type AccessPart = z.infer<typeof part>;

/** Noise to everybody but contacts, and to contacts too once the archive is written: its key is destroyed then. */
export const accessPartFound = each(
  'part_found',
  'A part of what {service} has about a person who wants a copy.',
  part,
);

export const accessCollected = each(
  'collected',
  '{service} has told all that it has about a person who wants a copy.',
  z.object({ requestId: id, publicKey }),
);
