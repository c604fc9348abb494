import { serviceWindowChanged, serviceWindowClosed, serviceWindowClosing } from '@fenster/contracts';
import { Field, ObjectType } from 'type-graphql';
import { ConversationType } from '../conversations/conversation.types.js';
import { InboxEvent, tell, type Subject } from '../inbox/inbox-event.js';
import { ServiceWindowChangeType } from './service-window.types.js';

/** `windowChange` is nullable as it is in MessageAdded: one selection set can ask for both. */
@ObjectType()
abstract class WindowEvent extends InboxEvent {
  @Field(() => ConversationType, { description: 'The last one of the thread, also when it is resolved.' })
  conversation!: ConversationType;

  @Field(() => ServiceWindowChangeType, { nullable: true, description: 'Never null.' })
  windowChange!: ServiceWindowChangeType;
}

@ObjectType({
  implements: InboxEvent,
  description:
    'The provider told of a free entry point. What a customer message does to the service window comes with MessageAdded.',
})
export class ServiceWindowChanged extends WindowEvent {}

@ObjectType({
  implements: InboxEvent,
  description: 'A window closes soon: as long before its end as the settings of the channel say. Once for each end.',
})
export class ServiceWindowClosing extends WindowEvent {}

@ObjectType({ implements: InboxEvent, description: 'A window is over.' })
export class ServiceWindowClosed extends WindowEvent {}

const about = (
  { conversationId, threadId, kind, expiresAt }: Record<'conversationId' | 'threadId' | 'kind' | 'expiresAt', string>,
  change: string,
): Subject => ({
  conversationId,
  ofThread: { threadId, fact: 'windowExpiresAt' },
  says: { windowChange: { kind, change, expiresAt: new Date(expiresAt) } },
});

export const serviceWindowTellings = [
  tell(serviceWindowChanged, ServiceWindowChanged, (data) => about(data, data.change)),
  tell(serviceWindowClosing, ServiceWindowClosing, (data) => about(data, 'closing')),
  tell(serviceWindowClosed, ServiceWindowClosed, (data) => about(data, 'closed')),
];
