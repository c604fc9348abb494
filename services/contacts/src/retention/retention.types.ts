import {
  RETAINING_SERVICES,
  retentionClass,
  retentionOutcome,
  type RetainingService,
  type RetentionClass,
  type RetentionOutcome,
} from '@fenster/contracts';
import {
  DateTime,
  enumOf,
  IdempotencyConflict,
  InvalidInput,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { MemberReference } from '../consent/consent.types.js';
import { RETENTION_RUN_STATES, type RetentionRunState } from './retention.entity.js';

const RetentionDataEnum = enumOf(retentionClass.options, {
  name: 'RetentionDataClass',
  description:
    'MESSAGES: what was said, with the files that customers sent. NOTES: notes, drafts, messages that were held and never sent, reasons and summaries of colleagues and programs. CONTACT_DATA: name, e-mail, address, language and labels, as colleagues and imports entered them. ATTRIBUTES_…: by the retention class of the attribute. AUDIT_LOG: its oldest entries; none of it goes while anybody is held. ALERTS: of costs, with where and when they were sent, and addresses of destinations that were removed; while anybody is held, those about conversations stay. Costs and reports are in no class.',
});
const RetentionRunStateEnum = enumOf(RETENTION_RUN_STATES, {
  name: 'RetentionRunState',
  description:
    'STOPPING: somebody paused retention, set a hold or changed a rule; not all services have said yet that they stopped. STOPPED: nothing more is removed in this run; the next one goes on. COMPLETED: every service has done all of it.',
});
const RetentionOutcomeEnum = enumOf(retentionOutcome.options, {
  name: 'RetentionOutcome',
  description: 'EXPIRED: the service was down, or slow, for so long that it did not know any more who is held.',
});
const RetainingServiceEnum = enumOf(RETAINING_SERVICES, { name: 'RetainingService' });

@ObjectType('RetentionRule', { description: 'How long data of a class are kept after the last activity.' })
export class RetentionRuleType {
  @Field(() => RetentionDataEnum)
  dataClass!: RetentionClass;

  @Field(() => Int, { nullable: true, description: 'Null: kept, until somebody sets a rule.' })
  months!: number | null;

  @Field(() => Int)
  minMonths!: number;

  @Field(() => Int)
  maxMonths!: number;

  @Field(() => DateTime, { nullable: true })
  setAt!: Date | null;

  @Field(() => MemberReference, { nullable: true, description: 'Null if a program set it.' })
  setBy!: MemberReference | null;
}

@ObjectType('RetentionPause', { description: 'While there is one, nothing of the workspace is removed.' })
export class RetentionPauseType {
  @Field(() => String)
  reason!: string;

  @Field(() => DateTime)
  pausedAt!: Date;
}

@ObjectType({ description: 'What a rule said when the run began.' })
export class RetentionCutoff {
  @Field(() => RetentionDataEnum)
  dataClass!: RetentionClass;

  @Field(() => Int)
  months!: number;

  @Field(() => DateTime, { description: 'What was touched since stays.' })
  before!: Date;
}

@ObjectType('RetentionCount', {
  description: 'What a service removed in a run; in a dry run, what it would have removed then.',
})
export class RetentionCountType {
  @Field(() => RetainingServiceEnum)
  service!: RetainingService;

  @Field(() => RetentionDataEnum)
  dataClass!: RetentionClass;

  @Field(() => String, { description: '`messages`, `files`, `notes`, …' })
  what!: string;

  @Field(() => Int)
  count!: number;
}

@ObjectType({ description: 'A service has said that it is done with a run.' })
export class RetentionReport {
  @Field(() => RetainingServiceEnum)
  service!: RetainingService;

  @Field(() => RetentionOutcomeEnum)
  outcome!: RetentionOutcome;
}

@ObjectType('RetentionRun', { description: 'That services removed, or counted, what the rules let go.' })
export class RetentionRunType {
  @Field(() => ID)
  id!: string;

  @Field(() => Boolean, { description: 'Nothing is removed in a dry run.' })
  isDryRun!: boolean;

  @Field(() => RetentionRunStateEnum)
  state!: RetentionRunState;

  @Field(() => Int, { description: 'Ids of people whose data it left alone, because they are held.' })
  heldIds!: number;

  @Field(() => DateTime)
  startedAt!: Date;

  @Field(() => DateTime, { nullable: true })
  endedAt!: Date | null;

  @Field(() => String, {
    nullable: true,
    description:
      'SHA-256 over all reports (canonical JSON). The same is in the audit log, whose entries are chained. Null until it has ended.',
  })
  digest!: string | null;
}

@ObjectType({ description: 'A page of runs, the most recent first.' })
export class RetentionRunPage {
  @Field(() => [RetentionRunType])
  nodes!: RetentionRunType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@InputType()
export class SetRetentionRuleInput {
  @Field(() => RetentionDataEnum)
  dataClass!: RetentionClass;

  @Field(() => Int, { nullable: true, description: 'Within the bounds of the class; left out, it is kept.' })
  months?: number | null;
}

@InputType()
export class StartRetentionRunInput {
  @Field(() => Boolean, { description: 'Counts what would go, and changes nothing.' })
  isDryRun!: boolean;

  @Field(() => String, { description: 'The same key answers with the same run.' })
  idempotencyKey!: string;
}

@ObjectType({ implements: UserError, description: 'Nothing is removed until somebody resumes retention.' })
export class RetentionPaused extends UserError {}
registerUserError(RetentionPaused, 'RETENTION_PAUSED');

@ObjectType({ implements: UserError, description: 'A run is under way.' })
export class RetentionRunUnderWay extends UserError {}
registerUserError(RetentionRunUnderWay, 'RETENTION_RUN_UNDER_WAY');

@ObjectType({ description: 'Everything is removed again as the rules say, from the next run on.' })
export class RetentionResumed {
  @Field(() => DateTime)
  resumedAt!: Date;
}

export const SetRetentionRuleResult = resultUnion('SetRetentionRuleResult', RetentionRuleType, [InvalidInput]);
export const PauseRetentionResult = resultUnion('PauseRetentionResult', RetentionPauseType, [InvalidInput]);
export const ResumeRetentionResult = resultUnion('ResumeRetentionResult', RetentionResumed, [InvalidInput]);
export const StartRetentionRunResult = resultUnion('StartRetentionRunResult', RetentionRunType, [
  RetentionPaused,
  RetentionRunUnderWay,
  InvalidInput,
  IdempotencyConflict,
]);
