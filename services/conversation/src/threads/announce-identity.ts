import { threadIdentityChanged, threadOpened } from '@fenster/contracts';
import type { Origin, Tx } from '@fenster/database';
import type { ThreadState } from './resolve-threads.js';

/** Tells of a thread that is there for the first time, or whose person is called otherwise. Before anything that is in it. */
export function announceIdentity(tx: Tx, thread: ThreadState, origin: Origin): void {
  const isFirst = thread.isNew && !thread.isAnnounced;
  if (!isFirst && !thread.identityChanged) return;
  thread.isAnnounced = true;
  thread.identityChanged = false;
  tx.emit(isFirst ? threadOpened : threadIdentityChanged, {
    entityId: thread.id,
    workspaceId: thread.workspaceId,
    origin,
    data: {
      threadId: thread.id,
      contactId: thread.contactId,
      channelId: thread.channelId,
      identity: thread.identity,
      ...(!isFirst && thread.former && { former: thread.former }),
    },
  });
  thread.former = undefined;
}
