import { messagesViewed, readCursorMoved } from '@fenster/contracts';
import { sql, transact, unnest, type Ctx, type Origin, type Tx } from '@fenster/database';

/** A member has read a thread up to here. */
export interface ReadMark {
  workspaceId: string;
  memberId: string;
  threadId: string;
  conversationId: string;
  seq: number;
  /** A person looked at it: the customer may be told. */
  isView: boolean;
  origin: Origin;
}

export interface ReadMarks {
  /** Resolves when it is stored. */
  mark(mark: ReadMark): Promise<void>;
}

interface Waiting {
  marks: Map<string, ReadMark>;
  written: PromiseWithResolvers<void>;
}

/**
 * Read marks come often: with every message that somebody looks at. While one write of a workspace runs, those that
 * follow gather, the furthest of each member and thread, and are written together.
 */
export function createReadMarks(ctx: Omit<Ctx, 'origin'>): ReadMarks {
  const waiting = new Map<string, Waiting>();
  const writing = new Set<string>();

  async function write(workspaceId: string): Promise<void> {
    if (writing.has(workspaceId)) return;
    writing.add(workspaceId);
    for (let next = waiting.get(workspaceId); next; next = waiting.get(workspaceId)) {
      waiting.delete(workspaceId);
      const marks = [...next.marks.values()];
      try {
        await transact({ ...ctx, workspaceId, origin: marks[0]!.origin }, (tx) => writeMarks(tx, workspaceId, marks));
        next.written.resolve();
      } catch (error) {
        next.written.reject(error);
      }
    }
    writing.delete(workspaceId);
  }

  return {
    mark(mark) {
      const { workspaceId, memberId, threadId } = mark;
      const gathered = waiting.get(workspaceId) ?? { marks: new Map(), written: Promise.withResolvers() };
      waiting.set(workspaceId, gathered);
      const key = `${memberId} ${threadId}`;
      const other = gathered.marks.get(key);
      if (!other || other.seq < mark.seq) gathered.marks.set(key, mark);
      void write(workspaceId);
      return gathered.written.promise;
    },
  };
}

async function writeMarks(tx: Tx, workspaceId: string, marks: readonly ReadMark[]): Promise<void> {
  const byKey = new Map(marks.map((mark) => [`${mark.memberId} ${mark.threadId}`, mark]));
  const { rows } = await sql<{ member_id: string; thread_id: string; seq: number; unread_from: number | null }>`
    insert into read_cursor as r (workspace_id, member_id, thread_id, seq)
    select ${workspaceId}, member_id, thread_id, seq from ${unnest(
      'input',
      { member_id: 'uuid', thread_id: 'uuid', seq: 'int' },
      marks.map(({ memberId, threadId, seq }) => ({ member_id: memberId, thread_id: threadId, seq })),
    )}
    order by member_id, thread_id
    on conflict (workspace_id, member_id, thread_id) do update set seq = greatest(r.seq, excluded.seq),
      unread_from = case when r.unread_from > excluded.seq then r.unread_from end
    where r.seq < excluded.seq or r.unread_from <= excluded.seq
    returning member_id, thread_id, seq, unread_from
  `.execute(tx.sql);
  const moved = rows.map((row) => ({ row, mark: byKey.get(`${row.member_id} ${row.thread_id}`)! }));
  for (const { row, mark } of moved) {
    const { memberId, threadId, conversationId, origin } = mark;
    tx.emit(readCursorMoved, {
      entityId: threadId,
      origin,
      data: { memberId, threadId, conversationId, seq: row.seq, unreadFrom: row.unread_from },
    });
  }
  await tellCustomers(
    tx,
    workspaceId,
    moved.map(({ mark }) => mark).filter(({ isView }) => isView),
  );
}

/** Where the channel tells customers that they have been read: the furthest message, once, whoever sees it first. */
async function tellCustomers(tx: Tx, workspaceId: string, views: readonly ReadMark[]): Promise<void> {
  if (views.length === 0) return;
  const furthest = new Map<string, ReadMark>();
  for (const view of views) {
    if ((furthest.get(view.threadId)?.seq ?? 0) < view.seq) furthest.set(view.threadId, view);
  }
  const { rows } = await sql<{
    thread_id: string;
    channel_id: string;
    message_id: string;
    conversation_id: string;
    seq: number;
    provider_message_id: string;
  }>`
    with viewed as (
      select t.id as thread_id, t.channel_id, m.id as message_id, m.conversation_id, m.seq, m.provider_message_id
      from ${unnest(
        'input',
        { thread_id: 'uuid', seq: 'int' },
        [...furthest.values()].map(({ threadId, seq }) => ({ thread_id: threadId, seq })),
      )}
      join thread t on t.workspace_id = ${workspaceId} and t.id = input.thread_id
      join channel_setting s on s.workspace_id = t.workspace_id and s.channel_id = t.channel_id and s.sends_read_receipts
      left join channel c on c.workspace_id = t.workspace_id and c.id = t.channel_id
      cross join lateral (
        select * from message where workspace_id = t.workspace_id and thread_id = t.id and seq <= input.seq
          and direction = 'INBOUND' and provider_message_id is not null
        order by seq desc limit 1
      ) m
      where coalesce((c.capabilities->>'readReceipts')::boolean, true)
    ), told as (
      insert into read_receipt as r (workspace_id, thread_id, seq)
      select ${workspaceId}, thread_id, seq from viewed order by thread_id
      on conflict (workspace_id, thread_id) do update set seq = excluded.seq where r.seq < excluded.seq
      returning thread_id
    )
    select viewed.* from viewed join told using (thread_id)
  `.execute(tx.sql);
  for (const row of rows) {
    tx.emit(messagesViewed, {
      entityId: row.thread_id,
      origin: furthest.get(row.thread_id)!.origin,
      data: {
        threadId: row.thread_id,
        conversationId: row.conversation_id,
        channelId: row.channel_id,
        messageId: row.message_id,
        seq: row.seq,
        providerMessageId: row.provider_message_id,
      },
    });
  }
}
