import { sql, unnest, type Tx } from '@fenster/database';

/** Of timers that look whether somebody waits for whom there is room. Their subjects only keep them apart. */
export const ROUTING = { kind: 'routing' };

/**
 * Lets routing look again, after the transaction or at a time, in those of the workspaces that have it. Changes of
 * conversations do so by themselves, by a trigger: see the migration. An earlier time stays: somebody else set it.
 */
export async function wakeRouting(
  tx: Tx,
  causes: readonly { workspaceId: string; id: string; at?: Date }[],
): Promise<void> {
  if (causes.length === 0) return;
  const now = tx.now();
  await sql`
    insert into timer (workspace_id, kind, subject_id, due_at)
    select workspace_id, ${ROUTING.kind}, id, due_at
    from ${unnest(
      'cause',
      { workspace_id: 'uuid', id: 'uuid', due_at: 'timestamptz' },
      causes.map(({ workspaceId, id, at }) => ({ workspace_id: workspaceId, id, due_at: at ?? now })),
    )}
    where exists (select from team_routing where workspace_id = cause.workspace_id)
    on conflict (workspace_id, kind, subject_id) do update set due_at = least(timer.due_at, excluded.due_at)
  `.execute(tx.sql);
}
