import type { ErasureReport } from '@fenster/contracts';
import { array, sql, type ErasureTask, type PersonData, type Tx } from '@fenster/database';

/** Entries say which member did what to which id, and nothing about the person but that id: proof of who saw the data. */
export const personData: PersonData = { count: keptEntries, erase: keptEntries };

const KEPT_MONTHS = 24;

async function keptEntries(
  tx: Tx,
  { workspaceId, contactIds, threadIds, mediaIds }: ErasureTask,
): Promise<ErasureReport> {
  const ids = [...contactIds, ...threadIds, ...mediaIds];
  const { rows } = await sql<{ count: number; last: Date | null }>`
    select count(distinct entry_id)::int as count, max(occurred_at) as last from audit_entry_object
    where workspace_id = ${workspaceId} and object_id = any(${array('uuid', ids)})
  `.execute(tx.sql);
  const { count, last } = rows[0]!;
  if (count === 0 || last === null) return { erased: [], kept: [] };
  const until = new Date(last);
  until.setUTCMonth(until.getUTCMonth() + KEPT_MONTHS);
  return { erased: [], kept: [{ what: 'audit_entries', count, ground: 'ACCOUNTABILITY', until: until.toISOString() }] };
}
