import { sql, type Due, type RetentionStep, type Tx } from '@fenster/database';

/** How many entries a part of a run takes. */
const ENTRIES = 1_000;

/**
 * The audit log loses its beginning, as far as everything there is old enough; the hash of the last entry that goes stays
 * as the anchor of the chain. As long as anybody is held all of it stays, because who saw what is about them too.
 */
export const auditLogStep: RetentionStep = {
  retentionClass: 'AUDIT_LOG',
  async count(tx, due) {
    // One index scan of fixed-size columns, and at most once a day.
    const [last] = await oldEntries(tx, due);
    return { counted: { audit_entries: last?.count ?? 0 }, position: null };
  },
  async remove(tx, due) {
    const [last] = await oldEntries(tx, due, ENTRIES);
    if (last) await prune(tx, due.workspaceId, last);
    const count = last?.count ?? 0;
    return { removed: { audit_entries: count }, position: last && count === ENTRIES ? last.seq : null };
  },
};

interface LastOld {
  seq: string;
  hash: Buffer;
  /** With those before it. */
  count: number;
}

/** The last entry before the first that stays, of so many from the beginning; none if that is the first of all. */
async function oldEntries(
  tx: Tx,
  { workspaceId, before, heldContactIds }: Due,
  limit: number | null = null,
): Promise<LastOld[]> {
  if (heldContactIds.length > 0) return [];
  const { rows } = await sql<LastOld>`
    with first as materialized (
      select seq, hash, greatest(occurred_at, recorded_at) < ${before} as is_old from audit_entry
      where workspace_id = ${workspaceId} order by seq limit ${limit}
    ), old as materialized (
      select seq, hash from first where seq < coalesce((select min(seq) from first where not is_old), 'infinity'::float8)
    )
    select seq, hash, (select count(*)::int from old) as count from old order by seq desc limit 1
  `.execute(tx.sql);
  return rows;
}

async function prune(tx: Tx, workspaceId: string, { seq, hash }: LastOld): Promise<void> {
  // In this order: triggers let nothing go that the anchor is not behind, and no index of what is there.
  await sql`
    insert into audit_anchor (workspace_id, seq, hash, pruned_at) values (${workspaceId}, ${seq}, ${hash}, ${tx.now()})
    on conflict (workspace_id) do update set seq = excluded.seq, hash = excluded.hash, pruned_at = excluded.pruned_at
  `.execute(tx.sql);
  await sql`
    delete from audit_entry_object o using audit_entry e
    where e.workspace_id = ${workspaceId} and e.seq <= ${seq} and o.workspace_id = e.workspace_id
      and o.object_id = any(e.object_ids) and o.occurred_at = e.occurred_at and o.entry_id = e.id
  `.execute(tx.sql);
  await sql`delete from audit_entry where workspace_id = ${workspaceId} and seq <= ${seq}`.execute(tx.sql);
  // In the chain itself, which goes on: whoever changes the anchor is found out by it.
  tx.audit({
    action: 'audit_log.prune',
    object: { type: 'audit_log', id: workspaceId },
    after: { lastSeq: Number(seq), digest: hash.toString('hex') },
    workspaceId,
  });
}
