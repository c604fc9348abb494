import { DateTime, NotFound, resultUnion } from '@fenster/graphql';
import { Field, ID, ObjectType } from 'type-graphql';
import { MemberType } from '../members/member.types.js';
import { BeyondYourRights } from '../roles/role.types.js';

@ObjectType({ description: 'One sign-in on one device.' })
export class DeviceSession {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true, description: 'What it was called when signing in.' })
  device!: string | null;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { description: 'When its tokens were last renewed.' })
  lastUsedAt!: Date;

  @Field(() => DateTime)
  expiresAt!: Date;
}

export const EndSessionResult = resultUnion('EndSessionResult', DeviceSession, [NotFound]);
export const EndAllSessionsResult = resultUnion('EndAllSessionsResult', MemberType, [NotFound, BeyondYourRights]);
