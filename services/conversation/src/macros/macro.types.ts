import {
  DateTime,
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { BUDGET_OVERRIDE } from '../budgets/budget-gate.rule.js';
import { BudgetOverrideRefused } from '../budgets/budget-refusal.types.js';
import { ManageRequired, SharingEnum, type Sharing } from '../canned-responses/sharing.js';
import { ConversationType } from '../conversations/conversation.types.js';
import { MacroStep } from './macro-step.types.js';
import { MAX_STEPS } from './macro-steps.rule.js';

const STEPS = `1 to ${MAX_STEPS}, in the order in which they are done.`;
export const MAX_NAME_LENGTH = 100;

@ObjectType('Macro', { description: 'Several changes of a conversation that belong together.' })
export class MacroType {
  @Field(() => ID)
  id!: string;

  @Field(() => SharingEnum)
  sharing!: Sharing;

  @Field(() => String)
  name!: string;

  @Field(() => [MacroStep], { description: STEPS })
  steps!: MacroStep[];

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime)
  updatedAt!: Date;
}

@ObjectType({ description: 'Macros, the newest first.' })
export class MacroPage {
  @Field(() => [MacroType])
  nodes!: MacroType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@InputType()
export class CreateMacroInput {
  @Field(() => SharingEnum)
  sharing!: Sharing;

  @Field(() => ID, { nullable: true, description: 'With TEAM.' })
  teamId?: string | null;

  @Field(() => String, { description: `1 to ${MAX_NAME_LENGTH} characters.` })
  name!: string;

  @Field(() => [MacroStep], { description: STEPS })
  steps!: MacroStep[];

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key creates one.' })
  idempotencyKey!: string;
}

@InputType({ description: 'What is left out stays as it is.' })
export class UpdateMacroInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true })
  name?: string | null;

  @Field(() => [MacroStep], { nullable: true, description: STEPS })
  steps?: MacroStep[] | null;
}

@InputType()
export class RunMacroInput {
  @Field(() => ID)
  macroId!: string;

  @Field(() => ID)
  conversationId!: string;

  @Field(() => Int, { nullable: true, description: 'As with sendMessage: refused if somebody wrote since.' })
  expectedLastSeq?: number | null;

  @Field(() => String, { nullable: true, description: BUDGET_OVERRIDE })
  budgetOverride?: string | null;

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key runs it once.' })
  idempotencyKey!: string;
}

@ObjectType({ implements: UserError, description: 'One of the steps cannot be done now, so none was.' })
export class MacroRefused extends UserError {
  @Field(() => Int, { description: 'Which one, from 0.' })
  step!: number;

  @Field(() => String, { description: 'The code with which the mutation of that step would be refused.' })
  stepCode!: string;
}
registerUserError(MacroRefused, 'MACRO_REFUSED');

@ObjectType()
export class MacroDeleted {
  @Field(() => ID)
  id!: string;
}

export const CreateMacroResult = resultUnion('CreateMacroResult', MacroType, [
  InvalidInput,
  NotFound,
  ManageRequired,
  IdempotencyConflict,
]);
export const UpdateMacroResult = resultUnion('UpdateMacroResult', MacroType, [InvalidInput, NotFound, ManageRequired]);
export const DeleteMacroResult = resultUnion('DeleteMacroResult', MacroDeleted, [NotFound, ManageRequired]);
export const RunMacroResult = resultUnion('RunMacroResult', ConversationType, [
  InvalidInput,
  NotFound,
  MacroRefused,
  BudgetOverrideRefused,
  IdempotencyConflict,
]);
