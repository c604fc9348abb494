import { array, countCleaned, createPersonKeys, sql, type Database, type ErasureTask } from '@fenster/database';
import { tryParseJson, unsealBytes, type PersonMark } from '@fenster/runtime';
import { bodyContext } from '../webhooks/received-webhook.js';

const CHUNK = 200;

export interface WebhookErasureOptions {
  database: Database;
  secretKey: Buffer;
  markOf: PersonMark;
  /** There are objects to remove. */
  wakeHousekeeping(): void;
}

/**
 * Bodies of webhooks in which the person stands go as a whole: what else they said has had its effect. All that is kept is
 * opened and read, because nothing else knows who is in it. Returns whether files are out of the store as well.
 */
export async function eraseRaw(
  { database, secretKey, markOf, wakeHousekeeping }: WebhookErasureOptions,
  task: ErasureTask,
): Promise<boolean> {
  const { workspaceId, erasureId } = task;
  const db = database.system().getKysely();
  const isAbout = createPersonKeys(task, (name) => markOf(workspaceId, name));
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const { rows } = await sql<{ id: string; body_hash: Buffer; body: Buffer; query: string | null }>`
      select e.id, e.body_hash, e.body, e.query from webhook_event e
      join erasure_task t on t.workspace_id = e.workspace_id and t.erasure_id = ${erasureId}
      where e.workspace_id = ${workspaceId} and e.id > ${after} and e.body is not null
        and e.received_at <= coalesce(t.up_to, t.erased_at)
      order by e.id limit ${CHUNK}
    `.execute(db);
    const ids = rows.flatMap(({ id, body_hash: hash, body, query }) => {
      const raw = unsealBytes(secretKey, body, bodyContext(hash.toString('hex'))).toString();
      return isAbout([contentOf(raw), contentOf(query ?? '')]) ? [id] : [];
    });
    if (ids.length > 0) {
      await sql`
        with changed as (
          update webhook_event set body = null, query = null
          where workspace_id = ${workspaceId} and id = any(${array('uuid', ids)}) and body is not null returning id
        )
        ${countCleaned(task, 'webhooks')}
      `.execute(db);
    }
    if (rows.length < CHUNK) break;
    after = rows.at(-1)!.id;
  }
  const { rows: waiting } = await sql`
    select from erasure_object join object_removal using (object_key)
    where workspace_id = ${workspaceId} and erasure_id = ${erasureId} limit 1
  `.execute(db);
  if (waiting.length > 0) wakeHousekeeping();
  return waiting.length === 0;
}

/** JSON, or a form; there `whatsapp:+49…` is a number too. */
function contentOf(raw: string): unknown {
  const json = tryParseJson(raw);
  if (json !== undefined) return json;
  return [...new URLSearchParams(raw).values()].flatMap((value) => [value, value.replace(/^[a-z]+:/, '')]);
}
