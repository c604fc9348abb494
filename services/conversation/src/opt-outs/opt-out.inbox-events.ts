import {
  consentEventKind,
  optOutAsked,
  optOutDecided,
  threadConsentStated,
  type ConsentEventKind,
} from '@fenster/contracts';
import { enumOf } from '@fenster/graphql';
import { Field, ObjectType } from 'type-graphql';
import { ConversationType } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';
import { MessageObject } from '../messages/message.types.js';
import type { OptOutDecision } from './opt-out-question.entity.js';
import { OptOutDecisionEnum } from './opt-out.types.js';

const ConsentEventKindEnum = enumOf(consentEventKind.options, {
  name: 'ConsentEventKind',
  description: 'What was said of a consent. PLATFORM_*: by the person’s own switch in WhatsApp.',
});

@ObjectType({
  implements: InboxEvent,
  description:
    'The customer said what they want to get, or WhatsApp told. It counts at once; `conversation.contact.consents` is up to date soon after.',
})
export class ConsentStated extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => ConsentEventKindEnum)
  consent!: ConsentEventKind;
}

@ObjectType({
  implements: InboxEvent,
  description: 'The customer wrote a word that ends marketing, among others: somebody has to decide what they want.',
})
export class OptOutAsked extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => MessageObject)
  message!: MessageObject;
}

@ObjectType({ implements: InboxEvent, description: 'Somebody has decided what the customer wants.' })
export class OptOutDecided extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => MessageObject)
  message!: MessageObject;

  @Field(() => OptOutDecisionEnum)
  optOut!: OptOutDecision;
}

export const optOutTellings = [
  tell(threadConsentStated, ConsentStated, ({ conversationId, kind }) =>
    conversationId === null ? undefined : { conversationId, says: { consent: kind } },
  ),
  tell(optOutAsked, OptOutAsked, ({ conversationId, messageId }) => ({ conversationId, messageId })),
  tell(optOutDecided, OptOutDecided, ({ conversationId, messageId, decision }) => ({
    conversationId,
    messageId,
    says: { optOut: decision },
  })),
];
