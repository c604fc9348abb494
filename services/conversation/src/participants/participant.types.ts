import { DateTime, enumOf, InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { ActorType } from '../activities/actor.types.js';
import { ConversationType, MemberReference } from '../conversations/conversation.types.js';
import { PARTICIPATION_CAUSES, type ParticipationCause } from './participant.entity.js';

const CauseEnum = enumOf(PARTICIPATION_CAUSES, {
  name: 'ParticipationCause',
  description: 'FOLLOWED: by themselves. ADDED: by somebody else. Or since they were first assigned or mentioned.',
});

@ObjectType('Participant', {
  description: 'A member who follows a conversation. Following lets nobody see what they may not see.',
})
export class ParticipantType {
  @Field(() => MemberReference, { nullable: true, description: 'Null while identity does not answer.' })
  member!: MemberReference;

  @Field(() => CauseEnum)
  cause!: ParticipationCause;

  @Field(() => ActorType)
  addedBy!: ActorType;

  @Field(() => DateTime)
  addedAt!: Date;
}

@InputType()
export class ChangeParticipantsInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => [ID], { description: '1 to 50.' })
  memberIds!: string[];
}

export const AddParticipantsResult = resultUnion('AddParticipantsResult', ConversationType, [InvalidInput, NotFound]);
export const RemoveParticipantsResult = resultUnion('RemoveParticipantsResult', ConversationType, [
  InvalidInput,
  NotFound,
]);
export const FollowConversationResult = resultUnion('FollowConversationResult', ConversationType, [
  InvalidInput,
  NotFound,
]);
export const UnfollowConversationResult = resultUnion('UnfollowConversationResult', ConversationType, [NotFound]);
