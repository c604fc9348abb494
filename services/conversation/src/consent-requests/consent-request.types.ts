import { DateTime, enumOf, IdempotencyConflict, registerUserError, resultUnion, UserError } from '@fenster/graphql';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { BUDGET_OVERRIDE } from '../budgets/budget-gate.rule.js';
import { BudgetOverrideRefused } from '../budgets/budget-refusal.types.js';
import { SEND_GATE_REFUSALS } from '../messages/message.types.js';
import { CONSENT_ANSWERS, type ConsentAnswer } from './consent-request.entity.js';
import { NOT_ASKABLE, type NotAskable } from './may-ask.rule.js';

const ConsentAnswerEnum = enumOf(CONSENT_ANSWERS, {
  name: 'ConsentAnswer',
  description:
    'EXPIRED: nobody answered in time. STOPPED: the person wrote STOP meanwhile, so it counts no longer. UNDELIVERED: the question never arrived.',
});
const NotAskableEnum = enumOf(NOT_ASKABLE, { name: 'ConsentNotAskableReason' });
const SignUpSourceEnum = enumOf(['FORM', 'QR'] as const, { name: 'ConsentSignUpSource' });

@ObjectType('ConsentRequest', {
  description:
    'A person was asked to agree to something, with its published text. Only a plain yes counts: on the button below it, as an answer to it, or written while nobody has sent anything since.',
})
export class ConsentRequestType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'The key of the purpose.' })
  purpose!: string;

  @Field(() => String, { description: 'BCP 47, of the text.' })
  locale!: string;

  @Field(() => String, { description: 'Of the text: see `consentText`.' })
  textHash!: string;

  @Field(() => DateTime)
  askedAt!: Date;

  @Field(() => DateTime, { description: 'Until then it may be answered.' })
  expiresAt!: Date;

  @Field(() => ConsentAnswerEnum, { nullable: true, description: 'Null while it is open.' })
  answer?: ConsentAnswer | null;

  @Field(() => DateTime, { nullable: true })
  answeredAt?: Date | null;
}

@InputType({
  description: 'Where the person asked to be asked, elsewhere than in the chat. It is kept as evidence in the ledger.',
})
export class ConsentSignUpInput {
  @Field(() => SignUpSourceEnum)
  source!: 'FORM' | 'QR';

  @Field(() => DateTime, {
    description: 'When they did so: not in the future, and after they last said no, if they did.',
  })
  signedUpAt!: Date;

  @Field(() => String, {
    description: 'By what the form’s own log knows it: 1 to 200 characters. It is a reason to ask once.',
  })
  formRequestId!: string;

  @Field(() => String, { nullable: true, description: 'Of the page, https.' })
  formUrl?: string | null;
}

@InputType()
export class RequestConsentInput {
  @Field(() => ID, { nullable: true, description: 'Ask in this conversation. This, or `channelId` with `phone`.' })
  conversationId?: string | null;

  @Field(() => ID, { nullable: true, description: 'The channel to ask over.' })
  channelId?: string | null;

  @Field(() => String, { nullable: true, description: 'Of whom to ask, in E.164 with the plus sign.' })
  phone?: string | null;

  @Field(() => String, { description: 'The key of the purpose.' })
  purpose!: string;

  @Field(() => String, {
    nullable: true,
    description: 'BCP 47. Without it, the language of the number’s country, else English, else any that there is.',
  })
  locale?: string | null;

  @Field(() => ConsentSignUpInput, {
    nullable: true,
    description:
      'Needed for who has not written in the last 24 hours, and for who has said no before. Needs consent:record.',
  })
  signUp?: ConsentSignUpInput | null;

  @Field(() => String, { nullable: true, description: BUDGET_OVERRIDE })
  budgetOverride?: string | null;

  @Field(() => String, {
    description:
      'Of your choice, 1 to 200 characters: the same key with the same input asks once, however often it is called.',
  })
  idempotencyKey!: string;
}

@ObjectType({ implements: UserError, description: 'This person must not be asked, or not now.' })
export class ConsentNotAskable extends UserError {
  @Field(() => NotAskableEnum)
  why!: NotAskable;

  @Field(() => DateTime, { nullable: true, description: 'Ask again after this.' })
  until!: Date | null;
}

@ObjectType({ implements: UserError, description: 'Nothing is published to ask with: see `publishConsentText`.' })
export class ConsentTextMissing extends UserError {}

@ObjectType({
  implements: UserError,
  description: 'No service window is open, and no approved template says what has to be asked.',
})
export class ConsentTemplateMissing extends UserError {
  @Field(() => String, {
    description: 'What a UTILITY template has to say, word for word; quick replies for yes and no may follow.',
  })
  wording!: string;
}

registerUserError(ConsentNotAskable, 'CONSENT_NOT_ASKABLE');
registerUserError(ConsentTextMissing, 'CONSENT_TEXT_MISSING');
registerUserError(ConsentTemplateMissing, 'CONSENT_TEMPLATE_MISSING');

export const RequestConsentResult = resultUnion('RequestConsentResult', ConsentRequestType, [
  ...SEND_GATE_REFUSALS,
  BudgetOverrideRefused,
  IdempotencyConflict,
  ConsentNotAskable,
  ConsentTextMissing,
  ConsentTemplateMissing,
]);
