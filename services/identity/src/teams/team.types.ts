import { DateTime, IdempotencyConflict, InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Directive, Field, ID, ObjectType } from 'type-graphql';
import { BeyondYourRights, Deleted, NameTaken } from '../roles/role.types.js';

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Channel')
export class ChannelReference {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType('Team', {
  description: 'Its members see the conversations of the team, and the unassigned ones of its channels.',
})
export class TeamType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => DateTime)
  createdAt!: Date;
}

export const CreateTeamResult = resultUnion('CreateTeamResult', TeamType, [
  InvalidInput,
  NotFound,
  NameTaken,
  BeyondYourRights,
  IdempotencyConflict,
]);
export const RenameTeamResult = resultUnion('RenameTeamResult', TeamType, [InvalidInput, NotFound, NameTaken]);
export const SetTeamMembersResult = resultUnion('SetTeamMembersResult', TeamType, [
  InvalidInput,
  NotFound,
  BeyondYourRights,
]);
export const SetTeamChannelsResult = resultUnion('SetTeamChannelsResult', TeamType, [
  InvalidInput,
  NotFound,
  BeyondYourRights,
]);
export const DeleteTeamResult = resultUnion('DeleteTeamResult', Deleted, [NotFound]);
