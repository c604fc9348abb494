import { array, sql, type Tx } from '@fenster/database';
import { DomainError } from '@fenster/runtime';
import { firstDayAfter } from '../ratings/local-date.js';

/**
 * The last closed day of each workspace that has one. Until the end of the transaction nobody closes a period, so that
 * no entry gets into one that is closed meanwhile.
 */
export async function lockPeriods(tx: Tx, workspaceIds: readonly string[]): Promise<Map<string, string>> {
  const ids = array('uuid', workspaceIds.toSorted());
  await sql`/* prepared */
    select pg_advisory_xact_lock_shared(${PERIODS}, hashtext(id::text)) from unnest(${ids}) as id
  `.execute(tx.sql);
  // A statement of its own: it sees what was committed while the first one waited.
  const { rows } = await sql<{ workspace_id: string; closed_until: string }>`/* prepared */
    select workspace_id, max(last_day)::text as closed_until from closed_period
    where workspace_id = any(${ids}) group by workspace_id
  `.execute(tx.sql);
  return new Map(rows.map((row) => [row.workspace_id, row.closed_until]));
}

/** Waits for all that is being entered, and lets nothing be entered until the end of the transaction. */
export async function lockForClosing(tx: Tx, workspaceId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(${PERIODS}, hashtext(${workspaceId}))`.execute(tx.sql);
}

/** The last closed day of a workspace that has one. To be asked with the lock. */
export async function closedUntil(tx: Tx, workspaceId: string): Promise<string | undefined> {
  const { rows } = await sql<{ last_day: string | null }>`
    select max(last_day)::text as last_day from closed_period where workspace_id = ${workspaceId}
  `.execute(tx.sql);
  return rows[0]?.last_day ?? undefined;
}

/** The last place on earth where a day ends. */
const LATEST_OFFSET_MS = 12 * 3_600_000;

/** @throws DomainError PERIOD_NOT_OVER */
export function checkOver(month: string, now: Date): void {
  if (now.getTime() >= Date.parse(`${firstDayAfter(month)}T00:00:00Z`) + LATEST_OFFSET_MS) return;
  throw new DomainError('PERIOD_NOT_OVER', 'This month is not over in all time zones. Do it later.');
}

/** Namespace of these locks within the database. */
const PERIODS = 7_305;
