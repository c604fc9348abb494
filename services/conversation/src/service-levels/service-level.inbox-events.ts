import { serviceLevelBreached } from '@fenster/contracts';
import { Field, ObjectType } from 'type-graphql';
import { ConversationType } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';
import type { ServiceLevelTarget } from './service-level.rule.js';
import { ServiceLevelTargetEnum } from './service-level.types.js';

@ObjectType({ implements: InboxEvent, description: 'What was promised to a customer did not happen in time.' })
export class ServiceLevelBreached extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => ServiceLevelTargetEnum)
  target!: ServiceLevelTarget;
}

export const serviceLevelTellings = [
  tell(serviceLevelBreached, ServiceLevelBreached, ({ conversationId, target }) => ({
    conversationId,
    says: { target },
  })),
];
