import type { ErasureReport } from '@fenster/contracts';
import { array, sql, type ErasureTask, type PersonData, type Sql, type Tx } from '@fenster/database';

/** Conversations with the person go as a whole, with what colleagues wrote about them. What they cost is billing's. */
export const personData: PersonData = {
  count: async (tx, task) => report(await count(tx, task, await findPlaces(tx, task))),
  erase: erasePerson,
};

interface Places {
  conversationIds: string[];
  /** Of all that a timer or a caller's key may be about. */
  subjectIds: string[];
}

async function findPlaces(tx: Tx, { workspaceId, threadIds }: ErasureTask): Promise<Places> {
  const { rows } = await sql<Places>`
    select
      array(
        select id from conversation where workspace_id = ${workspaceId} and thread_id = any(${array('uuid', threadIds)})
      ) as "conversationIds",
      array(
        select id from message where workspace_id = ${workspaceId} and thread_id = any(${array('uuid', threadIds)})
        union all
        select note.id from note join conversation on conversation.workspace_id = note.workspace_id
          and conversation.id = note.conversation_id
        where note.workspace_id = ${workspaceId} and conversation.thread_id = any(${array('uuid', threadIds)})
        union all
        select id from held_message where workspace_id = ${workspaceId} and thread_id = any(${array('uuid', threadIds)})
        union all
        select id from consent_request where workspace_id = ${workspaceId} and thread_id = any(${array('uuid', threadIds)})
      ) as "subjectIds"
  `.execute(tx.sql);
  const { conversationIds, subjectIds } = rows[0]!;
  return { conversationIds, subjectIds: [...conversationIds, ...subjectIds, ...threadIds] };
}

/** In the order in which they refer to each other. `what` is said to people; the rest goes without saying. */
export function tablesOf(
  { threadIds, contactIds, mediaIds, messageKeys }: ErasureTask,
  { conversationIds, subjectIds }: Places,
): { table: string; where: ReturnType<typeof sql>; what?: string }[] {
  const ofConversation = sql`conversation_id = any(${array('uuid', conversationIds)})`;
  const ofThread = sql`thread_id = any(${array('uuid', threadIds)})`;
  const ofContact = sql`contact_id = any(${array('uuid', contactIds)})`;
  const hasKey = (column: string) =>
    sql`encode(sha256(convert_to(${sql.ref(column)}, 'UTF8')), 'hex') = any(${array('text', messageKeys)})`;
  return [
    { table: 'search_entry', where: ofConversation, what: 'search_entries' },
    { table: 'mention', where: ofConversation },
    { table: 'note', where: ofConversation, what: 'notes' },
    { table: 'draft', where: ofConversation, what: 'drafts' },
    { table: 'held_message', where: ofConversation, what: 'held_messages' },
    { table: 'claim', where: ofConversation },
    { table: 'control', where: ofConversation },
    { table: 'survey', where: ofConversation, what: 'survey_answers' },
    { table: 'service_level_clock', where: ofConversation },
    { table: 'opt_out_question', where: ofConversation },
    { table: 'consent_request', where: ofThread },
    { table: 'privacy_notice_given', where: ofThread },
    { table: 'participant', where: ofConversation },
    { table: 'conversation_label', where: ofConversation },
    { table: 'activity', where: ofConversation, what: 'activities' },
    { table: 'read_cursor', where: ofThread },
    { table: 'read_receipt', where: ofThread },
    { table: 'timer', where: sql`subject_id = any(${array('uuid', subjectIds)})` },
    // Programs may have put into a key what they wanted to send.
    { table: 'idempotency_key', where: sql`result_id = any(${array('uuid', subjectIds)})` },
    { table: 'parked_status', where: hasKey('provider_message_id') },
    { table: 'parked_change', where: hasKey('target_provider_message_id') },
    { table: 'message_version', where: ofConversation, what: 'earlier_versions' },
    { table: 'message', where: ofThread, what: 'messages' },
    { table: 'conversation', where: ofThread, what: 'conversations' },
    { table: 'thread_identity', where: ofThread, what: 'names' },
    { table: 'thread', where: sql`id = any(${array('uuid', threadIds)})` },
    { table: 'consent', where: ofContact },
    { table: 'contact_name', where: ofContact },
    { table: 'access_code', where: ofContact },
    { table: 'uploaded_media', where: sql`id = any(${array('uuid', mediaIds)})` },
  ];
}

async function count(tx: Tx, task: ErasureTask, places: Places): Promise<ReadonlyMap<string, number>> {
  const told = tablesOf(task, places).filter(({ what }) => what !== undefined);
  const counts = told.map(
    ({ table, where, what }) => sql`
      select ${what} as what, count(*)::int as count from ${sql.table(table)}
      where workspace_id = ${task.workspaceId} and ${where}
    `,
  );
  const { rows } = await sql<{ what: string; count: number }>`${sql.join(counts, sql` union all `)}`.execute(tx.sql);
  return new Map(rows.map((row) => [row.what, row.count]));
}

function report(counts: ReadonlyMap<string, number>): ErasureReport {
  return { erased: [...counts].map(([what, count]) => ({ what, count })).filter(({ count }) => count > 0), kept: [] };
}

async function erasePerson(tx: Tx, task: ErasureTask): Promise<ErasureReport> {
  const { workspaceId, contactIds } = task;
  const places = await findPlaces(tx, task);
  const counts = await count(tx, task, places);
  await sql`
    insert into erased_contact (workspace_id, contact_id)
    select ${workspaceId}, id from unnest(${array('uuid', contactIds)}) as id on conflict do nothing
  `.execute(tx.sql);
  await eraseDeadLetters(tx.sql, task);
  for (const { table, where } of tablesOf(task, places)) {
    await sql`delete from ${sql.table(table)} where workspace_id = ${workspaceId} and ${where}`.execute(tx.sql);
  }
  return report(counts);
}

/** While it is known here what the person is called. Those that only have ids of the person go with the log. */
async function eraseDeadLetters(db: Sql, { workspaceId, threadIds }: ErasureTask): Promise<void> {
  await sql`
    delete from dead_letter d using thread_identity i
    where d.workspace_id = ${workspaceId} and i.workspace_id = ${workspaceId}
      and i.thread_id = any(${array('uuid', threadIds)}) and position(i.value in d.payload) > 0
  `.execute(db);
}
