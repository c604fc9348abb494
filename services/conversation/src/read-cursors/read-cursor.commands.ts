import { readCursorMoved } from '@fenster/contracts';
import { sql, transact } from '@fenster/database';
import { invalidInput } from '@fenster/runtime';
import type { ConversationContext } from '../context.js';
import { requireConversation } from '../conversations/conversation.queries.js';
import type { MarkReadInput, MarkUnreadInput, ReadState } from './read-cursor.types.js';

/** Never moves back, however marks overtake one another. @throws DomainError NOT_FOUND, INVALID_INPUT */
export async function markRead(ctx: ConversationContext, input: MarkReadInput): Promise<ReadState> {
  const conversation = await requireConversation(ctx, input.conversationId);
  const { upToSeq: seq } = input;
  if (seq < 1 || seq > conversation.lastSeq) {
    throw invalidInput('upToSeq', `must be from 1 to ${conversation.lastSeq}, the last message.`);
  }
  const { id: memberId, workspaceId, kind } = ctx.requireActor();
  const { id: conversationId, threadId } = conversation;
  const isView = kind === 'member';
  await ctx.app.readMarks.mark({ workspaceId, memberId, threadId, conversationId, seq, isView, origin: ctx.origin });
  return { conversation };
}

/** From this customer message on, the thread is unread until it is read again. @throws DomainError NOT_FOUND, INVALID_INPUT */
export async function markUnread(ctx: ConversationContext, input: MarkUnreadInput): Promise<ReadState> {
  const conversation = await requireConversation(ctx, input.conversationId);
  const { id: conversationId, threadId, lastCustomerSeq } = conversation;
  if (lastCustomerSeq === 0) throw invalidInput('conversationId', 'has no customer message yet.');
  const unreadFrom = input.fromSeq ?? lastCustomerSeq;
  if (unreadFrom < 1 || unreadFrom > lastCustomerSeq) {
    throw invalidInput('fromSeq', `must be from 1 to ${lastCustomerSeq}, the last customer message.`);
  }
  const { id: memberId, workspaceId } = ctx.requireActor();
  await transact(ctx, async (tx) => {
    const { rows } = await sql<{ seq: number }>`
      insert into read_cursor as r (workspace_id, member_id, thread_id, seq, unread_from)
      values (${workspaceId}, ${memberId}, ${threadId}, 0, ${unreadFrom})
      on conflict (workspace_id, member_id, thread_id) do update set unread_from = excluded.unread_from
      where r.unread_from is distinct from excluded.unread_from
      returning seq
    `.execute(tx.sql);
    for (const { seq } of rows) {
      tx.emit(readCursorMoved, { entityId: threadId, data: { memberId, threadId, conversationId, seq, unreadFrom } });
    }
  });
  return { conversation };
}
