import {
  DateTime,
  enumOf,
  IdempotencyConflict,
  Forbidden,
  InvalidInput,
  Micros,
  NotFound,
  resultUnion,
} from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { Money } from '../charges/charge.types.js';
import { BUDGET_ACTIONS, BUDGET_CATEGORIES, type BudgetAction, type BudgetLevel } from './budget.rule.js';

export const BudgetActionEnum = enumOf(BUDGET_ACTIONS, {
  name: 'BudgetAction',
  description:
    'WARN: nothing but warnings. HOLD: replies that it is for wait as `heldMessages` until another member with message:approve lets them leave, newsletters are paused until one approves them, and what cannot wait is refused. STOP: messages that it is for are refused until the month is over, or somebody raises it; a member with cost:manage can send one nevertheless, with a reason.',
});
const BudgetEnforcementEnum = enumOf(['NONE', 'HOLD', 'STOP'], { name: 'BudgetEnforcement' });

@ObjectType('Budget', { description: 'How much may be spent in each month, and what happens then.' })
export class BudgetType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true, description: `One of ${BUDGET_CATEGORIES.join(', ')}; null for all.` })
  category!: string | null;

  @Field(() => [Int], { description: 'At which shares of the limit people are warned, in percent.' })
  warnPercents!: number[];

  @Field(() => BudgetActionEnum)
  atLimit!: BudgetAction;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'Since then it does nothing.' })
  archivedAt!: Date | null;
}

@ObjectType({ description: 'What was spent of a budget in a month.' })
export class BudgetMonth {
  @Field(() => String, { description: '`YYYY-MM`, in the time zone of each account.' })
  month!: string;

  @Field(() => Money, { description: 'Charged, or on its way and expected to be; fees and taxes included.' })
  spent!: Money;

  @Field(() => Int, { nullable: true, description: 'The highest share that was reached, of those to be warned at.' })
  warnedPercent!: number | null;

  @Field(() => BudgetEnforcementEnum)
  enforcement!: BudgetLevel['enforcement'];
}

@InputType()
export class CreateBudgetInput {
  @Field(() => String, { description: 'At most 100 characters.' })
  name!: string;

  @Field(() => ID, { nullable: true, description: 'For conversations of this team only.' })
  teamId?: string | null;

  @Field(() => ID, { nullable: true, description: 'For this newsletter only; not together with teamId.' })
  newsletterId?: string | null;

  @Field(() => String, { nullable: true, description: `For one of ${BUDGET_CATEGORIES.join(', ')} only.` })
  category?: string | null;

  @Field(() => String, { description: 'ISO 4217. Only what is charged in it counts.' })
  currency!: string;

  @Field(() => Micros, { description: 'Of each month, in the time zone of each account.' })
  limitMicros!: number;

  @Field(() => [Int], { defaultValue: [80, 100], description: 'At most 10, from 1 to 1,000 percent.' })
  warnPercents!: number[];

  @Field(() => BudgetActionEnum, { defaultValue: 'WARN' })
  atLimit!: BudgetAction;

  @Field(() => String)
  idempotencyKey!: string;
}

@InputType({ description: 'What is absent stays as it is.' })
export class UpdateBudgetInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true })
  name?: string | null;

  @Field(() => Micros, { nullable: true })
  limitMicros?: number | null;

  @Field(() => [Int], { nullable: true })
  warnPercents?: number[] | null;

  @Field(() => BudgetActionEnum, { nullable: true })
  atLimit?: BudgetAction | null;
}

export const CreateBudgetResult = resultUnion('CreateBudgetResult', BudgetType, [
  InvalidInput,
  Forbidden,
  IdempotencyConflict,
]);
export const UpdateBudgetResult = resultUnion('UpdateBudgetResult', BudgetType, [InvalidInput, Forbidden, NotFound]);
export const ArchiveBudgetResult = resultUnion('ArchiveBudgetResult', BudgetType, [Forbidden, NotFound]);
