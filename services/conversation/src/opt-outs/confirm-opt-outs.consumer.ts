import { threadConsentStated, type Envelope, type ThreadConsentStated } from '@fenster/contracts';
import { causedBy, defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { loadLocked } from '../conversations/load-locked.js';
import { plainText } from '../messages/outgoing-content.js';
import { queueMessage } from '../messages/queue-message.js';
import { OptOutText } from './opt-out-text.entity.js';
import { confirmationText, CONFIRM_AGAIN_AFTER_HOURS } from './opt-out-confirmation.rule.js';

const HOUR_MS = 3_600_000;
const NAME = 'conversation-confirm-opt-outs';

/** Whoever writes STOP is told once that it is done: they wrote just now, so it is a free answer, not marketing. */
export const confirmOptOutsConsumer = defineConsumer({
  name: NAME,
  filter: 'conversation.thread.consent_stated.>',
  subscriptions: [on(threadConsentStated, confirmOptOuts)],
});

async function confirmOptOuts(tx: Tx, events: readonly Envelope<ThreadConsentStated>[]): Promise<void> {
  const said = events.filter(
    ({ data }) => data.kind === 'WITHDRAWN' && data.source === 'KEYWORD' && data.conversationId,
  );
  if (said.length === 0) return;
  // The lock on the threads makes each of them told once, however many say it at once.
  const { rows } = await sql<{ id: string; thread_id: string; workspace_id: string }>`
    update thread set opt_out_confirmed_at = ${tx.now()}
    from (select distinct on (thread_id) * from ${unnest(
      'input',
      { workspace_id: 'uuid', thread_id: 'uuid', conversation_id: 'uuid' },
      said.map(({ workspaceId, data }) => ({
        workspace_id: workspaceId,
        thread_id: data.threadId,
        conversation_id: data.conversationId,
      })),
    )} order by thread_id) input
    where thread.workspace_id = input.workspace_id and thread.id = input.thread_id
      and (thread.opt_out_confirmed_at is null
        or thread.opt_out_confirmed_at <= ${new Date(tx.now().getTime() - CONFIRM_AGAIN_AFTER_HOURS * HOUR_MS)})
    returning input.conversation_id as id, thread.id as thread_id, thread.workspace_id
  `.execute(tx.sql);
  const locked = await loadLocked(tx, rows);
  const workspaceIds = [...new Set(rows.map(({ workspace_id }) => workspace_id))];
  const texts = Map.groupBy(
    await tx.em.find(OptOutText, { workspaceId: { $in: workspaceIds } }),
    ({ workspaceId }) => workspaceId,
  );
  for (const { id, thread_id } of rows) {
    const event = said.find(({ data }) => data.threadId === thread_id)!;
    const { conversation, thread } = locked.get(id)!;
    // Where the gate has a reason against it (the channel is down, the window over), nothing is said.
    await queueMessage(tx, conversation, thread, {
      id: newId(),
      by: { kind: 'system', id: 'opt-out' },
      content: plainText(
        confirmationText(event.data.locale ?? null, thread.phone ?? null, texts.get(event.workspaceId)),
      ),
      automation: 'OPT_OUT',
      origin: causedBy(event, NAME),
    });
  }
}
