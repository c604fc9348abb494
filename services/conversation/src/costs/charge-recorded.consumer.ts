import { chargeRecorded, conversationCostChanged, type ChargeRecorded, type Envelope } from '@fenster/contracts';
import { array, causedBy, defineConsumer, on, sql, type Tx } from '@fenster/database';

const NAME = 'conversation-charge-recorded';

/**
 * Says in the conversation's own log that its cost changed, so that one subscription with one cursor tells a
 * client everything about its inbox. The figures stay in billing.
 */
export const chargeRecordedConsumer = defineConsumer({
  name: NAME,
  filter: 'billing.charge.recorded.>',
  subscriptions: [on(chargeRecorded, announceCosts)],
});

async function announceCosts(tx: Tx, events: readonly Envelope<ChargeRecorded>[]): Promise<void> {
  const latest = new Map(events.map((event) => [event.data.conversationId, event]));
  const { rows } = await sql<{ workspace_id: string; id: string; thread_id: string }>`
    select workspace_id, id, thread_id from conversation where id = any(${array('uuid', [...latest.keys()])})
  `.execute(tx.sql);
  for (const row of rows) {
    const event = latest.get(row.id)!;
    if (event.workspaceId !== row.workspace_id) continue;
    tx.emit(conversationCostChanged, {
      entityId: row.id,
      workspaceId: row.workspace_id,
      origin: causedBy(event, NAME),
      data: { conversationId: row.id, threadId: row.thread_id },
    });
  }
}
