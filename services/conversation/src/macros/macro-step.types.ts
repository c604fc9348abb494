import { enumOf } from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';

export const MACRO_STEP_KINDS = [
  'RESOLVE',
  'REOPEN',
  'SET_PENDING',
  'SNOOZE',
  'ASSIGN',
  'ASSIGN_TEAM',
  'LABEL',
  'NOTE',
  'REPLY',
] as const;
export type MacroStepKind = (typeof MACRO_STEP_KINDS)[number];
const MacroStepKindEnum = enumOf(MACRO_STEP_KINDS, { name: 'MacroStepKind' });

/** Stored as it is given. */
@ObjectType('MacroStep', { description: 'One change. What the mutation of the same name for one conversation does.' })
@InputType('MacroStepInput', { description: 'One change; other fields than those of its kind are refused.' })
export class MacroStep {
  @Field(() => MacroStepKindEnum)
  kind!: MacroStepKind;

  @Field(() => String, {
    nullable: true,
    description: 'RESOLVE, REOPEN, SET_PENDING, SNOOZE, ASSIGN, ASSIGN_TEAM: why.',
  })
  reason?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'SNOOZE: until the customer writes.' })
  untilNextMessage?: boolean | null;

  @Field(() => Int, { nullable: true, description: 'SNOOZE: until so many hours before the service window closes.' })
  hoursBeforeWindowCloses?: number | null;

  @Field(() => Int, { nullable: true, description: 'SNOOZE: for so many minutes, at most 525,600.' })
  minutes?: number | null;

  @Field(() => ID, { nullable: true, description: 'ASSIGN; null for whoever runs the macro.' })
  memberId?: string | null;

  @Field(() => ID, { nullable: true, description: 'ASSIGN_TEAM; null for none.' })
  teamId?: string | null;

  @Field(() => [ID], { nullable: true, description: 'LABEL: to set.' })
  labelIds?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'LABEL: to take off.' })
  unsetLabelIds?: string[] | null;

  @Field(() => String, { nullable: true, description: 'NOTE or REPLY; placeholders as in canned responses.' })
  text?: string | null;

  @Field(() => ID, { nullable: true, description: 'REPLY, instead of a text: a canned response that you may use.' })
  cannedResponseId?: string | null;
}
