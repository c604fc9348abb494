import { DateTime, IdempotencyConflict, InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { ErasureUnderWay } from '../erasures/erasure.types.js';

@ObjectType('LegalHold', {
  description:
    'While it is in force, no rule of retention takes anything of a contact and its conversations, and nobody erases it: for legal claims, or because an authority says so (Art. 17(3) GDPR). A merge makes it one of the contact that stays.',
})
export class LegalHoldType {
  @Field(() => ID)
  id!: string;

  @Field(() => ID, { description: 'Whom it was set for; the contact may have another id since, by a merge.' })
  contactId!: string;

  @Field(() => String)
  reason!: string;

  @Field(() => String, { description: 'A day, such as 2027-03-31: by then somebody looks whether it is still needed.' })
  reviewOn!: string;

  @Field(() => DateTime)
  setAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'Null while it is in force.' })
  releasedAt!: Date | null;

  @Field(() => String, { nullable: true })
  releaseReason!: string | null;
}

@ObjectType({ description: 'A page of legal holds, the most recent first.' })
export class LegalHoldPage {
  @Field(() => [LegalHoldType])
  nodes!: LegalHoldType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@InputType()
export class SetLegalHoldInput {
  @Field(() => ID)
  contactId!: string;

  @Field(() => String, { description: '1 to 500 characters. It is in the audit log.' })
  reason!: string;

  @Field(() => String, { description: 'A day to come, such as 2027-03-31; at most two years ahead.' })
  reviewOn!: string;

  @Field(() => String, { description: 'The same key answers with the same hold.' })
  idempotencyKey!: string;
}

@InputType()
export class ReleaseLegalHoldInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: '1 to 500 characters. It is in the audit log.' })
  reason!: string;
}

export const SetLegalHoldResult = resultUnion('SetLegalHoldResult', LegalHoldType, [
  InvalidInput,
  NotFound,
  ErasureUnderWay,
  IdempotencyConflict,
]);
export const ReleaseLegalHoldResult = resultUnion('ReleaseLegalHoldResult', LegalHoldType, [InvalidInput, NotFound]);
