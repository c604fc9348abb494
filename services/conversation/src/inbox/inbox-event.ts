import type { Envelope, EventData, EventDefinition } from '@fenster/contracts';
import { Cursor, DateTime } from '@fenster/graphql';
import { Directive, Field, ID, InterfaceType } from 'type-graphql';
import { ActorType } from '../activities/actor.types.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import type { Message } from '../messages/message.entity.js';
import type { ThreadFact } from '../views/filter.rule.js';

@InterfaceType({
  description: 'Something that happened in the inbox.',
  autoRegisterImplementations: false,
  resolveType: (event: InboxEvent) => event.constructor.name,
})
export abstract class InboxEvent {
  @Field(() => Cursor, { description: 'Keep the last one; after a break subscribe again with `after` set to it.' })
  cursor!: string;

  @Field(() => DateTime, { nullable: true, description: 'Null where nothing happened: LiveStarted and ReplayGap.' })
  occurredAt?: Date;

  @Field(() => ActorType, { nullable: true, description: 'Who did it; null where nothing happened.' })
  by?: ActorType;

  // For the gateway, which asks once for all who have the same rights.
  @Directive('@inaccessible')
  @Field(() => [ID], {
    nullable: true,
    description: 'With `shared`: who may see it, if not everybody. With `-` before an id: everybody but these.',
  })
  audience?: readonly string[];
}

/** What an event of the log is about. The rights to it are the rights to its conversation. */
export interface Subject {
  /** Without one it is told to everybody who may read conversations. */
  conversationId?: string;
  /** The event gets its `message`; what is about a message that is gone is not told. */
  messageId?: string;
  /** What the message was then, where its row may have moved on since. */
  message?: Partial<Message>;
  /** Where the conversation was before: told to those alone who could see it there and cannot see it now. */
  leaves?: Pick<Conversation, 'teamId' | 'assigneeId'>;
  /** Of those who may see the conversation, only these members. */
  onlyTo?: readonly string[];
  /** What it changed is the thread's: views ask it of each of the thread's conversations. */
  ofThread?: { threadId: string; fact: ThreadFact };
  /** Further fields of the event's type, such as what was before. */
  says?: Readonly<Record<string, unknown>>;
}

/** How the inbox tells one kind of event of the log. */
export interface Telling {
  readonly event: EventDefinition;
  readonly type: new () => InboxEvent;
  readonly about: (data: never, received: Envelope) => Subject | undefined;
}

/** Each feature lists its own beside its types; `tellings.ts` gathers them. What is about undefined is not told. */
export function tell<D extends EventDefinition>(
  event: D,
  type: new () => InboxEvent,
  about: (data: EventData<D>, received: Envelope) => Subject | undefined,
): Telling {
  return { event, type, about };
}
