import { availabilityChanged } from '@fenster/contracts';
import { Field, ObjectType } from 'type-graphql';
import { MemberReference } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';
import type { AvailabilityStatus } from './availability.rule.js';
import { AvailabilityStatusEnum } from './availability.types.js';

@ObjectType({
  implements: InboxEvent,
  description: 'A colleague came, went, or says that they are busy. Told to everybody.',
})
export class AvailabilityChanged extends InboxEvent {
  @Field(() => MemberReference, { nullable: true, description: 'Null while identity does not answer.' })
  member!: MemberReference | null;

  @Field(() => AvailabilityStatusEnum, { description: 'As of then.' })
  status!: AvailabilityStatus;
}

export const availabilityTellings = [
  tell(availabilityChanged, AvailabilityChanged, ({ memberId, status }) => ({
    says: { member: { id: memberId }, status },
  })),
];
