import { DateTime, enumOf, IdempotencyConflict, InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { DocumentLanguageEnum, type DocumentLanguage } from '@fenster/documents';
import { JobStateEnum, type JobState } from '@fenster/jobs';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { MemberReference } from '../price-books/price-book.types.js';
import { CostReportPeriod } from '../reports/cost-report.types.js';
import { COLUMN_SETS, type ColumnSet } from './columns.js';
import { JOB_KINDS, type CostJobKind } from './cost-jobs.js';
import { NUMBER_FORMATS, type ExportSettings, type NumberFormat } from './export.job.js';

const KindEnum = enumOf(JOB_KINDS, {
  name: 'CostExportKind',
  description: 'COST_EXPORT: lines of the ledger, CSV or XLSX. COST_STATEMENT: of a month, for people, PDF.',
});
const ColumnSetEnum = enumOf(COLUMN_SETS, {
  name: 'CostExportColumns',
  description:
    'LEDGER: all that an entry says. FOCUS: version 1.2 of the FinOps Open Cost and Usage Specification, what is charged only.',
});
const FormatEnum = enumOf(['CSV', 'XLSX'] as const, { name: 'CostExportFormat' });
const NumberFormatEnum = enumOf(NUMBER_FORMATS, {
  name: 'CsvNumberFormat',
  description: 'ENGLISH: `1.5`, cells separated by commas. GERMAN: `1,5`, separated by semicolons.',
});

@ObjectType({ description: 'Days, both included, `YYYY-MM-DD`.' })
export class CostExportPeriod {
  @Field(() => String)
  from!: string;

  @Field(() => String)
  to!: string;
}

@ObjectType({
  description:
    'A file of costs, or the work on it. It survives crashes; then the file is begun anew, with the same lines.',
})
export class CostExport {
  @Field(() => ID)
  id!: string;

  @Field(() => KindEnum)
  kind!: CostJobKind;

  @Field(() => JobStateEnum)
  state!: JobState;

  @Field(() => Int, { description: 'How many lines are written. A statement is one.' })
  position!: number;

  @Field(() => Int, { nullable: true, description: 'How many there are; null as long as they are not counted.' })
  total!: number | null;

  @Field(() => String, { nullable: true, description: 'Of a FAILED one, for programs: `INTERNAL`.' })
  failure!: string | null;

  @Field(() => CostExportPeriod)
  period?: CostExportPeriod;

  @Field(() => String, { description: 'What a browser calls it.' })
  fileName?: string;

  @Field(() => MemberReference, { nullable: true, description: 'Null if a program asked for it.' })
  createdBy?: MemberReference | null;

  @Field(() => DateTime, { description: 'What was recorded later is not in it.' })
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  endedAt!: Date | null;
}

@ObjectType({ description: 'A page of cost exports, the newest first.' })
export class CostExportPage {
  @Field(() => [CostExport])
  nodes!: CostExport[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

const KEY = 'Of your choice, 1 to 200 characters: the same key starts one export.';

@InputType()
export class StartCostExportInput {
  @Field(() => CostReportPeriod)
  period!: CostReportPeriod;

  @Field(() => ColumnSetEnum, { defaultValue: 'LEDGER' })
  columns!: ColumnSet;

  @Field(() => FormatEnum, {
    description:
      'CSV: text that a spreadsheet would run begins with an apostrophe. XLSX: more than 1,048,575 lines go on in further sheets.',
  })
  format!: ExportSettings['format'];

  @Field(() => NumberFormatEnum, { defaultValue: 'ENGLISH', description: 'Of a CSV. FOCUS wants ENGLISH.' })
  numberFormat!: NumberFormat;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Of a CSV, which is UTF-8: whether it begins with a byte order mark, by which Excel sees that.',
  })
  withByteOrderMark!: boolean;

  @Field(() => String, { description: KEY })
  idempotencyKey!: string;
}

@InputType()
export class StartCostStatementInput {
  @Field(() => String, { description: '`YYYY-MM`' })
  month!: string;

  @Field(() => DocumentLanguageEnum)
  language!: DocumentLanguage;

  @Field(() => String, { description: KEY })
  idempotencyKey!: string;
}

const REFUSALS = [InvalidInput, IdempotencyConflict];
export const StartCostExportResult = resultUnion('StartCostExportResult', CostExport, REFUSALS);
export const StartCostStatementResult = resultUnion('StartCostStatementResult', CostExport, REFUSALS);
export const CancelCostExportResult = resultUnion('CancelCostExportResult', CostExport, [NotFound]);
