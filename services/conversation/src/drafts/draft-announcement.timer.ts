import { draftChanged, type ActorRef } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';
import { lockFreeThreads, type FreeTimer } from '../threads/lock-free-threads.js';
import type { TimerDefinition } from '../timers/timer.js';
import { DRAFT_ANNOUNCEMENT } from './draft.commands.js';

interface Row {
  workspace_id: string;
  conversation_id: string;
  thread_id: string;
  version: number;
  is_empty: boolean;
  edited_by_kind: ActorRef['kind'];
  edited_by_id: string;
}

/** Tells the last of several edits. */
export const draftAnnouncementTimer: TimerDefinition = {
  kind: DRAFT_ANNOUNCEMENT.kind,
  async handle(tx, due) {
    const { free, busy } = await lockFreeThreads(tx, due);
    const rows = await announce(tx, free);
    for (const row of rows) {
      tx.emit(draftChanged, {
        entityId: row.conversation_id,
        workspaceId: row.workspace_id,
        origin: { ...tx.origin, actor: { kind: row.edited_by_kind, id: row.edited_by_id } },
        data: {
          conversationId: row.conversation_id,
          threadId: row.thread_id,
          version: row.version,
          isEmpty: row.is_empty,
        },
      });
    }
    return { busy };
  },
};

async function announce(tx: Tx, due: readonly FreeTimer[]): Promise<Row[]> {
  const { rows } = await sql<Row>`
    update draft set announced_version = draft.version, announced_at = ${tx.now()}
    from ${unnest(
      'due',
      { workspace_id: 'uuid', conversation_id: 'uuid', thread_id: 'uuid' },
      due.map(({ workspaceId, subjectId, threadId }) => ({
        workspace_id: workspaceId,
        conversation_id: subjectId,
        thread_id: threadId,
      })),
    )}
    where draft.workspace_id = due.workspace_id and draft.conversation_id = due.conversation_id
      and draft.announced_version < draft.version
    returning draft.workspace_id, draft.conversation_id, due.thread_id, draft.version, draft.text is null as is_empty,
      draft.edited_by_kind, draft.edited_by_id
  `.execute(tx.sql);
  return rows;
}
