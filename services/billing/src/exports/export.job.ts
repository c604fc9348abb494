import type { Ctx } from '@fenster/database';
import {
  BYTE_ORDER_MARK,
  csvRows,
  ENGLISH_CSV,
  GERMAN_CSV,
  isStored,
  storeFile,
  type CsvFormat,
  type JobDefinition,
  type JobRun,
} from '@fenster/jobs';
import type { ObjectStore } from '@fenster/object-store';
import type { CostReportPeriod } from '../reports/cost-report.types.js';
import { columnsOf, type Column, type ColumnSet, type Sights } from './columns.js';
import { countLines, readLines, type LedgerLine, type LedgerRange } from './ledger-line.js';
import { xlsx } from './xlsx.js';

export const NUMBER_FORMATS = ['ENGLISH', 'GERMAN'] as const;
export type NumberFormat = (typeof NUMBER_FORMATS)[number];

export interface ExportSettings extends Sights {
  period: CostReportPeriod;
  columns: ColumnSet;
  format: 'CSV' | 'XLSX';
  numberFormat: NumberFormat;
  withByteOrderMark: boolean;
}

const CSV_FORMATS: Record<NumberFormat, CsvFormat> = { ENGLISH: ENGLISH_CSV, GERMAN: GERMAN_CSV };
/** Lines with one commit. One page of them is in memory, however many there are. */
const PAGE = 2_000;
const MAX_BYTES = 100_000_000_000;

/**
 * Writes the ledger of a period into a file, page after page, as fast as the store takes it. One that broke off begins a
 * new file: what was recorded until it was asked for stands in it, so it says the same.
 */
export function exportJob(options: { store: ObjectStore; secretKey: Buffer; pageSize?: number }): JobDefinition {
  return {
    kinds: ['COST_EXPORT'],
    async run({ job, ctx, signal, commit }: JobRun<ExportSettings>) {
      const { workspaceId, settings, resultFileId, createdAt: until } = job;
      // Whoever wrote it went away before telling so.
      if (await isStored(ctx, workspaceId, resultFileId!)) return;
      const range = { period: settings.period, until, isChargedOnly: settings.columns === 'FOCUS' };
      let position = 0;
      let total: number | undefined;
      // Beside the writing, which keeps the job ours: to count many takes longer than a job is ours without a step. Whatever
      // hinders it hinders the reading too.
      void countLines(ctx, workspaceId, range).then(
        (count) => (total = count),
        () => undefined,
      );
      const pages = pagesOf(ctx, workspaceId, range, {
        pageSize: options.pageSize ?? PAGE,
        async written(lines) {
          signal.throwIfAborted();
          position = lines;
          await commit(async () => ({ position, total }));
        },
      });
      const content = contentOf(settings, columnsOf(settings.columns, settings), pages);
      await storeFile({ ...options, ctx }, workspaceId, resultFileId!, content, {
        maxBytes: MAX_BYTES,
        replaces: true,
      });
      await commit(async () => ({ position, total: position }));
    },
  };
}

/** Reads on when what it has read is written. */
async function* pagesOf(
  ctx: Ctx,
  workspaceId: string,
  range: LedgerRange,
  { pageSize: limit, written }: { pageSize: number; written(position: number): Promise<void> },
): AsyncGenerator<LedgerLine[], void> {
  let position = 0;
  let after: LedgerLine | undefined;
  for (;;) {
    await written(position);
    const page = await readLines(ctx, workspaceId, range, { after, limit });
    if (page.length === 0) return;
    yield page;
    position += page.length;
    after = page.at(-1);
  }
}

export function contentOf<Row>(
  { format, numberFormat, withByteOrderMark }: Pick<ExportSettings, 'format' | 'numberFormat' | 'withByteOrderMark'>,
  columns: readonly Column<Row>[],
  pages: AsyncIterable<readonly Row[]>,
): AsyncGenerator<Buffer, void> {
  return format === 'XLSX' ? xlsx(columns, pages) : csv(columns, pages, CSV_FORMATS[numberFormat], withByteOrderMark);
}

async function* csv<Row>(
  columns: readonly Column<Row>[],
  pages: AsyncIterable<readonly Row[]>,
  format: CsvFormat,
  withByteOrderMark: boolean,
): AsyncGenerator<Buffer, void> {
  const header = csvRows([columns.map(({ name }) => name)], format);
  yield Buffer.from(`${withByteOrderMark ? BYTE_ORDER_MARK : ''}${header}`);
  for await (const page of pages) {
    yield Buffer.from(
      csvRows(
        page.map((row) => columns.map(({ of }) => of(row))),
        format,
      ),
    );
  }
}
