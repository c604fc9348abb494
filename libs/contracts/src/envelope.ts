import { z } from 'zod';
import type { EventData, EventDefinition } from './define-event.js';

export const actorRef = z.object({
  kind: z.enum(['member', 'api_key', 'bot', 'contact', 'provider', 'system']),
  id: z.string().optional(),
});
export type ActorRef = z.infer<typeof actorRef>;

/** What surrounds every event's data, the same for all. Parsed at each end. */
export const envelope = z.object({
  /** UUIDv7; the message id in NATS and the key of the consumers' inbox. */
  id: z.uuid(),
  name: z.string(),
  version: z.int().positive(),
  workspaceId: z.uuid(),
  /** Position in the producing service's log of this workspace: gapless from 1, in commit order. */
  seq: z.int().positive(),
  /** The entity the event is about; events of one entity arrive in `seq` order. */
  entityId: z.uuid(),
  occurredAt: z.iso.datetime(),
  recordedAt: z.iso.datetime(),
  actor: actorRef,
  /** Id of the event that caused this one, if an event did. */
  causationId: z.uuid().optional(),
  /** The same for everything that one request or one webhook set off. */
  correlationId: z.string(),
  /** W3C trace context. */
  traceparent: z.string().optional(),
  dataClass: z.string(),
  data: z.unknown(),
});

export type Envelope<D = unknown> = Omit<z.infer<typeof envelope>, 'data'> & { data: D };

/** Narrows an envelope to one definition. The data were validated when they were parsed. */
export function isEvent<D extends EventDefinition>(
  received: Envelope,
  definition: D,
): received is Envelope<EventData<D>> {
  return received.name === definition.name && received.version === definition.version;
}
