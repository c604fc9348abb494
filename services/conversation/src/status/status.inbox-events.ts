import { conversationStatusChanged, type StatusReason } from '@fenster/contracts';
import { DateTime } from '@fenster/graphql';
import { Field, ObjectType } from 'type-graphql';
import type { ConversationStatus } from '../conversations/conversation.entity.js';
import { ConversationStatusEnum, ConversationType } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';
import { StatusReasonEnum } from './status.types.js';

@ObjectType({ implements: InboxEvent, description: 'Resolved, reopened, snoozed (also anew), set pending, or awake.' })
export class ConversationStatusChanged extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => ConversationStatusEnum)
  from!: ConversationStatus;

  @Field(() => ConversationStatusEnum, { description: '`conversation.status` may have moved on since.' })
  to!: ConversationStatus;

  @Field(() => StatusReasonEnum)
  reason!: StatusReason;

  @Field(() => DateTime, { nullable: true, description: 'When time ends the snooze.' })
  snoozedUntil!: Date | null;
}

export const statusTellings = [
  tell(conversationStatusChanged, ConversationStatusChanged, ({ conversationId, from, to, reason, snoozedUntil }) => ({
    conversationId,
    says: { from, to, reason, snoozedUntil: snoozedUntil && new Date(snoozedUntil) },
  })),
];
