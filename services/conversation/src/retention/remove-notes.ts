import { draftChanged, noteDeleted } from '@fenster/contracts';
import { array, sql, type Due, type RetentionStep, type Tx } from '@fenster/database';
import { forgetWords } from '../search/index-words.js';
import { isDue, lockDueConversations, nextDueConversations } from './due-conversations.js';

/** What colleagues wrote of conversations `c`, and when that was. */
const TEXTS = {
  notes: { table: 'note', of: sql`coalesce(edited_at, created_at)`, where: sql`true` },
  drafts: { table: 'draft', of: sql`edited_at`, where: sql`text is not null` },
  held_messages: {
    table: 'held_message',
    of: sql`held_at`,
    where: sql`state <> 'HELD' and coalesce(text, payload::text, reason) is not null`,
  },
  // Of consents and numbers Fenster itself says why: nobody's words.
  reasons: {
    table: 'activity',
    of: sql`occurred_at`,
    where: sql`reason is not null and kind not in ('CONSENT', 'IDENTITY')`,
  },
  summaries: {
    table: 'control',
    of: sql`greatest(since, offered_at)`,
    where: sql`coalesce(summary, offer_summary) is not null`,
  },
} as const;
type Text = keyof typeof TEXTS;

const isOld = (text: Text, { before }: Due) => sql`${TEXTS[text].of} < ${before} and ${TEXTS[text].where}`;
/** Of conversations `c`: there is something of all that. */
function hasTexts(due: Due) {
  const has = Object.keys(TEXTS).map((text) => sql`exists (select ${oldOnes(text as Text, due)})`);
  return sql`(${sql.join(has, sql` or `)})`;
}
/** In conversations `c`. */
const oldOnes = (text: Text, due: Due) => sql`
  from ${sql.table(TEXTS[text].table)} t
  where t.workspace_id = c.workspace_id and t.conversation_id = c.id and ${isOld(text, due)}
`;

/** Notes, drafts and held messages that were not sent, reasons and summaries of conversations in which nobody has written since. */
export const notesStep: RetentionStep = {
  retentionClass: 'NOTES',
  async count(tx, due, after) {
    const { ids, position } = await nextDueConversations(tx, due, { after, has: hasTexts(due) });
    const counts = Object.keys(TEXTS).map(
      (text) => sql`coalesce(sum((select count(*) ${oldOnes(text as Text, due)})), 0)::int as ${sql.ref(text)}`,
    );
    const { rows } = await sql<Record<Text, number>>`
      select ${sql.join(counts)} from conversation c where ${isDue(due)} and c.id = any(${array('uuid', ids)})
    `.execute(tx.sql);
    return { counted: rows[0]!, position };
  },
  async remove(tx, due, after) {
    const { ids, position } = await lockDueConversations(tx, due, { after, has: hasTexts(due) });
    if (ids.length === 0) return { removed: {}, position };
    const removed = {
      notes: await deleteNotes(tx, due, ids),
      drafts: await emptyDrafts(tx, due, ids),
      held_messages: await emptyHeld(tx, due, ids),
      reasons: await empty(tx, due, ids, { text: 'reasons', columns: ['reason'] }),
      summaries: await empty(tx, due, ids, { text: 'summaries', columns: ['summary', 'offer_summary'] }),
    };
    return { removed, position };
  },
};

/** The condition of rows of `text` that go. */
function going(text: Text, due: Due, ids: readonly string[]) {
  return sql`workspace_id = ${due.workspaceId} and ${isOld(text, due)} and conversation_id in (
    select c.id from conversation c where ${isDue(due)} and c.id = any(${array('uuid', ids)})
  )`;
}

/** Mentions go with them. */
async function deleteNotes(tx: Tx, due: Due, ids: readonly string[]): Promise<number> {
  const { workspaceId } = due;
  const { rows } = await sql<{ id: string; conversationId: string }>`
    delete from note where ${going('notes', due, ids)} returning id, conversation_id as "conversationId"
  `.execute(tx.sql);
  await forgetWords(
    tx,
    'NOTE',
    rows.map(({ id }) => ({ workspaceId, id })),
  );
  for (const { id: noteId, conversationId } of rows) {
    tx.emit(noteDeleted, { entityId: noteId, workspaceId, data: { noteId, conversationId } });
  }
  return rows.length;
}

/** The row stays, so that versions never repeat. */
async function emptyDrafts(tx: Tx, due: Due, ids: readonly string[]): Promise<number> {
  const { workspaceId } = due;
  const { rows } = await sql<{ conversationId: string; threadId: string; version: number }>`
    with emptied as (
      update draft set text = null, version = version + 1, announced_version = version + 1, announced_at = ${tx.now()}
      where ${going('drafts', due, ids)} returning workspace_id, conversation_id, version
    )
    select conversation_id as "conversationId", thread_id as "threadId", version
    from emptied join conversation c on c.workspace_id = emptied.workspace_id and c.id = emptied.conversation_id
  `.execute(tx.sql);
  for (const { conversationId, threadId, version } of rows) {
    const data = { conversationId, threadId, version, isEmpty: true };
    tx.emit(draftChanged, { entityId: conversationId, workspaceId, data });
  }
  return rows.length;
}

async function emptyHeld(tx: Tx, due: Due, ids: readonly string[]): Promise<number> {
  const { rows } = await sql`
    update held_message set text = null, payload = null, reason = null, content_removed_at = ${tx.now()}
    where ${going('held_messages', due, ids)} returning id
  `.execute(tx.sql);
  return rows.length;
}

async function empty(
  tx: Tx,
  due: Due,
  ids: readonly string[],
  { text, columns }: { text: Text; columns: readonly string[] },
): Promise<number> {
  const { rows } = await sql`
    update ${sql.table(TEXTS[text].table)} set ${sql.join(columns.map((column) => sql`${sql.ref(column)} = null`))}
    where ${going(text, due, ids)} returning conversation_id
  `.execute(tx.sql);
  return rows.length;
}
