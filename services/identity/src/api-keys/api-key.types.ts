import { QUOTA_PERIODS, type Permission, type QuotaPeriod } from '@fenster/auth';
import { DateTime, enumOf, IdempotencyConflict, InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { BeyondYourRights, PermissionEnum } from '../roles/role.types.js';

export const QuotaPeriodEnum = enumOf(QUOTA_PERIODS, {
  name: 'QuotaPeriod',
  description: 'Of UTC: a DAY begins at midnight there.',
});

@ObjectType('ApiKeyQuota')
export class ApiKeyQuotaType {
  @Field(() => Int)
  count!: number;

  @Field(() => QuotaPeriodEnum)
  per!: QuotaPeriod;
}

@ObjectType('ApiKeyAction', { description: 'A single action that the key may do.' })
export class ApiKeyActionType {
  @Field(() => PermissionEnum)
  action!: Permission;

  @Field(() => String, { nullable: true, description: 'What it may be done with; null for anything.' })
  resource?: string | undefined;

  @Field(() => ApiKeyQuotaType, { nullable: true, description: 'How often; null for no limit.' })
  quota?: ApiKeyQuotaType | undefined;
}

@ObjectType('ApiKey', { description: 'The login of a program. Its secret is not kept.' })
export class ApiKeyType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime)
  expiresAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'Give or take a few minutes.' })
  lastUsedAt?: Date | null;

  @Field(() => DateTime, { nullable: true })
  revokedAt?: Date | null;
}

@ObjectType({ description: 'Newest first.' })
export class ApiKeyPage {
  @Field(() => [ApiKeyType])
  nodes!: ApiKeyType[];

  @Field(() => String, { nullable: true, description: 'Pass it as `after` for the next page; null on the last.' })
  nextPage!: string | null;
}

@ObjectType()
export class ApiKeyCreated {
  @Field(() => ApiKeyType)
  apiKey!: ApiKeyType;

  @Field(() => String, {
    nullable: true,
    description:
      'Send it as `authorization: Bearer …`. Shown this once: null when the call is repeated with its idempotency key. If the first answer was lost, revoke the key and make another.',
  })
  secret!: string | null;
}

@InputType()
export class ApiKeyQuotaInput {
  @Field(() => Int, { description: '1 to 1000000.' })
  count!: number;

  @Field(() => QuotaPeriodEnum)
  per!: QuotaPeriod;
}

@InputType()
export class ApiKeyActionInput {
  @Field(() => PermissionEnum, { description: 'The permission of which the key gets a part: MESSAGE_SEND.' })
  action!: Permission;

  @Field(() => String, {
    nullable: true,
    description:
      'What it may be done with, anything if absent. For MESSAGE_SEND: text, media, location, contacts, interactive, reaction, or template:NAME.',
  })
  resource?: string | null;

  @Field(() => ApiKeyQuotaInput, {
    nullable: true,
    description: 'How often, in all of your workspace; absent for no limit.',
  })
  quota?: ApiKeyQuotaInput | null;
}

@InputType()
export class CreateApiKeyInput {
  @Field(() => String, { description: 'For people, 1 to 100 characters.' })
  name!: string;

  @Field(() => [PermissionEnum], { description: 'None that you do not have yourself, and not API_KEY_MANAGE.' })
  permissions!: Permission[];

  @Field(() => [ApiKeyActionInput], {
    nullable: true,
    description: 'Single actions, beside the permissions: none of an action that is among those.',
  })
  actions?: ApiKeyActionInput[] | null;

  @Field(() => DateTime, { description: 'Within the next 730 days.' })
  expiresAt!: Date;

  @Field(() => ID, { description: 'Of your choice, 1 to 200 characters.' })
  idempotencyKey!: string;
}

export const CreateApiKeyResult = resultUnion('CreateApiKeyResult', ApiKeyCreated, [
  InvalidInput,
  BeyondYourRights,
  IdempotencyConflict,
]);
export const RevokeApiKeyResult = resultUnion('RevokeApiKeyResult', ApiKeyType, [NotFound]);
