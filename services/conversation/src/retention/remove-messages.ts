import { MAX_RELEASED_FILES, messagesEmptied, retentionFilesReleased } from '@fenster/contracts';
import { array, sql, type Due, type RetentionStep, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { isDue, lockDueConversations, nextDueConversations } from './due-conversations.js';

/** How many messages a part of a run empties. */
const MESSAGES = 1_000;

/** Of conversations `c`: something was said since a run emptied them. */
const HAS_MESSAGES = sql`(c.messages_removed_up_to is null or c.messages_removed_up_to < c.last_message_at)`;
/** Of messages `m`. */
const SAYS_SOMETHING = sql`(m.text is not null or m.payload is not null or m.referral is not null or m.reactions is not null)`;
/** Of messages `m`: their files, and those of earlier versions. */
const MEDIA = sql`array(
  select distinct (file #>> '{}')::uuid from (
    select m.payload union all
    select v.payload from message_version v where v.workspace_id = m.workspace_id and v.message_id = m.id
  ) content, jsonb_path_query(content.payload, '$.**.mediaId') as file
  where (file #>> '{}') ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
)`;
/** Of messages `m`: hashes of the provider's ids that go with it, by which an erasure asks others for what they have. */
const TRACED_KEYS = sql`array(
  select encode(sha256(convert_to(id, 'UTF8')), 'hex') from (
    select jsonb_path_query(m.reactions, '$.**.providerMessageId') #>> '{}' as id
    union
    select v.provider_message_id from message_version v where v.workspace_id = m.workspace_id and v.message_id = m.id
  ) ids where id is not null
)`;
const CAME_IN = sql`(m.direction = 'INBOUND' or m.is_echo)`;
/** Files that came from outside go. What we sent is ours, and may have gone to others too: an erasure asks for it. */
const FILES = sql`case when ${CAME_IN} then ${MEDIA} else '{}' end`;
const SENT_FILES = sql`case when ${CAME_IN} then null else nullif(${MEDIA}, '{}') end`;
const OF_CONVERSATION = sql`m.workspace_id = c.workspace_id and m.conversation_id = c.id`;

/**
 * What was said goes, with earlier versions, reactions, files and what finds it; the message stays where it was, with its
 * place, status and what the provider calls it, which its costs hang on.
 */
export const messagesStep: RetentionStep = {
  retentionClass: 'MESSAGES',
  count: countMessages,
  async remove(tx, due, after) {
    const { ids, position } = await lockDueConversations(tx, due, { after, has: HAS_MESSAGES });
    if (ids.length === 0) return { removed: {}, position };
    const { files, conversations, ...removed } = await emptyMessages(tx, due, ids);
    for (let at = 0; at < files.length; at += MAX_RELEASED_FILES) {
      const mediaIds = files.slice(at, at + MAX_RELEASED_FILES);
      tx.emit(retentionFilesReleased, { entityId: newId(), workspaceId: due.workspaceId, data: { mediaIds } });
    }
    for (const conversationId of conversations) {
      const data = { conversationId, sentBefore: due.before.toISOString() };
      tx.emit(messagesEmptied, { entityId: conversationId, workspaceId: due.workspaceId, data });
    }
    const counts = { ...removed, files: files.length };
    // There may be more in the same conversations.
    if (removed.messages === MESSAGES) return { removed: counts, position: after ?? FROM_BEGINNING };
    return { removed: { ...counts, survey_comments: await endConversations(tx, due, ids) }, position };
  },
};

/** Before every conversation. */
const FROM_BEGINNING = '-infinity|00000000-0000-0000-0000-000000000000';

async function countMessages(tx: Tx, due: Due, after: string | null): ReturnType<RetentionStep['count']> {
  const { ids, position } = await nextDueConversations(tx, due, { after, has: HAS_MESSAGES });
  const { rows } = await sql<Record<string, number>>`
    with due as materialized (select c.* from conversation c where ${isDue(due)} and c.id = any(${array('uuid', ids)}))
    select count(*)::int as messages,
      coalesce(sum((
        select count(*) from message_version v where v.workspace_id = m.workspace_id and v.message_id = m.id
      )), 0)::int as earlier_versions,
      coalesce(sum(cardinality(${FILES})), 0)::int as files,
      (
        select count(*)::int from survey join due c on survey.workspace_id = c.workspace_id and survey.conversation_id = c.id
        where comment is not null
      ) as survey_comments
    from due c join message m on ${OF_CONVERSATION} where m.sent_at < ${due.before} and ${SAYS_SOMETHING}
  `.execute(tx.sql);
  return { counted: rows[0]!, position };
}

interface Emptied {
  messages: number;
  earlier_versions: number;
  files: string[];
  conversations: string[];
}

async function emptyMessages(tx: Tx, due: Due, ids: readonly string[]): Promise<Emptied> {
  const { rows } = await sql<Emptied>`
    with picked as materialized (
      select m.workspace_id, m.id, m.conversation_id, ${FILES} as files, ${SENT_FILES} as sent_files, ${TRACED_KEYS} as traced_keys
      from conversation c join message m on ${OF_CONVERSATION}
      where ${isDue(due)} and c.id = any(${array('uuid', ids)}) and m.sent_at < ${due.before} and ${SAYS_SOMETHING}
      limit ${MESSAGES}
    ), emptied as (
      update message m set text = null, payload = null, referral = null, reactions = null,
        sent_files = coalesce(picked.sent_files, m.sent_files),
        traced_keys = nullif(coalesce(m.traced_keys, '{}') || picked.traced_keys, '{}'), content_removed_at = ${tx.now()}
      from picked where m.workspace_id = picked.workspace_id and m.id = picked.id
    ), version as (
      delete from message_version v using picked where v.workspace_id = picked.workspace_id and v.message_id = picked.id
      returning v.message_id
    ), word as (
      delete from search_entry e using picked
      where e.workspace_id = picked.workspace_id and e.kind = 'MESSAGE' and e.id = picked.id
    )
    select (select count(*)::int from picked) as messages, (select count(*)::int from version) as earlier_versions,
      array(select unnest(files) from picked) as files, array(select distinct conversation_id from picked) as conversations
  `.execute(tx.sql);
  return rows[0]!;
}

/** All that was said in them is gone. Returns how many comments of surveys went with it. */
async function endConversations(tx: Tx, due: Due, ids: readonly string[]): Promise<number> {
  const { rows } = await sql`
    with ended as (
      update conversation c set messages_removed_up_to = last_message_at
      where ${isDue(due)} and c.id = any(${array('uuid', ids)})
        and not exists (select from message m where ${OF_CONVERSATION} and ${SAYS_SOMETHING})
      returning c.workspace_id, c.id
    )
    update survey set comment = null from ended
    where survey.workspace_id = ended.workspace_id and survey.conversation_id = ended.id and comment is not null
    returning survey.conversation_id
  `.execute(tx.sql);
  return rows.length;
}
