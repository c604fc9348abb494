import { heldMessageChanged, type HeldMessageState } from '@fenster/contracts';
import { Field, ID, ObjectType } from 'type-graphql';
import { ConversationType } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';
import { HeldMessageStateEnum } from './held-message.types.js';

@ObjectType({
  implements: InboxEvent,
  description:
    'A reply waits for approval, or does no more; `heldMessages` has it. Of one that was approved the message itself is told, too.',
})
export class HeldMessageChanged extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => ID)
  heldMessageId!: string;

  @Field(() => HeldMessageStateEnum, { description: 'The one that it came to then.' })
  heldMessageState!: HeldMessageState;
}

export const heldMessageTellings = [
  tell(heldMessageChanged, HeldMessageChanged, ({ conversationId, heldMessageId, state }) => ({
    conversationId,
    says: { heldMessageId, heldMessageState: state },
  })),
];
