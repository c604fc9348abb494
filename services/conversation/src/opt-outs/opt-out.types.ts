import { DateTime, enumOf, InvalidInput, NotFound, registerUserError, resultUnion, UserError } from '@fenster/graphql';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { ConversationType } from '../conversations/conversation.types.js';
import { MessageObject } from '../messages/message.types.js';
import { OPT_OUT_DECISIONS, type OptOutDecision } from './opt-out-question.entity.js';

export const OptOutDecisionEnum = enumOf(OPT_OUT_DECISIONS, {
  name: 'OptOutDecision',
  description: 'Whether the customer asks to get no marketing any more.',
});

@ObjectType('OptOutQuestion', {
  description: 'The customer wrote a word that ends marketing, among others: read it, and say what they want.',
})
export class OptOutQuestionType {
  @Field(() => MessageObject)
  message!: MessageObject;

  @Field(() => DateTime)
  askedAt!: Date;
}

@ObjectType('OptOutWord', {
  description: 'Whoever writes nothing but this gets no marketing any more, before anybody sees the message.',
})
export class OptOutWordType {
  @Field(() => String, { description: 'Without accents and marks, in small letters: as it is compared.' })
  word!: string;

  @Field(() => String, { nullable: true, description: 'BCP 47; null for what people of many languages write.' })
  locale!: string | null;

  @Field(() => Boolean, {
    description: 'A word of everyday sentences: then sentences with it ask nobody to decide.',
  })
  isEveryday!: boolean;

  @Field(() => Boolean, { description: 'Every workspace has it from the beginning.' })
  isBuiltIn!: boolean;

  @Field(() => Boolean)
  isActive!: boolean;
}

@InputType()
export class SetOptOutWordInput {
  @Field(() => String, { description: '1 to 60 letters, digits and spaces; case, accents and marks do not count.' })
  word!: string;

  @Field(() => String, { nullable: true, description: 'BCP 47, such as de.' })
  locale?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'A word of everyday sentences; false unless given.' })
  isEveryday?: boolean | null;

  @Field(() => Boolean, {
    description: 'False takes it away: one of your own is gone, a built-in one is switched off.',
  })
  isActive!: boolean;
}

@ObjectType('OptOutText', {
  description: 'What customers read who have written STOP in this language, in place of Fenster’s words.',
})
export class OptOutTextType {
  @Field(() => String, { description: 'BCP 47, such as de.' })
  locale!: string;

  @Field(() => String, { description: 'Empty once it was taken away.' })
  text!: string;
}

@InputType()
export class SetOptOutTextInput {
  @Field(() => String, { description: 'BCP 47, such as de.' })
  locale!: string;

  @Field(() => String, {
    description: 'At most 1000 characters: that it is done, and no advertising. Empty for Fenster’s words.',
  })
  text!: string;
}

@InputType()
export class DecideOptOutInput {
  @Field(() => ID)
  messageId!: string;

  @Field(() => OptOutDecisionEnum)
  decision!: OptOutDecision;
}

@ObjectType({ implements: UserError, description: 'Somebody has decided otherwise meanwhile.' })
export class OptOutDecidedOtherwise extends UserError {}

registerUserError(OptOutDecidedOtherwise, 'OPT_OUT_DECIDED');

export const SetOptOutWordResult = resultUnion('SetOptOutWordResult', OptOutWordType, [InvalidInput]);
export const SetOptOutTextResult = resultUnion('SetOptOutTextResult', OptOutTextType, [InvalidInput]);
export const DecideOptOutResult = resultUnion('DecideOptOutResult', ConversationType, [
  NotFound,
  OptOutDecidedOtherwise,
]);
