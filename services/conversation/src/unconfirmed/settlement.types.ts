import { DateTime, enumOf, registerUserError, resultUnion, UserError } from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ActorType } from '../activities/actor.types.js';
import { BUDGET_OVERRIDE } from '../budgets/budget-gate.rule.js';
import { BudgetOverrideRefused } from '../budgets/budget-refusal.types.js';
import { UNCONFIRMED_DECISIONS, type UnconfirmedDecision } from '../messages/message.entity.js';
import { MessageObject, SEND_GATE_REFUSALS } from '../messages/message.types.js';

const UnconfirmedDecisionEnum = enumOf(UNCONFIRMED_DECISIONS, {
  name: 'UnconfirmedDecision',
  description: 'SEND_AGAIN: as a message of its own. TAKE_AS_SENT: it counts as SENT until a status says otherwise.',
});

@ObjectType({ description: 'What somebody decided of a message of which nobody knew whether it was sent.' })
export class MessageSettlement {
  @Field(() => UnconfirmedDecisionEnum)
  decision!: UnconfirmedDecision;

  @Field(() => ActorType)
  by!: ActorType;

  @Field(() => DateTime)
  settledAt!: Date;

  @Field(() => MessageObject, { nullable: true, description: 'Of SEND_AGAIN: the one that was sent in its place.' })
  resentAs!: MessageObject | null;
}

@InputType()
export class SettleUnconfirmedMessageInput {
  @Field(() => ID)
  messageId!: string;

  @Field(() => UnconfirmedDecisionEnum)
  decision!: UnconfirmedDecision;

  @Field(() => Int, {
    nullable: true,
    description: 'The last `seq` you have seen: sending again is refused if somebody wrote since.',
  })
  expectedLastSeq?: number | null;

  @Field(() => String, { nullable: true, description: `Of SEND_AGAIN. ${BUDGET_OVERRIDE}` })
  budgetOverride?: string | null;
}

@ObjectType({
  implements: UserError,
  description: 'There is nothing to decide: what became of the message is known, or somebody decided otherwise.',
})
export class NotUnconfirmed extends UserError {}
registerUserError(NotUnconfirmed, 'NOT_UNCONFIRMED');

export const SettleUnconfirmedMessageResult = resultUnion('SettleUnconfirmedMessageResult', MessageObject, [
  ...SEND_GATE_REFUSALS,
  BudgetOverrideRefused,
  NotUnconfirmed,
]);
