import { personTraced, type ErasureConfirmed, type PersonTraced } from '@fenster/contracts';
import { array, readErasureTask, sql, traceErasureTask, type Origin, type Tx } from '@fenster/database';

/** Of one event: its size is bounded by the broker. */
const MAX_KEYS = 4_000;

interface Wanted {
  workspaceId: string;
  person: ErasureConfirmed;
  purpose: PersonTraced['purpose'];
  origin: Origin;
  /** Tells nothing unless there is more than was told before. */
  onlyNew?: boolean;
}

/** Under which ids others have what is about a person: threads, files, and hashes of the provider's ids of messages. */
export async function findTrace(
  tx: Tx,
  workspaceId: string,
  contactIds: readonly string[],
): Promise<{ threads: string[]; keys: string[]; media: string[] }> {
  const { rows } = await sql<{ threads: string[]; keys: string[]; media: string[] }>`
    with mine as materialized (
      select id from thread where workspace_id = ${workspaceId} and contact_id = any(${array('uuid', contactIds)})
    ), content as materialized (
      select provider_message_id, payload, reactions from message
      where workspace_id = ${workspaceId} and thread_id in (select id from mine)
      union all
      select v.provider_message_id, v.payload, null from message_version v
      join conversation c on c.workspace_id = v.workspace_id and c.id = v.conversation_id
      where v.workspace_id = ${workspaceId} and c.thread_id in (select id from mine)
      union all
      select null, payload, null from held_message
      where workspace_id = ${workspaceId} and thread_id in (select id from mine)
    ), file as (
      select (jsonb_path_query(payload, '$.**.mediaId') #>> '{}')::uuid as id from content
      where payload is not null
      union
      -- Of messages that retention has emptied.
      select unnest(sent_files) from message
      where workspace_id = ${workspaceId} and thread_id in (select id from mine) and sent_files is not null
    )
    select
      array(select id from mine) as threads,
      array(
        select encode(sha256(convert_to(id, 'UTF8')), 'hex') from (
          select provider_message_id as id from content where provider_message_id is not null
          union
          select jsonb_path_query(reactions, '$.**.providerMessageId') #>> '{}' from content where reactions is not null
        ) ids
        union
        -- Of messages that retention has emptied.
        select unnest(traced_keys) from message
        where workspace_id = ${workspaceId} and thread_id in (select id from mine) and traced_keys is not null
      ) as keys,
      -- What we uploaded may have gone to others too.
      array(
        select id from file where not exists (
          select from uploaded_media u join message m on m.workspace_id = u.workspace_id and m.direction = 'OUTBOUND'
            and m.thread_id not in (select id from mine) and (m.payload::text like '%' || u.id || '%' or u.id = any(m.sent_files))
          where u.workspace_id = ${workspaceId} and u.id = file.id
        ) and not exists (
          select from held_message h where h.workspace_id = ${workspaceId} and h.thread_id not in (select id from mine)
            and h.payload::text like '%' || file.id || '%'
        )
      ) as media
  `.execute(tx.sql);
  return rows[0]!;
}

/**
 * Finds under which ids others have what is about a person, and tells it, with all that was found earlier: after a restore
 * others may have got back what is gone here. Returns whether it told anything.
 */
export async function tracePerson(
  tx: Tx,
  { workspaceId, person, purpose, origin, onlyNew = false }: Wanted,
): Promise<boolean> {
  const { erasureId, contactIds } = person;
  const before = await readErasureTask(tx.sql, { workspaceId, erasureId });
  const { threads, keys, media } = await findTrace(tx, workspaceId, contactIds);
  const union = (found: readonly string[], earlier: readonly string[] = []) => [...new Set([...earlier, ...found])];
  const threadIds = union(threads, before?.threadIds);
  const mediaIds = union(media, before?.mediaIds);
  const messageKeys = union(keys, before?.messageKeys);
  const isNew =
    threadIds.length + mediaIds.length + messageKeys.length >
    (before ? before.threadIds.length + before.mediaIds.length + before.messageKeys.length : -1);
  if (onlyNew && !isNew) return false;
  const parts = Math.max(1, ...[threadIds, mediaIds, messageKeys].map(({ length }) => Math.ceil(length / MAX_KEYS)));
  for (let part = 0; part < parts; part += 1) {
    const partOf = (all: readonly string[]) => all.slice(part * MAX_KEYS, (part + 1) * MAX_KEYS);
    const data: PersonTraced = {
      ...person,
      purpose,
      isFirst: part === 0,
      isLast: part === parts - 1,
      threadIds: partOf(threadIds),
      mediaIds: partOf(mediaIds),
      messageKeys: partOf(messageKeys),
    };
    await traceErasureTask(tx, workspaceId, data);
    tx.emit(personTraced, { entityId: erasureId, workspaceId, origin, data });
  }
  return true;
}
