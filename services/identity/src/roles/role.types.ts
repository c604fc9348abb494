import { PERMISSIONS, type Permission } from '@fenster/auth';
import {
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';

export const PermissionEnum = Object.fromEntries(
  PERMISSIONS.map((permission) => [permission.replace(':', '_').toUpperCase(), permission]),
);
registerEnumType(PermissionEnum, {
  name: 'Permission',
  description: 'What a role may allow. Tokens and refusals write `conversation:read_all` for CONVERSATION_READ_ALL.',
});

@ObjectType('Role', { description: 'A named set of permissions: built in, or made by your workspace.' })
export class RoleType {
  @Field(() => ID, { description: 'What `Member.role` says: the key of a built-in role, such as agent, or an id.' })
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => Boolean, { description: 'Built-in roles cannot be changed.' })
  isBuiltIn!: boolean;

  @Field(() => [PermissionEnum])
  permissions!: readonly Permission[];

  @Field(() => Int, { description: 'How many members have it, invited ones included.' })
  memberCount!: number;

  @Field(() => Boolean, { description: 'Whether you may give it to a member, or take it from one.' })
  mayGrant!: boolean;
}

@ObjectType({ description: 'It is gone.' })
export class Deleted {
  @Field(() => ID)
  id!: string;
}

@ObjectType({
  implements: UserError,
  description: 'You can only give and take rights that you have yourself.',
})
export class BeyondYourRights extends UserError {
  @Field(() => [PermissionEnum], { description: 'What you would need.' })
  missing!: readonly Permission[];
}

@ObjectType({ implements: UserError, description: 'Another one of your workspace has this name: choose another.' })
export class NameTaken extends UserError {}

@ObjectType({ implements: UserError, description: 'Members have this role: give them another one first.' })
export class RoleInUse extends UserError {
  @Field(() => Int)
  memberCount!: number;
}

registerUserError(BeyondYourRights, 'BEYOND_YOUR_RIGHTS');
registerUserError(NameTaken, 'NAME_TAKEN');
registerUserError(RoleInUse, 'ROLE_IN_USE');

export const CreateRoleResult = resultUnion('CreateRoleResult', RoleType, [
  InvalidInput,
  NameTaken,
  BeyondYourRights,
  IdempotencyConflict,
]);
export const UpdateRoleResult = resultUnion('UpdateRoleResult', RoleType, [
  InvalidInput,
  NotFound,
  NameTaken,
  BeyondYourRights,
]);
export const DeleteRoleResult = resultUnion('DeleteRoleResult', Deleted, [NotFound, RoleInUse, BeyondYourRights]);
