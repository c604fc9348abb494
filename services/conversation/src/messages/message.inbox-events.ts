import {
  messageDelayed,
  messageEchoed,
  messageEdited,
  messageMediaChanged,
  messageQueued,
  messageReactionChanged,
  messageReceived,
  messageRevoked,
  messageSettled,
  messageStatusChanged,
  messagesEmptied,
  messagesImported,
} from '@fenster/contracts';
import { DateTime } from '@fenster/graphql';
import { Field, Int, ObjectType } from 'type-graphql';
import { ConversationType } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';
import { ServiceWindowChangeType } from '../threads/service-window.types.js';
import { MessageObject } from './message.types.js';

@ObjectType({ implements: InboxEvent, description: 'A customer wrote, or a colleague replied.' })
export class MessageAdded extends InboxEvent {
  @Field(() => MessageObject)
  message!: MessageObject;

  @Field(() => ServiceWindowChangeType, {
    nullable: true,
    description: 'If it opened or extended the customer service window. There is no event of its own for that.',
  })
  windowChange?: ServiceWindowChangeType | null;
}

@ObjectType({ implements: InboxEvent, description: 'Its author wrote a message anew: see its `text` and `versions`.' })
export class MessageEdited extends InboxEvent {
  @Field(() => MessageObject)
  message!: MessageObject;
}

@ObjectType({ implements: InboxEvent, description: 'Its author took a message back: its words are gone.' })
export class MessageRevoked extends InboxEvent {
  @Field(() => MessageObject)
  message!: MessageObject;
}

@ObjectType({
  implements: InboxEvent,
  description:
    'A reaction to a message came, was replaced or taken back; or ours moved on its way to the customer, or failed.',
})
export class MessageReactionChanged extends InboxEvent {
  @Field(() => MessageObject)
  message!: MessageObject;
}

@ObjectType({
  implements: InboxEvent,
  description: 'The file of a message is here now, or will not be: see `media` of its `content`.',
})
export class MessageMediaChanged extends InboxEvent {
  @Field(() => MessageObject)
  message!: MessageObject;
}

@ObjectType({ implements: InboxEvent, description: 'A reply moved forward on its way to the customer.' })
export class MessageStatusChanged extends InboxEvent {
  @Field(() => MessageObject)
  message!: MessageObject;
}

@ObjectType({
  implements: InboxEvent,
  description: 'A reply waits before it leaves, or for something else: see `waiting`.',
})
export class MessageDelayed extends InboxEvent {
  @Field(() => MessageObject)
  message!: MessageObject;
}

@ObjectType({
  implements: InboxEvent,
  description: 'Somebody decided about a message of which nobody knew whether it was sent: see its `settlement`.',
})
export class UnconfirmedMessageSettled extends InboxEvent {
  @Field(() => MessageObject)
  message!: MessageObject;
}

@ObjectType({
  implements: InboxEvent,
  description:
    'Messages of before the number was connected have come, or files that were missing in them. Older imported ones may have another `seq` now: load `messages` up to `seq` 0 again.',
})
export class MessagesImported extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => Int)
  count!: number;
}

@ObjectType({
  implements: InboxEvent,
  description:
    'A rule of retention took what was said in a conversation, with earlier versions, reactions and files. Drop what you show of its messages that were sent before `sentBefore`: see their `contentRemovedAt`.',
})
export class MessagesEmptied extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => DateTime)
  sentBefore!: Date;
}

export const messageTellings = [
  tell(messagesEmptied, MessagesEmptied, ({ conversationId, sentBefore }) => ({
    conversationId,
    says: { sentBefore: new Date(sentBefore) },
  })),
  tell(messagesImported, MessagesImported, ({ conversationId, count }) => ({ conversationId, says: { count } })),
  tell(
    messageReceived,
    MessageAdded,
    ({ conversationId, threadId, messageId, windowChange: change, windowExpiresAt: expiresAt }) => ({
      conversationId,
      messageId,
      ...(change &&
        expiresAt && {
          ofThread: { threadId, fact: 'windowExpiresAt' },
          says: { windowChange: { kind: 'CUSTOMER_SERVICE', change, expiresAt: new Date(expiresAt) } },
        }),
    }),
  ),
  tell(messageEchoed, MessageAdded, ({ conversationId, messageId }) => ({ conversationId, messageId })),
  // A reaction on its way is no message, and told by an event of its own.
  tell(messageQueued, MessageAdded, ({ conversationId, messageId, type }) =>
    type === 'reaction' ? undefined : { conversationId, messageId },
  ),
  tell(messageEdited, MessageEdited, ({ conversationId, messageId }) => ({ conversationId, messageId })),
  tell(messageRevoked, MessageRevoked, ({ conversationId, messageId }) => ({ conversationId, messageId })),
  tell(messageReactionChanged, MessageReactionChanged, ({ conversationId, messageId }) => ({
    conversationId,
    messageId,
  })),
  tell(messageDelayed, MessageDelayed, ({ conversationId, messageId }) => ({ conversationId, messageId })),
  tell(messageMediaChanged, MessageMediaChanged, ({ conversationId, messageId }) => ({ conversationId, messageId })),
  tell(messageSettled, UnconfirmedMessageSettled, ({ conversationId, messageId }) => ({ conversationId, messageId })),
  // The row may have moved on since; subscribers see each step.
  tell(messageStatusChanged, MessageStatusChanged, ({ conversationId, messageId, status }) => ({
    conversationId,
    messageId,
    message: { status },
  })),
];
