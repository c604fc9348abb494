import { InvalidInput, NotFound, registerUserError, resultUnion, UserError } from '@fenster/graphql';
import { Field, ObjectType } from 'type-graphql';
import { ConversationType, MemberReference } from '../conversations/conversation.types.js';

@ObjectType({ implements: UserError, description: 'A colleague has the conversation already.' })
export class AlreadyAssigned extends UserError {
  @Field(() => MemberReference, { nullable: true, description: 'Null while identity does not answer.' })
  assignee!: MemberReference | null;
}
registerUserError(AlreadyAssigned, 'ALREADY_ASSIGNED');

export const AssignConversationResult = resultUnion('AssignConversationResult', ConversationType, [
  InvalidInput,
  NotFound,
]);
export const AssignTeamResult = resultUnion('AssignTeamResult', ConversationType, [InvalidInput, NotFound]);
export const TakeConversationResult = resultUnion('TakeConversationResult', ConversationType, [
  InvalidInput,
  NotFound,
  AlreadyAssigned,
]);
