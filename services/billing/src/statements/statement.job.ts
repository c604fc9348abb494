import { renderPdf, type DocumentLanguage } from '@fenster/documents';
import { isStored, storeFile, type JobDefinition, type JobRun } from '@fenster/jobs';
import type { ObjectStore } from '@fenster/object-store';
import type { CostReportPeriod } from '../reports/cost-report.types.js';
import { statementDocument } from './statement-document.js';
import { readStatement } from './statement.query.js';

export interface StatementSettings {
  /** Of one month, from its first to its last day. */
  period: CostReportPeriod;
  language: DocumentLanguage;
}

const MAX_BYTES = 100_000_000;

/** Writes what a month cost as a PDF. */
export function statementJob(options: { store: ObjectStore; secretKey: Buffer }): JobDefinition {
  return {
    kinds: ['COST_STATEMENT'],
    async run({ job, ctx, commit }: JobRun<StatementSettings>) {
      const { workspaceId, id, settings, resultFileId } = job;
      if (await isStored(ctx, workspaceId, resultFileId!)) return;
      const statement = await readStatement(ctx, workspaceId, settings.period);
      const { language } = settings;
      const pdf = await renderPdf(statementDocument(statement, { language, reference: id, issuedAt: ctx.now() }));
      await commit(async () => ({ position: 1, total: 1 }));
      await storeFile({ ...options, ctx }, workspaceId, resultFileId!, oneOf(pdf), {
        maxBytes: MAX_BYTES,
        replaces: true,
      });
    },
  };
}

async function* oneOf(bytes: Buffer): AsyncGenerator<Buffer, void> {
  yield bytes;
}
