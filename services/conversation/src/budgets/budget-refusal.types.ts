import { DateTime, registerUserError, UserError } from '@fenster/graphql';
import { Field, ID, ObjectType } from 'type-graphql';

@ObjectType({
  implements: UserError,
  description:
    'A budget that this message would count in is used up. Somebody with cost:manage can raise it, or send this with `budgetOverride`.',
})
export class BudgetUsedUp extends UserError {
  @Field(() => ID)
  budgetId!: string;

  @Field(() => DateTime, { description: 'Then it is not used up any more.' })
  monthEndsAt!: Date;
}

@ObjectType({
  implements: UserError,
  description:
    'A budget that this message would count in is used up, and holds what counts in it until it is approved; this cannot wait. Send a reply instead, which can; or ask somebody with cost:manage to send it with `budgetOverride`, or to raise the budget.',
})
export class BudgetHeld extends UserError {
  @Field(() => ID)
  budgetId!: string;

  @Field(() => DateTime, { description: 'Then it is not used up any more.' })
  monthEndsAt!: Date;
}

@ObjectType({ implements: UserError, description: 'Only a member with cost:manage can send beyond a budget.' })
export class BudgetOverrideRefused extends UserError {}

registerUserError(BudgetUsedUp, 'BUDGET_USED_UP');
registerUserError(BudgetHeld, 'BUDGET_HELD');
registerUserError(BudgetOverrideRefused, 'BEYOND_BUDGET_RIGHTS');
