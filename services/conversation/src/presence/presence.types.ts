import { DateTime, Forbidden, InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Field, ID, Int, InterfaceType, ObjectType } from 'type-graphql';
import type { MemberReference } from '../conversations/conversation.types.js';

// The gateway knows it by this name: who joins a shared subscription later gets the last state at once.
@InterfaceType({
  description:
    'All there is at a moment. A subscription to it begins with what is so now, and each event replaces the one before: after a break just subscribe again.',
  autoRegisterImplementations: false,
  resolveType: (state: CurrentState) => state.constructor.name,
})
export abstract class CurrentState {
  @Field(() => DateTime)
  asOf!: Date;
}

@ObjectType('Viewer', { description: 'Somebody who looks at a conversation now.' })
export class ViewerType {
  @Field(() => DateTime)
  since!: Date;

  @Field(() => Boolean)
  isTyping!: boolean;

  member!: MemberReference;
}

@ObjectType({ implements: CurrentState, description: 'Who looks at a conversation, and who of them types.' })
export class ConversationPresence extends CurrentState {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => [ViewerType], { description: 'Whoever came first first.' })
  viewers!: ViewerType[];
}

@ObjectType({ description: 'It is known now, for a while.' })
export class Heartbeat {
  @Field(() => Int, { description: 'Say it again after so many seconds, for as long as it is so.' })
  repeatAfterSeconds!: number;
}

export const SetViewingResult = resultUnion('SetViewingResult', Heartbeat, [NotFound, InvalidInput, Forbidden]);
export const SetTypingResult = resultUnion('SetTypingResult', Heartbeat, [NotFound, InvalidInput]);
