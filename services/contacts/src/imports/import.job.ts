import { sql, type Ctx, type Tx } from '@fenster/database';
import { JobFailedError, NoSuchFileError, readFile, type JobDefinition, type JobRun } from '@fenster/jobs';
import type { ObjectStore } from '@fenster/object-store';
import type { PersonMark } from '@fenster/runtime';
import { ContactAttribute } from '../attributes/attribute.entity.js';
import type { ConsentSigner } from '../consent/consent-signer.js';
import { ContactLabel } from '../labels/contact-label.entity.js';
import { importRows, type ImportBatch, type Row, type RowReport } from './import-batch.js';
import type { ImportPlan, ImportSettings } from './import.rule.js';
import { readCsv, UnreadableFileError } from './read-csv.js';

/** Rows with one commit. More would be hardly faster, and lock longer. */
const BATCH_ROWS = 1_000;

export interface ImportJobOptions {
  store: ObjectStore;
  secretKey: Buffer;
  signer: () => ConsentSigner;
  markOf: PersonMark;
}

/** Streams a file into contacts, batch after batch. However long the file is, one batch of it is in memory. */
export function importJob({ store, secretKey, signer, markOf }: ImportJobOptions): JobDefinition {
  return {
    kinds: ['CONTACT_IMPORT', 'CONTACT_IMPORT_DRY_RUN'],
    async run({ job, ctx, signal, commit }: JobRun<ImportSettings>) {
      const { workspaceId, id: jobId, settings } = job;
      const fileId = job.fileId!;
      const batch: ImportBatch = {
        workspaceId,
        jobId,
        fileId,
        isDryRun: job.kind === 'CONTACT_IMPORT_DRY_RUN',
        settings,
        plan: await makePlan(ctx, workspaceId, settings),
        signingKey: await signer().key(),
        markOf,
      };
      const sizeBytes = await sizeOf(ctx, workspaceId, fileId);
      try {
        const records = readCsv(readFile({ ctx, store, secretKey }, workspaceId, fileId), settings);
        for await (const { rows, bytes, isLast } of batchesOf(records, job.position)) {
          signal.throwIfAborted();
          const position = rows.at(-1)?.number ?? job.position;
          await commit(async (tx) => {
            const reports = await importRows(tx, batch, rows);
            await storeReports(tx, batch, reports);
            if (isLast && batch.isDryRun) await forgetKeys(tx, batch);
            // Nobody has counted the rows before they have been read.
            const total = isLast ? position : Math.ceil((position * sizeBytes) / Math.max(bytes, 1));
            return { position, total, counts: countsOf(reports) };
          });
        }
      } catch (error) {
        if (error instanceof UnreadableFileError) throw new JobFailedError(error.reason);
        if (error instanceof NoSuchFileError) throw new JobFailedError('FILE_EXPIRED');
        throw error;
      }
    },
  };
}

/** From the row after `done` on; the last batch says so, and may be empty. */
async function* batchesOf(
  records: AsyncGenerator<{ cells: string[]; bytes: number }, void>,
  done: number,
): AsyncGenerator<{ rows: Row[]; bytes: number; isLast: boolean }, void> {
  // The header is row 0.
  let number = -1;
  let rows: Row[] = [];
  let bytes = 0;
  for await (const record of records) {
    number += 1;
    if (number === 0 || number <= done) continue;
    if (rows.length === BATCH_ROWS) {
      yield { rows, bytes, isLast: false };
      rows = [];
    }
    rows.push({ number, cells: record.cells });
    bytes = record.bytes;
  }
  yield { rows, bytes, isLast: true };
}

async function makePlan(ctx: Ctx, workspaceId: string, settings: ImportSettings): Promise<ImportPlan> {
  const em = ctx.database.forTenant(workspaceId);
  const attributes = await em.find(ContactAttribute, {});
  const labels = await em.find(ContactLabel, {});
  return {
    columns: settings.columns,
    country: settings.country,
    labelIds: settings.labelIds.filter((id) => labels.some((label) => label.id === id)),
    attributes: new Map(attributes.map((attribute) => [attribute.key, attribute])),
    labels: new Map(labels.map(({ id, name }) => [name.toLowerCase(), id])),
    readsConsent: settings.consent !== null && settings.consent.textHash !== null,
    now: ctx.now(),
  };
}

async function sizeOf(ctx: Ctx, workspaceId: string, fileId: string): Promise<number> {
  const [file] = await ctx.database.readForTenant(
    workspaceId,
    sql<{ size: number | null }>`
      select size_bytes::float8 as size from stored_file where workspace_id = ${workspaceId} and id = ${fileId}
    `,
  );
  return file?.size ?? 0;
}

async function storeReports(tx: Tx, { workspaceId, jobId }: ImportBatch, reports: readonly RowReport[]): Promise<void> {
  const [first] = reports;
  if (!first) return;
  const rows = reports.map(({ row, outcome, contactId, column, problem }) => [
    row,
    outcome,
    contactId,
    column,
    problem,
  ]);
  await sql`
    insert into import_report (workspace_id, job_id, first_row, rows)
    values (${workspaceId}, ${jobId}, ${first.row}, ${JSON.stringify(rows)}::jsonb)
  `.execute(tx.sql);
}

/** What dry runs have met that were cancelled or failed. For work across tenants. */
export async function forgetEndedKeys(ctx: Ctx): Promise<void> {
  await sql`
    delete from import_key key using job
    where job.workspace_id = key.workspace_id and job.id = key.job_id and job.ended_at is not null
  `.execute(ctx.database.system().getKysely());
}

async function forgetKeys(tx: Tx, { workspaceId, jobId }: ImportBatch): Promise<void> {
  await sql`delete from import_key where workspace_id = ${workspaceId} and job_id = ${jobId}`.execute(tx.sql);
}

function countsOf(reports: readonly RowReport[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of reports) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
