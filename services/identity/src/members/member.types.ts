import {
  DateTime,
  enumOf,
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Directive, Field, ID, ObjectType } from 'type-graphql';
import { BeyondYourRights } from '../roles/role.types.js';
import { TooManyAttempts } from '../sign-in-throttle/sign-in-throttle.types.js';
import { MEMBER_STATUSES } from './member.status.js';
import { PASSWORD_PROBLEMS, type PasswordProblem } from './password.js';

export const MemberStatusEnum = enumOf(MEMBER_STATUSES, {
  name: 'MemberStatus',
  description: 'INVITED until the first password is set; REMOVED members only remain as names in the history.',
});
export const PasswordProblemEnum = enumOf(PASSWORD_PROBLEMS, {
  name: 'PasswordProblem',
  description: 'A password has 10 to 200 characters, among them a letter and a digit.',
});

@Directive('@key(fields: "id")')
@ObjectType('Member', { description: 'A person who works in your workspace, was invited to, or did.' })
export class MemberType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, {
    description: 'One of owner, admin, supervisor, agent, finance, privacy_officer, or the id of a role of yours.',
  })
  role!: string;

  @Field(() => DateTime)
  createdAt!: Date;
}

@ObjectType({ description: 'Hand the token to the person invited: whoever has it sets the first password.' })
export class Invitation {
  @Field(() => MemberType)
  member!: MemberType;

  @Field(() => String, { description: 'For acceptInvitation, once.' })
  token!: string;

  @Field(() => DateTime)
  expiresAt!: Date;
}

@ObjectType({ implements: UserError, description: 'Somebody has this e-mail address already.' })
export class EmailTaken extends UserError {}

@ObjectType({ implements: UserError, description: 'A workspace keeps an owner: make somebody else one first.' })
export class LastOwner extends UserError {}

@ObjectType({ implements: UserError, description: 'The new password breaks rules.' })
export class WeakPassword extends UserError {
  @Field(() => [PasswordProblemEnum])
  problems!: PasswordProblem[];
}

@ObjectType({ implements: UserError, description: 'The present password is another one.' })
export class WrongPassword extends UserError {}

@ObjectType({
  implements: UserError,
  description: 'The invitation was used, withdrawn, or has expired: ask for a new one.',
})
export class InvitationInvalid extends UserError {}

registerUserError(EmailTaken, 'EMAIL_TAKEN');
registerUserError(LastOwner, 'LAST_OWNER');
registerUserError(WeakPassword, 'WEAK_PASSWORD');
registerUserError(WrongPassword, 'WRONG_PASSWORD');
registerUserError(InvitationInvalid, 'INVITATION_INVALID');

export const InviteMemberResult = resultUnion('InviteMemberResult', Invitation, [
  InvalidInput,
  NotFound,
  EmailTaken,
  BeyondYourRights,
  IdempotencyConflict,
]);
export const ChangeMemberRoleResult = resultUnion('ChangeMemberRoleResult', MemberType, [
  NotFound,
  BeyondYourRights,
  LastOwner,
]);
export const RemoveMemberResult = resultUnion('RemoveMemberResult', MemberType, [
  NotFound,
  BeyondYourRights,
  LastOwner,
]);
export const UpdateProfileResult = resultUnion('UpdateProfileResult', MemberType, [InvalidInput]);
export const ChangePasswordResult = resultUnion('ChangePasswordResult', MemberType, [
  WrongPassword,
  WeakPassword,
  TooManyAttempts,
]);
