import { ERASING_SERVICES, rowsErased, type ErasingService, type ErasureReport } from '@fenster/contracts';
import { moveErasureTask, sql, type Origin, type Tx } from '@fenster/database';
import type { ErasurePhase, ErasureState, StoredReport } from './erasure.entity.js';

export interface PhaseReport extends StoredReport {
  workspaceId: string;
  erasureId: string;
  origin?: Origin;
}

const DAY_MS = 86_400_000;
/** While which phase is under way, and what the erasure is once all services have reported it. */
const STATES: Record<ErasurePhase, { during: ErasureState; after: ErasureState }> = {
  PLAN: { during: 'PLANNING', after: 'PLANNED' },
  ROWS: { during: 'ERASING', after: 'CLEANING' },
  LOG: { during: 'CLEANING', after: 'COMPLETED' },
};

/** Takes in what a service says. Once all have reported a phase, the next one begins. */
export async function takeReport(
  tx: Tx,
  { workspaceId, erasureId, phase, service, report, origin }: PhaseReport,
  { wakeCleaner, backupRetentionDays }: { wakeCleaner: () => void; backupRetentionDays: number },
): Promise<void> {
  // Two services may report at once; the second one sees what the first has said.
  const { rows } = await sql<{ state: ErasureState }>`
    select state from erasure where workspace_id = ${workspaceId} and id = ${erasureId} for update
  `.execute(tx.sql);
  const { during, after } = STATES[phase];
  if (rows[0]?.state !== during) return;
  const said = await sql<{ service: string; report: ErasureReport }>`
    select service, report from erasure_report
    where workspace_id = ${workspaceId} and erasure_id = ${erasureId} and phase = ${phase}
  `.execute(tx.sql);
  const before = said.rows.find((each) => each.service === service)?.report;
  await sql`
    insert into erasure_report (workspace_id, erasure_id, phase, service, report)
    values (${workspaceId}, ${erasureId}, ${phase}, ${service}, ${JSON.stringify(before ? both(before, report) : report)}::jsonb)
    on conflict (workspace_id, erasure_id, phase, service) do update set report = excluded.report
  `.execute(tx.sql);
  const reported = new Set([...said.rows.map((each) => each.service), service]);
  if (ERASING_SERVICES.some((each) => !reported.has(each))) return;
  const now = tx.now();
  const isOver = after === 'COMPLETED';
  await sql`
    update erasure set state = ${after},
      completed_at = case when ${isOver} then coalesce(completed_at, ${now}) else completed_at end,
      backups_expire_at = case when ${isOver} then ${new Date(now.getTime() + backupRetentionDays * DAY_MS)}::timestamptz
        else backups_expire_at end,
      result = case when ${isOver} then coalesce(result, (
        select jsonb_agg(jsonb_build_object('phase', phase, 'service', service, 'report', report) order by service, phase)
        from erasure_report r
        where r.workspace_id = erasure.workspace_id and r.erasure_id = erasure.id and r.phase <> 'PLAN'
      )) else result end
    where workspace_id = ${workspaceId} and id = ${erasureId}
  `.execute(tx.sql);
  if (after !== 'CLEANING') return;
  await moveErasureTask(tx, { workspaceId, erasureId }, { from: ['ERASED', 'DONE'], to: 'CLEANING' });
  tx.emit(rowsErased, { entityId: erasureId, workspaceId, data: { erasureId }, ...(origin && { origin }) });
  tx.afterCommit(wakeCleaner);
}

/** A service that had to look again says what it erased then; what it keeps it says as a whole. */
function both(before: ErasureReport, after: ErasureReport): ErasureReport {
  const counts = new Map<string, number | null>();
  for (const { what, count } of [...before.erased, ...after.erased]) {
    counts.set(what, count === null ? null : (counts.get(what) ?? 0) + count);
  }
  const kept = new Map([...before.kept, ...after.kept].map((each) => [`${each.what} ${each.ground}`, each]));
  return { erased: [...counts].map(([what, count]) => ({ what, count })), kept: [...kept.values()] };
}

/** What a service has erased, and what it keeps, of these phases together. */
export interface ServiceReport {
  service: ErasingService;
  erased: ErasureReport['erased'];
  kept: (Omit<ErasureReport['kept'][number], 'until'> & { until: Date | null })[];
}

export function reportByService(reports: readonly StoredReport[], phases: readonly ErasurePhase[]): ServiceReport[] {
  const ofPhases = reports.filter(({ phase }) => phases.includes(phase));
  return [...Map.groupBy(ofPhases, ({ service }) => service)].map(([service, said]) => {
    const { erased, kept } = said.map(({ report }) => report).reduce(both);
    return {
      service,
      erased: erased.filter(({ count }) => count !== 0),
      kept: kept.map((each) => ({ ...each, until: each.until === null ? null : new Date(each.until) })),
    };
  });
}
