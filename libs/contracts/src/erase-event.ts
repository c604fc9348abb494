import { EVENTS } from './catalogue.js';
import { streamOf, type EventDefinition } from './define-event.js';
import type { Envelope } from './envelope.js';
import { eventErased } from './erasures.js';

const PERSONAL_CLASSES: readonly string[] = ['identity', 'message_body'];

/** Events that say something about a person, or name them: more than ids of ours. */
export const PERSONAL_EVENTS: readonly EventDefinition[] = EVENTS.filter(
  (event) => event.withoutPerson !== undefined || PERSONAL_CLASSES.includes(event.dataClass),
);
const BY_KEY = new Map(PERSONAL_EVENTS.map((event) => [keyOf(event), event]));

/**
 * The event as it stays in the log when its person is erased: under the same id and in the same place, without what was
 * about them. Undefined for one that names nobody.
 */
export function eraseEvent(received: Envelope): Envelope | undefined {
  const definition = BY_KEY.get(keyOf(received));
  if (!definition) return undefined;
  if (definition.withoutPerson) return { ...received, data: definition.withoutPerson(received.data) };
  const { name, version, dataClass } = eventErased.get(streamOf(received.name) as never)!;
  return { ...received, name, version, dataClass, data: {} };
}

function keyOf({ name, version }: { name: string; version: number }): string {
  return `${name} ${version}`;
}
