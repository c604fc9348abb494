import { analyticsGranularity, type AnalyticsGranularity } from '@fenster/contracts';
import {
  DateTime,
  enumOf,
  Forbidden,
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { Money } from '../charges/charge.types.js';
import { PeriodRefused } from '../periods/period.resolver.js';
import { PriceBookProblem } from '../price-books/price-book.types.js';
import { SOURCES, type Source } from './compare-month.js';
import { CAUSES, type Cause } from './explain-differences.rule.js';
import { RECONCILIATION_STATES, type ReconciliationState } from './reconciliation.entity.js';

export const AnalyticsGranularityEnum = enumOf(analyticsGranularity.options, {
  name: 'AnalyticsGranularity',
  description: 'In what periods the provider adds up. Days and months are those of the account’s time zone.',
});
const SourceEnum = enumOf(SOURCES, {
  name: 'ReconciliationSource',
  description: 'ANALYTICS: what the provider counted, and about what it costs. INVOICE: what it has charged.',
});
const CauseEnum = enumOf(CAUSES, {
  name: 'DifferenceCause',
  description:
    'MISSING_STATUS: sent by us, and no status told of its delivery or price. DIFFERENT_CATEGORY: under another category. DIFFERENT_TYPE: free instead of charged, or the other way round. LATE_DELIVERY: delivered at an end of the month, and counted in another one. DIFFERENT_TIER: at the price of another volume. CURRENCY_ROUNDING: not more than rounding is. UNEXPLAINED: none of these.',
});
const ReconciliationStateEnum = enumOf(RECONCILIATION_STATES, {
  name: 'ReconciliationState',
  description: 'DRAFT: proposed, and waits for a second person. ACCEPTED: entered in the ledger. DISCARDED: never was.',
});

@ObjectType()
export class ReconciledFigures {
  @Field(() => Int)
  messages!: number;

  @Field(() => Money, { nullable: true, description: 'Null: the provider tells no cost.' })
  amount!: Money | null;
}

@ObjectType({ description: 'What is to be added to the ledger, and why.' })
export class LineDifference {
  @Field(() => SourceEnum, { description: 'With what it is compared.' })
  against!: Source;

  @Field(() => CauseEnum)
  cause!: Cause;

  @Field(() => Int)
  messages!: number;

  @Field(() => Money)
  amount!: Money;

  @Field(() => ID, { nullable: true, description: 'The line in which the other side has them.' })
  counterpartId!: string | null;
}

@ObjectType({ description: 'The provider’s price of a month in one market, category and type.' })
export class ReconciliationLine {
  @Field(() => ID, { description: 'The same in every month.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'Null: the country is not known.' })
  market!: string | null;

  @Field(() => String)
  category!: string;

  @Field(() => String, { nullable: true, description: 'Null: charged.' })
  freeReason!: string | null;

  @Field(() => ReconciledFigures)
  ledger!: ReconciledFigures;

  @Field(() => ReconciledFigures, { nullable: true, description: 'Null: nothing was read of this month.' })
  analytics!: ReconciledFigures | null;

  @Field(() => ReconciledFigures, {
    nullable: true,
    description: 'Null: there is none, or it has no line of that, as of what is free.',
  })
  invoice!: ReconciledFigures | null;

  @Field(() => [LineDifference], { description: 'They add up to the whole difference from each source.' })
  differences!: LineDifference[];
}

@ObjectType()
export class AnalyticsReading {
  @Field(() => String, { description: 'At the provider.' })
  accountId!: string;

  @Field(() => AnalyticsGranularityEnum)
  granularity!: AnalyticsGranularity;

  @Field(() => DateTime)
  readAt!: Date;
}

@ObjectType({ description: 'What is going to be read. See `ReconciliationReport.readings`.' })
export class AnalyticsRequest {
  @Field(() => String)
  month!: string;

  @Field(() => AnalyticsGranularityEnum)
  granularity!: AnalyticsGranularity;
}

@ObjectType('Invoice', { description: 'What the provider has charged in a month, in one currency.' })
export class InvoiceType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  month!: string;

  @Field(() => String)
  currency!: string;

  @Field(() => String)
  note!: string;

  @Field(() => DateTime)
  importedAt!: Date;
}

@ObjectType({
  description:
    'From when on the provider charges the price of another volume. What is delivered since then is rated by it, and not by what we have counted.',
})
export class VolumeTierReached {
  @Field(() => String)
  market!: string;

  @Field(() => String)
  category!: string;

  @Field(() => String, {
    description: 'The messages of a month that have its price, as in `100001:1000000` or `1000001:MAX`.',
  })
  tier!: string;

  @Field(() => DateTime)
  since!: Date;

  @Field(() => String, {
    nullable: true,
    description:
      'Where we were then by our own count, which knows nothing of what others send for this business. Another tier than `tier` is a difference. Null: we have delivered nothing that counts.',
  })
  ours!: string | null;
}

@ObjectType({
  description:
    'A month by the ledger, by the provider’s analytics and by its invoice, by the days of delivery. Fees of partners and tax are in none.',
})
export class ReconciliationReport {
  @Field(() => String)
  month!: string;

  @Field(() => String)
  currency!: string;

  @Field(() => [AnalyticsReading])
  readings!: AnalyticsReading[];

  @Field(() => InvoiceType, { nullable: true, description: 'The latest.' })
  invoice!: InvoiceType | null;

  @Field(() => [VolumeTierReached], { description: 'As the provider has told, whatever the currency.' })
  volumeTiers!: VolumeTierReached[];

  @Field(() => [ReconciliationLine])
  lines!: ReconciliationLine[];
}

@ObjectType()
export class ProposedCorrection {
  @Field(() => ID)
  lineId!: string;

  @Field(() => String, { nullable: true })
  market!: string | null;

  @Field(() => String)
  category!: string;

  @Field(() => String, { nullable: true })
  freeReason!: string | null;

  @Field(() => Int, { description: 'To be added to the ledger, or taken from it.' })
  messages!: number;

  @Field(() => Money)
  amount!: Money;

  @Field(() => [LineDifference])
  differences!: LineDifference[];
}

@ObjectType('Reconciliation', { description: 'Corrections that make the ledger say what the provider says.' })
export class ReconciliationType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  month!: string;

  @Field(() => String)
  currency!: string;

  @Field(() => SourceEnum)
  against!: Source;

  @Field(() => String)
  note!: string;

  @Field(() => ReconciliationStateEnum)
  state!: ReconciliationState;

  @Field(() => DateTime)
  proposedAt!: Date;

  @Field(() => DateTime, { nullable: true })
  decidedAt!: Date | null;
}

@ObjectType()
export class ReconciliationPage {
  @Field(() => [ReconciliationType])
  nodes!: ReconciliationType[];

  @Field(() => String, { nullable: true, description: 'Hand it back as `after` for the next page.' })
  nextPage!: string | null;
}

@InputType()
export class ImportInvoiceInput {
  @Field(() => String, { description: '`YYYY-MM`' })
  month!: string;

  @Field(() => String, { description: 'ISO 4217.' })
  currency!: string;

  @Field(() => String, {
    description:
      'A file as `market,category,tier,messages,amount`; at most 1,000,000 characters. `market` may be a country. Charged messages only, without tax.',
  })
  csv!: string;

  @Field(() => String, { description: 'Its number, for example; 1 to 500 characters.' })
  note!: string;

  @Field(() => String)
  idempotencyKey!: string;
}

@InputType()
export class ProposeReconciliationInput {
  @Field(() => String, { description: '`YYYY-MM`' })
  month!: string;

  @Field(() => String, { description: 'ISO 4217.' })
  currency!: string;

  @Field(() => SourceEnum)
  against!: Source;

  @Field(() => [ID], { nullable: true, description: 'Only these lines. Absent: all that differ.' })
  lineIds?: string[] | null;

  @Field(() => String, { description: 'For whoever decides on it; 1 to 500 characters.' })
  note!: string;

  @Field(() => String)
  idempotencyKey!: string;
}

@ObjectType({ implements: UserError, description: 'The file has mistakes, so nothing of it was taken.' })
export class InvoiceInvalid extends UserError {
  @Field(() => [PriceBookProblem], { description: 'The first 200.' })
  problems!: PriceBookProblem[];

  @Field(() => Int)
  problemCount!: number;
}
registerUserError(InvoiceInvalid, 'INVOICE_INVALID');

@ObjectType({
  implements: UserError,
  description:
    'NOTHING_TO_RECONCILE: this source says nothing else. COST_UNKNOWN: it tells no cost of a line. RECONCILIATION_SECOND_PERSON: whoever proposed it cannot accept it. RECONCILIATION_DECIDED: it is no draft any more. RECONCILIATION_OUTDATED: the ledger or the provider says something else by now; propose it again.',
})
export class ReconciliationRefused extends UserError {}
registerUserError(
  ReconciliationRefused,
  'NOTHING_TO_RECONCILE',
  'COST_UNKNOWN',
  'RECONCILIATION_SECOND_PERSON',
  'RECONCILIATION_DECIDED',
  'RECONCILIATION_OUTDATED',
);

export const RequestPricingAnalyticsResult = resultUnion('RequestPricingAnalyticsResult', AnalyticsRequest, [
  InvalidInput,
]);
export const ImportInvoiceResult = resultUnion('ImportInvoiceResult', InvoiceType, [
  InvalidInput,
  IdempotencyConflict,
  Forbidden,
  InvoiceInvalid,
]);
export const AcceptReconciliationResult = resultUnion('AcceptReconciliationResult', ReconciliationType, [
  NotFound,
  Forbidden,
  ReconciliationRefused,
]);
export const DiscardReconciliationResult = resultUnion('DiscardReconciliationResult', ReconciliationType, [
  NotFound,
  ReconciliationRefused,
]);
export const ProposeReconciliationResult = resultUnion('ProposeReconciliationResult', ReconciliationType, [
  InvalidInput,
  IdempotencyConflict,
  Forbidden,
  PeriodRefused,
  ReconciliationRefused,
]);
