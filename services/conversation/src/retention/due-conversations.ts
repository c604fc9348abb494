import { array, sql, type Due, type Tx } from '@fenster/database';

/** How many conversations a part of a run locks. */
const CONVERSATIONS = 50;
/** Nothing is locked to count them. */
const COUNTED_CONVERSATIONS = 200;

/** Of conversations `c`: nobody has written in them since, and nobody is held. */
export function isDue({ workspaceId, before, heldContactIds }: Due) {
  return sql`c.workspace_id = ${workspaceId} and c.last_message_at < ${before}
    and c.contact_id <> all(${array('uuid', heldContactIds)})`;
}

/**
 * The next conversations for which `has` holds, the longest silent first, with their threads locked: everything in a
 * thread is ordered by that lock, and where somebody works just now nothing is removed. Whoever removes asks `isDue`
 * again, because somebody may have written before the lock. `position` is null at the end.
 */
export async function lockDueConversations(
  tx: Tx,
  due: Due,
  { after, has }: { after: string | null; has: ReturnType<typeof sql> },
): Promise<{ ids: string[]; position: string | null }> {
  const { rows } = await sql<{ id: string; position: string }>`
    select c.id, c.last_message_at || '|' || c.id as position from conversation c
    join thread on thread.workspace_id = c.workspace_id and thread.id = c.thread_id
    where ${isDue(due)} and ${has} ${isBehind(after)}
    order by c.last_message_at, c.id limit ${CONVERSATIONS} for update of thread skip locked
  `.execute(tx.sql);
  const position = rows.length < CONVERSATIONS ? null : rows.at(-1)!.position;
  return { ids: rows.map((row) => row.id), position };
}

/** The next conversations for which `has` holds, in the same order, for a dry run. */
export async function nextDueConversations(
  tx: Tx,
  due: Due,
  { after, has }: { after: string | null; has: ReturnType<typeof sql> },
): Promise<{ ids: string[]; position: string | null }> {
  const { rows } = await sql<{ id: string; position: string }>`
    select c.id, c.last_message_at || '|' || c.id as position from conversation c
    where ${isDue(due)} and ${has} ${isBehind(after)}
    order by c.last_message_at, c.id limit ${COUNTED_CONVERSATIONS}
  `.execute(tx.sql);
  const position = rows.length < COUNTED_CONVERSATIONS ? null : rows.at(-1)!.position;
  return { ids: rows.map((row) => row.id), position };
}

function isBehind(after: string | null) {
  if (after === null) return sql``;
  const [at, id] = after.split('|');
  return sql`and (c.last_message_at, c.id) > (${at}::timestamptz, ${id}::uuid)`;
}
