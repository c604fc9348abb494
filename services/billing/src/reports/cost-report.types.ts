import { enumOf } from '@fenster/graphql';
import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ChannelReference } from '../allowances/allowance.resolver.js';
import { Money } from '../charges/charge.types.js';
import { MemberReference } from '../price-books/price-book.types.js';

export const REPORT_DIMENSIONS = [
  'CONVERSATION',
  'CONTACT',
  'MEMBER',
  'TEAM',
  'CHANNEL',
  'MARKET',
  'CATEGORY',
  'TYPE',
  'LINE',
  'TEMPLATE',
  'NEWSLETTER',
  'LABEL',
  'DAY',
  'WEEK',
  'MONTH',
] as const;
export type ReportDimension = (typeof REPORT_DIMENSIONS)[number];

const ReportDimensionEnum = enumOf(REPORT_DIMENSIONS, {
  name: 'CostReportDimension',
  description:
    'MEMBER: who wrote it. TEAM: whose work the conversation was then. TYPE: why it was free. LINE: price, fee, tax or tokens. LABEL: those that the conversation has now; its groups overlap, and what has no label is in none. WEEK: by its Monday. CONTACT needs `contact:read`, TEAM `team:read`.',
});

@InputType({ description: 'Only what has one of these values.' })
export class CostReportFilter {
  @Field(() => ReportDimensionEnum, { description: 'No time: say `from` and `to`.' })
  dimension!: ReportDimension;

  @Field(() => [String], {
    description: 'At most 100: ids, names of markets, categories and templates. Empty text: none. Of LABEL one id.',
  })
  values!: string[];
}

@InputType({ description: 'Days, both included, `YYYY-MM-DD`, as in `Charge.bookedOn`.' })
export class CostReportPeriod {
  @Field(() => String)
  from!: string;

  @Field(() => String)
  to!: string;
}

@InputType()
export class CostReportInput {
  @Field(() => CostReportPeriod)
  period!: CostReportPeriod;

  @Field(() => CostReportPeriod, {
    nullable: true,
    description: 'An earlier one to compare with. Not where it is grouped by time.',
  })
  comparedWith?: CostReportPeriod | null;

  @Field(() => [ReportDimensionEnum], { description: 'None: one row for each currency.' })
  groupBy!: ReportDimension[];

  @Field(() => [CostReportFilter], { nullable: true })
  filters?: CostReportFilter[] | null;

  @Field(() => Int, { defaultValue: 50, description: 'Rows, at most 100.' })
  first!: number;

  @Field(() => String, { nullable: true })
  after?: string | null;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Team')
export class TeamReference {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Newsletter')
export class NewsletterReference {
  @Field(() => ID)
  id!: string;
}

@ObjectType()
export class CostReportKey {
  @Field(() => ReportDimensionEnum)
  dimension!: ReportDimension;

  @Field(() => String, { nullable: true, description: 'Null: none. Of TYPE: it was charged.' })
  value!: string | null;

  @Field(() => MemberReference, { nullable: true, description: 'Of MEMBER: who it is.' })
  member?: MemberReference | null;

  @Field(() => TeamReference, { nullable: true, description: 'Of TEAM: which one it is.' })
  team?: TeamReference | null;

  @Field(() => ChannelReference, { nullable: true, description: 'Of CHANNEL: which one it is.' })
  channel?: ChannelReference | null;

  @Field(() => NewsletterReference, {
    nullable: true,
    description: 'Of NEWSLETTER: which one it is. Null for who may not see it (`contact:manage`); `value` is its id.',
  })
  newsletter?: NewsletterReference | null;
}

@ObjectType()
export class CostReportFigures {
  @Field(() => Money)
  amount!: Money;

  @Field(() => Money, { description: 'On its way, and not charged yet.' })
  expected!: Money;

  @Field(() => Int)
  paidMessages!: number;

  @Field(() => Int)
  freeMessages!: number;
}

@ObjectType()
export class CostReportRow {
  @Field(() => [CostReportKey], { description: 'In the order of `groupBy`.' })
  keys!: CostReportKey[];

  @Field(() => CostReportFigures)
  figures!: CostReportFigures;

  @Field(() => CostReportFigures, { nullable: true, description: 'Of the period that it is compared with.' })
  earlier!: CostReportFigures | null;
}

@ObjectType({ description: 'Sums of the ledger. Each currency has rows of its own.' })
export class CostReport {
  @Field(() => [CostReportRow], { description: 'In the order of their keys.' })
  rows!: CostReportRow[];

  @Field(() => String, { nullable: true, description: 'Hand it back as `after` for the next page.' })
  nextPage!: string | null;

  @Field(() => Boolean, {
    description: 'Rows add up to more or less than the ledger: by LABEL, where no label is chosen. Else to just that.',
  })
  isOverlapping!: boolean;

  @Field(() => [CostReportFigures], {
    nullable: true,
    description: 'Where rows overlap: each entry once, whatever its labels, as long as it passes the filters.',
  })
  distinctTotals!: CostReportFigures[] | null;
}
