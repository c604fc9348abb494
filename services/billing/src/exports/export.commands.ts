import { transact } from '@fenster/database';
import { announceFile, findJob, type Job } from '@fenster/jobs';
import { invalidInput, isId, newId, notFound } from '@fenster/runtime';
import type { BillingContext } from '../context.js';
import { checkMonth } from '../periods/check-month.js';
import { lockForClosing } from '../periods/lock-periods.js';
import { dayAfter, firstDayAfter, monthOf } from '../ratings/local-date.js';
import { checkPeriod } from '../reports/cost-report.query.js';
import type { CostReportPeriod } from '../reports/cost-report.types.js';
import type { StatementSettings } from '../statements/statement.job.js';
import { costJobs, type CostJobKind } from './cost-jobs.js';
import type { ExportSettings } from './export.job.js';
import type { StartCostExportInput, StartCostStatementInput } from './export.types.js';

/** @throws DomainError INVALID_INPUT, IDEMPOTENCY_CONFLICT */
export async function startExport(ctx: BillingContext, input: StartCostExportInput): Promise<Job> {
  const { columns, format, numberFormat, withByteOrderMark } = input;
  if (format === 'XLSX' && (numberFormat !== 'ENGLISH' || withByteOrderMark)) {
    throw invalidInput('numberFormat', 'and withByteOrderMark are of a CSV: in XLSX, numbers are numbers.');
  }
  if (columns === 'FOCUS' && numberFormat !== 'ENGLISH') throw invalidInput('numberFormat', 'is ENGLISH in FOCUS.');
  const { permissions } = ctx.requireActor();
  const settings: ExportSettings = {
    period: checkPeriod(input.period, 'period'),
    columns,
    format,
    numberFormat,
    withByteOrderMark,
    withContacts: permissions.includes('contact:read'),
    withTeams: permissions.includes('team:read'),
  };
  return start(ctx, { key: input.idempotencyKey, kind: 'COST_EXPORT', settings, columns, format });
}

/** @throws DomainError INVALID_INPUT, IDEMPOTENCY_CONFLICT */
export async function startStatement(ctx: BillingContext, input: StartCostStatementInput): Promise<Job> {
  const { month, language, idempotencyKey: key } = input;
  checkMonth(month);
  const period = { from: `${month}-01`, to: dayAfter(firstDayAfter(month), -1) };
  const settings: StatementSettings = { period, language };
  return start(ctx, { key, kind: 'COST_STATEMENT', settings, columns: 'STATEMENT', format: 'PDF' });
}

/** By what it was asked for. */
export function fileNameOf({ kind, settings }: Pick<Job, 'kind' | 'settings'>): string {
  if (kind === 'COST_STATEMENT') {
    const { period, language } = settings as StatementSettings;
    return `statement-${monthOf(period.from)}-${language}.pdf`;
  }
  const { columns, format, period } = settings as ExportSettings;
  return `costs-${columns.toLowerCase()}-${period.from}-${period.to}.${format.toLowerCase()}`;
}

async function start(
  ctx: BillingContext,
  {
    key,
    kind,
    settings,
    ...said
  }: {
    key: string;
    kind: CostJobKind;
    settings: { period: CostReportPeriod };
    columns: string;
    format: string;
  },
): Promise<Job> {
  const { workspaceId } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    // What is being recorded bears an earlier time than this job, and may be committed after it has begun to read.
    await lockForClosing(tx, workspaceId);
    const id = await costJobs.create(tx, {
      key,
      kind,
      settings,
      async resultFileId() {
        const fileId = newId();
        await announceFile(tx, { workspaceId, id: fileId, name: fileNameOf({ kind, settings }) });
        return fileId;
      },
    });
    const { from, to } = settings.period;
    tx.audit({ action: 'cost_export.start', object: { type: 'cost_export', id }, after: { from, to, ...said } });
    tx.afterCommit(ctx.app.wakeJobs);
    return (await findJob(tx, workspaceId, id))!;
  });
}

/** @throws DomainError NOT_FOUND */
export async function cancelExport(ctx: BillingContext, id: string): Promise<Job> {
  const { workspaceId } = ctx.requireActor();
  const job = isId(id) ? await transact(ctx, (tx) => costJobs.cancel(tx, workspaceId, id)) : undefined;
  if (!job) throw notFound('CostExport');
  return job;
}
