import { DateTime, InvalidInput, NotFound, registerUserError, resultUnion, UserError } from '@fenster/graphql';
import { Field, ID, InputType, ObjectType } from 'type-graphql';

@ObjectType('ConsentReceipt', {
  description:
    'What a person keeps of a consent: all that was said of it until then, in the shape of ISO/IEC TS 27560 and of Kantara’s consent receipt, signed. Never changes; where the consent stands now is at its address.',
})
export class ConsentReceiptType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'The key of the purpose.' })
  purpose!: string;

  @Field(() => DateTime)
  issuedAt!: Date;

  @Field(() => String, {
    description: 'The signed receipt, a compact JWS (Ed25519). Its keys are at the `jwks_uri` that it names.',
  })
  jws!: string;
}

@InputType()
export class IssueConsentReceiptInput {
  @Field(() => ID)
  contactId!: string;

  @Field(() => ID, { description: 'From where messages are sent.' })
  channelId!: string;

  @Field(() => String, { description: 'The key of the purpose.' })
  purpose!: string;
}

@ObjectType({ implements: UserError, description: 'The person has never agreed to this there.' })
export class ConsentNeverGiven extends UserError {}

@ObjectType({
  implements: UserError,
  description: 'Nobody has said who is responsible for the data: see `setDataController`.',
})
export class DataControllerMissing extends UserError {}

registerUserError(ConsentNeverGiven, 'CONSENT_NEVER_GIVEN');
registerUserError(DataControllerMissing, 'DATA_CONTROLLER_MISSING');

export const IssueConsentReceiptResult = resultUnion('IssueConsentReceiptResult', ConsentReceiptType, [
  NotFound,
  InvalidInput,
  ConsentNeverGiven,
  DataControllerMissing,
]);
