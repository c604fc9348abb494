import { DateTime, registerUserError, resultUnion, UserError } from '@fenster/graphql';
import { Field, ObjectType } from 'type-graphql';
import { InvitationInvalid, MemberType, WeakPassword } from '../members/member.types.js';
import { TooManyAttempts } from '../sign-in-throttle/sign-in-throttle.types.js';

@ObjectType('Session', { description: 'You are signed in. Send the access token as `authorization: Bearer …`.' })
export class SessionType {
  @Field(() => String)
  accessToken!: string;

  @Field(() => DateTime, { description: 'When the access token ends; renew the session before.' })
  expiresAt!: Date;

  @Field(() => String, { description: 'For one renewal. Keep it secret; using it twice ends the session.' })
  refreshToken!: string;

  @Field(() => DateTime, { description: 'When the session ends and you have to sign in again.' })
  refreshExpiresAt!: Date;

  @Field(() => MemberType)
  member!: MemberType;
}

@ObjectType({ implements: UserError, description: 'Nobody has this e-mail address with this password.' })
export class InvalidCredentials extends UserError {}
registerUserError(InvalidCredentials, 'INVALID_CREDENTIALS');

@ObjectType({ implements: UserError, description: 'The session is over: sign in again.' })
export class SessionEnded extends UserError {}
registerUserError(SessionEnded, 'SESSION_ENDED');

export const SignInResult = resultUnion('SignInResult', SessionType, [InvalidCredentials, TooManyAttempts]);
export const RenewSessionResult = resultUnion('RenewSessionResult', SessionType, [SessionEnded]);
export const AcceptInvitationResult = resultUnion('AcceptInvitationResult', SessionType, [
  InvitationInvalid,
  WeakPassword,
]);
