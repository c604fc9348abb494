import type { ErasureReport } from '@fenster/contracts';
import { array, sql, type ErasureTask, type PersonData, type Tx } from '@fenster/database';
import { deleteMedia, type MediaRef } from '../media/remove-media.js';

/** What the provider was told of the person, and what it brought. What names an erased message stays, for its cost. */
export const personData: PersonData = { count: countPerson, erase: erasePerson };

const ofThreads = ({ workspaceId, threadIds }: ErasureTask) =>
  sql`workspace_id = ${workspaceId} and thread_id = any(${array('uuid', threadIds)})`;

async function countPerson(tx: Tx, task: ErasureTask): Promise<ErasureReport> {
  const { workspaceId, mediaIds } = task;
  const { rows } = await sql<{ requests: number; messages: number; files: number; receipts: number }>`
    select
      (select count(*)::int from outbound_message where ${ofThreads(task)} and request is not null) as requests,
      (select count(*)::int from outbound_message where ${ofThreads(task)}) as messages,
      (select count(*)::int from media where workspace_id = ${workspaceId} and id = any(${array('uuid', mediaIds)})) as files,
      (select count(*)::int from read_receipt where ${ofThreads(task)}) as receipts
  `.execute(tx.sql);
  const { requests, messages, files, receipts } = rows[0]!;
  return {
    erased: [
      { what: 'waiting_messages', count: requests },
      { what: 'files', count: files },
      { what: 'read_receipts', count: receipts },
      { what: 'webhooks', count: null },
      { what: 'events', count: null },
    ].filter(({ count }) => count !== 0),
    kept: messages > 0 ? [{ what: 'sent_messages', count: messages, ground: 'ACCOUNTING', until: null }] : [],
  };
}

async function erasePerson(tx: Tx, task: ErasureTask): Promise<ErasureReport> {
  const report = await countPerson(tx, task);
  const { workspaceId, erasureId, threadIds, mediaIds } = task;
  await sql`
    insert into erased_thread (workspace_id, thread_id)
    select ${workspaceId}, id from unnest(${array('uuid', threadIds)}) as id on conflict do nothing
  `.execute(tx.sql);
  for (const table of ['pair_limit', 'portfolio_recipient']) {
    await sql`
      delete from ${sql.table(table)} where workspace_id = ${workspaceId}
        and recipient_hash in (select recipient_hash from outbound_message where ${ofThreads(task)})
    `.execute(tx.sql);
  }
  // Reactions of ours are no messages to conversation, which does not know what the provider calls them.
  await sql`
    update erasure_task set message_keys = message_keys || array(
      select encode(sha256(convert_to(provider_message_id, 'UTF8')), 'hex') from outbound_message
      where ${ofThreads(task)} and provider_message_id not like 'erased.%'
    )
    where workspace_id = ${workspaceId} and erasure_id = ${erasureId}
  `.execute(tx.sql);
  // As `erasedMessageId` makes them. Nothing that still waits may leave.
  await sql`
    update outbound_message set request = null, last_error = null, recipient_hash = '\\x00',
      provider_message_id = case when provider_message_id like 'erased.%' then provider_message_id
        else 'erased.' || encode(sha256(convert_to(provider_message_id, 'UTF8')), 'hex') end,
      state = case when state in ('QUEUED', 'ATTEMPTED') then 'REJECTED' else state end,
      settled_at = coalesce(settled_at, ${tx.now()})
    where ${ofThreads(task)}
  `.execute(tx.sql);
  await sql`delete from read_receipt where ${ofThreads(task)}`.execute(tx.sql);
  await sql`delete from marketing_stop where ${ofThreads(task)}`.execute(tx.sql);
  const { rows: media } = await sql<MediaRef>`
    with files as (
      select workspace_id, id, object_key from media
      where workspace_id = ${workspaceId} and id = any(${array('uuid', mediaIds)})
    ), noted as (
      insert into erasure_object (workspace_id, erasure_id, object_key)
      select workspace_id, ${erasureId}, object_key from files where object_key is not null on conflict do nothing
    )
    select workspace_id as "workspaceId", id from files
  `.execute(tx.sql);
  await deleteMedia(tx, media);
  return { ...report, erased: report.erased.filter(({ count }) => count !== null) };
}
