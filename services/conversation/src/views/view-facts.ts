import type { Envelope } from '@fenster/contracts';
import { array, sql, type Ctx, type Database, type RawBuilder } from '@fenster/database';
import type { Conversation } from '../conversations/conversation.entity.js';
import { CONVERSATION_COLUMNS, toConversation, type ConversationRow } from '../conversations/conversation.row.js';
import { shareReadings } from '../inbox/share-readings.js';
import { toldOf } from '../inbox/tellings.js';
import type { Facts } from './filter.rule.js';

/** What filters ask about a conversation, but for what depends on who asks. */
export interface SharedFacts extends Omit<Facts, 'readSeq'> {
  conversation: Conversation;
}

/** Facts about the conversations that events are about: as they are now, whoever may see them. */
export const factsOf = shareReadings(readFacts);

type Row = ConversationRow & { window_expires_at: Date | null; label_ids: string[] };

async function readFacts(
  database: Database,
  workspaceId: string,
  envelopes: readonly Envelope[],
): Promise<ReadonlyMap<Envelope, SharedFacts>> {
  const idOf = new Map(envelopes.map((envelope) => [envelope, toldOf(envelope)?.conversationId]));
  const ids = new Set([...idOf.values()].filter((id) => id !== undefined));
  if (ids.size === 0) return new Map();
  const found = await factsWhere(database, workspaceId, sql`c.id = any(${array('uuid', [...ids])})`);
  const byId = new Map(found.map((facts) => [facts.conversation.id, facts]));
  return new Map(
    envelopes.flatMap((envelope): [Envelope, SharedFacts][] => {
      const facts = byId.get(idOf.get(envelope) ?? '');
      return facts ? [[envelope, facts]] : [];
    }),
  );
}

/** The same about all conversations of their threads, for events that changed what is the thread's. */
export const factsOfThread = shareReadings(readThreadFacts);

async function readThreadFacts(
  database: Database,
  workspaceId: string,
  envelopes: readonly Envelope[],
): Promise<ReadonlyMap<Envelope, readonly SharedFacts[]>> {
  const idOf = new Map(envelopes.map((envelope) => [envelope, toldOf(envelope)?.ofThread?.threadId]));
  const ids = new Set([...idOf.values()].filter((id) => id !== undefined));
  if (ids.size === 0) return new Map();
  const found = await factsWhere(database, workspaceId, sql`c.thread_id = any(${array('uuid', [...ids])})`);
  const byThread = Map.groupBy(found, (facts) => facts.conversation.threadId);
  return new Map(envelopes.map((envelope) => [envelope, byThread.get(idOf.get(envelope) ?? '') ?? []]));
}

export async function factsWhere(
  database: Database,
  workspaceId: string,
  condition: RawBuilder<boolean>,
): Promise<SharedFacts[]> {
  const rows = await database.readForTenant(
    workspaceId,
    sql<Row>`
      select ${CONVERSATION_COLUMNS}, t.window_expires_at, array(
        select l.label_id::text from conversation_label l
        where l.workspace_id = c.workspace_id and l.conversation_id = c.id
      ) as label_ids
      from conversation c join thread t on t.workspace_id = c.workspace_id and t.id = c.thread_id
      where c.workspace_id = ${workspaceId} and ${condition}
    `,
  );
  return rows.map((row) => {
    const conversation = toConversation(row);
    return {
      conversation,
      status: row.status,
      assigneeId: row.assignee_id,
      teamId: row.team_id,
      channelId: row.channel_id,
      waitingSince: row.waiting_since,
      lastCustomerSeq: row.last_customer_seq,
      windowExpiresAt: row.window_expires_at,
      labelIds: row.label_ids,
    };
  });
}

/** Up to where a member has read threads; without those of which they have read nothing. */
export async function readSeqs(
  { database }: Pick<Ctx, 'database'>,
  { id, workspaceId }: { id: string; workspaceId: string },
  threadIds: readonly string[],
): Promise<Map<string, number>> {
  if (threadIds.length === 0) return new Map();
  const rows = await database.readForTenant(
    workspaceId,
    sql<{ thread_id: string; seq: number }>`
      select thread_id, least(seq, unread_from - 1) as seq from read_cursor
      where workspace_id = ${workspaceId} and member_id = ${id} and thread_id = any(${array('uuid', threadIds)})
    `,
  );
  return new Map(rows.map((row) => [row.thread_id, row.seq]));
}
