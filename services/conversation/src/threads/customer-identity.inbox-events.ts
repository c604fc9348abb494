import { customerIdentityChanged, type CustomerIdentityChanged as Data } from '@fenster/contracts';
import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { ConversationType } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';

const IdentityChangeEnum = {
  NUMBER_CHANGED: 'NUMBER_CHANGED',
  USER_ID_CHANGED: 'USER_ID_CHANGED',
  WRITES_ELSEWHERE: 'WRITES_ELSEWHERE',
  NUMBER_LOST: 'NUMBER_LOST',
} satisfies { [Change in Data['change']]: Change };
registerEnumType(IdentityChangeEnum, {
  name: 'CustomerIdentityChangeKind',
  description:
    'NUMBER_CHANGED, USER_ID_CHANGED: the conversation goes on under it. WRITES_ELSEWHERE: they have another number and wrote from it before, so there are two conversations. NUMBER_LOST: their number is somebody else’s now.',
});

@ObjectType({
  implements: InboxEvent,
  description: 'The customer is known by another number or user id. `conversation.contact` is up to date soon after.',
})
export class CustomerIdentityChanged extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => IdentityChangeEnum)
  identityChange!: string;
}

export const customerIdentityTellings = [
  tell(customerIdentityChanged, CustomerIdentityChanged, ({ conversationId, change }) => ({
    conversationId,
    says: { identityChange: change },
  })),
];
