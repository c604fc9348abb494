import type { ActorRef } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';
import { lockFreeThreads, type FreeTimer } from '../threads/lock-free-threads.js';
import { setTimers, type TimerDefinition } from '../timers/timer.js';
import { announceClaim, CLAIM_EXPIRY } from './claim.commands.js';

interface Row {
  workspace_id: string;
  conversation_id: string;
  thread_id: string;
  holder_kind: ActorRef['kind'];
  holder_id: string;
  expires_at: Date;
}

/**
 * Tells that claims have ended. They ended by the clock already: nothing waits for this. Renewals leave the timer alone,
 * so it may find that there is still time.
 */
export const claimExpiryTimer: TimerDefinition = {
  kind: CLAIM_EXPIRY.kind,
  async handle(tx, due) {
    const now = tx.now();
    const { free, busy } = await lockFreeThreads(tx, due);
    const claims = await lockClaims(tx, free);
    const over = claims.filter((claim) => claim.expires_at <= now);
    await remove(tx, over);
    for (const claim of over) {
      announceClaim(
        tx,
        { id: claim.conversation_id, threadId: claim.thread_id, workspaceId: claim.workspace_id },
        { change: 'expired', previousHolder: { kind: claim.holder_kind, id: claim.holder_id } },
      );
    }
    await setTimers(
      tx,
      CLAIM_EXPIRY,
      claims
        .filter((claim) => claim.expires_at > now)
        .map((claim) => ({
          workspaceId: claim.workspace_id,
          subjectId: claim.conversation_id,
          dueAt: claim.expires_at,
        })),
    );
    return { busy };
  },
};

/** Renewals do without the thread's lock, and are waited for. They wait for nothing. */
async function lockClaims(tx: Tx, due: readonly FreeTimer[]): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select claim.workspace_id, claim.conversation_id, due.thread_id, claim.holder_kind, claim.holder_id, claim.expires_at
    from ${unnest(
      'due',
      { workspace_id: 'uuid', conversation_id: 'uuid', thread_id: 'uuid' },
      due.map(({ workspaceId, subjectId, threadId }) => ({
        workspace_id: workspaceId,
        conversation_id: subjectId,
        thread_id: threadId,
      })),
    )}
    join claim using (workspace_id, conversation_id)
    order by claim.conversation_id for update of claim
  `.execute(tx.sql);
  return rows;
}

async function remove(tx: Tx, over: readonly Row[]): Promise<void> {
  if (over.length === 0) return;
  await sql`
    delete from claim using ${unnest('over', { workspace_id: 'uuid', conversation_id: 'uuid' }, over)}
    where claim.workspace_id = over.workspace_id and claim.conversation_id = over.conversation_id
  `.execute(tx.sql);
}
