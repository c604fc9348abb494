import type { z } from 'zod';

/** Which retention rule holds for an event's data (design §6). */
export type DataClass = 'identity' | 'message_body' | 'cost' | 'audit' | 'operational';

export interface EventDefinition<Name extends string = string, Data = unknown> {
  /** `<service>.<entity>.<past verb>` */
  readonly name: Name;
  readonly version: number;
  readonly dataClass: DataClass;
  readonly description: string;
  readonly schema: z.ZodType<Data>;
  /**
   * What is left of the data when the person is erased, where others cannot do without. Without it, events of the classes
   * `identity` and `message_body` are erased as a whole, and others name nobody.
   */
  withoutPerson?(data: Data): Data;
}

export type EventData<D> = D extends EventDefinition<string, infer Data> ? Data : never;

const NAME = /^[a-z]+\.[a-z_]+\.[a-z_]+$/;

export function defineEvent<const Name extends string, Data>(
  definition: EventDefinition<Name, Data>,
): EventDefinition<Name, Data> {
  if (!NAME.test(definition.name)) throw new Error(`${definition.name} is not <service>.<entity>.<past verb>.`);
  return definition;
}

/** The stream an event lives in: one per producing service. */
export function streamOf(name: string): string {
  return name.slice(0, name.indexOf('.'));
}

/** The workspace comes last, so that a subscriber can filter on it. */
export function subjectOf(event: Pick<EventDefinition, 'name' | 'version'>, workspaceId: string): string {
  return `${event.name}.v${event.version}.${workspaceId}`;
}
