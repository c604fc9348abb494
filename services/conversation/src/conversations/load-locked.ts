import type { Tx } from '@fenster/database';
import { Thread } from '../threads/thread.entity.js';
import { Conversation } from './conversation.entity.js';

/** Conversations whose threads are locked, with these, by id: what rules of Fenster do with several at once. */
export async function loadLocked(
  tx: Tx,
  rows: readonly { workspace_id: string; id: string; thread_id: string }[],
): Promise<Map<string, { conversation: Conversation; thread: Thread }>> {
  const workspaceId = { $in: [...new Set(rows.map((row) => row.workspace_id))] };
  const threads = await tx.em.find(Thread, { workspaceId, id: { $in: rows.map((row) => row.thread_id) } });
  const conversations = await tx.em.find(Conversation, { workspaceId, id: { $in: rows.map(({ id }) => id) } });
  const threadsById = new Map(threads.map((thread) => [thread.id, thread]));
  return new Map(
    conversations.map((conversation) => [
      conversation.id,
      { conversation, thread: threadsById.get(conversation.threadId)! },
    ]),
  );
}
