import { conversationParticipantsChanged } from '@fenster/contracts';
import { Field, ObjectType } from 'type-graphql';
import { ConversationType, MemberReference } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';

@ObjectType({ implements: InboxEvent, description: '`conversation.participants` is up to date.' })
export class ConversationParticipantsChanged extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => [MemberReference], { nullable: 'items', description: 'Who follows it from then on.' })
  added!: MemberReference[];

  @Field(() => [MemberReference], { nullable: 'items', description: 'Who followed it until then.' })
  removed!: MemberReference[];
}

const toMembers = (ids: readonly string[]): MemberReference[] => ids.map((id) => ({ id }));

export const participantTellings = [
  tell(conversationParticipantsChanged, ConversationParticipantsChanged, ({ conversationId, added, removed }) => ({
    conversationId,
    says: { added: toMembers(added), removed: toMembers(removed) },
  })),
];
