import {
  conversationLabelsChanged,
  labelCatalogueChanged,
  type ConversationLabelsChanged,
  type Envelope,
  type LabelCatalogueChanged,
} from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';
import { lockForClosing } from '../periods/lock-periods.js';
import { addLabelCosts } from './label-costs.js';

/** One consumer of both events, so that a label is gone after it was set. What conversations with a label cost, by the labels that they have now. */
export const labelsConsumer = defineConsumer({
  name: 'billing-labels',
  filter: 'conversation.*.changed.>',
  subscriptions: [on(conversationLabelsChanged, storeLabels), on(labelCatalogueChanged, forgetLabels)],
});

const LABEL = {
  workspace_id: 'uuid',
  conversation_id: 'uuid',
  label_id: 'uuid',
  thread_id: 'uuid',
  is_set: 'boolean',
} as const;
/**
 * A label takes what its conversation has cost with it, whenever it is set or taken off. What is told of a person's
 * conversation after they were forgotten is passed over.
 */
async function storeLabels(tx: Tx, events: readonly Envelope<ConversationLabelsChanged>[]): Promise<void> {
  const last = new Map<string, Record<keyof typeof LABEL, unknown>>();
  for (const { workspaceId, data } of events) {
    const { conversationId, threadId, added, removed } = data;
    for (const [ids, is_set] of [
      [removed, false],
      [added, true],
    ] as const) {
      for (const label_id of ids) {
        const conversation = { workspace_id: workspaceId, conversation_id: conversationId, thread_id: threadId };
        last.set(`${conversationId} ${label_id}`, { ...conversation, label_id, is_set });
      }
    }
  }
  await lockWorkspaces(tx, events);
  await sql`
    with input as (
      select * from ${unnest('input', LABEL, [...last.values()])} where not exists (
        select from erasure_task task
        where task.workspace_id = input.workspace_id and input.thread_id = any(task.thread_ids)
      )
    ),
    put as (
      insert into conversation_label (workspace_id, conversation_id, label_id, thread_id)
      select workspace_id, conversation_id, label_id, thread_id from input where is_set order by 1, 2, 3
      on conflict do nothing returning *
    ), gone as (
      delete from conversation_label known using input
      where not input.is_set and known.workspace_id = input.workspace_id
        and known.conversation_id = input.conversation_id and known.label_id = input.label_id
      returning known.*
    ), change as (
      select workspace_id, conversation_id, label_id, 1 as times from put
      union all select workspace_id, conversation_id, label_id, -1 from gone
    )
    ${addLabelCosts('change')}
  `.execute(tx.sql);
}

/** A label that is gone is on nothing any more. */
async function forgetLabels(tx: Tx, events: readonly Envelope<LabelCatalogueChanged>[]): Promise<void> {
  const gone = events.flatMap(({ workspaceId, data: { labelId, change } }) =>
    change === 'deleted' ? [{ workspace_id: workspaceId, label_id: labelId }] : [],
  );
  if (gone.length === 0) return;
  await lockWorkspaces(tx, events);
  for (const table of ['conversation_label', 'label_cost_by_day']) {
    await sql`
      delete from ${sql.table(table)} known using ${unnest('input', { workspace_id: 'uuid', label_id: 'uuid' }, gone)}
      where known.workspace_id = input.workspace_id and known.label_id = input.label_id
    `.execute(tx.sql);
  }
}

/** Nothing is entered meanwhile: what is entered later counts in the labels that there are then. */
async function lockWorkspaces(tx: Tx, events: readonly Envelope<unknown>[]): Promise<void> {
  for (const workspaceId of [...new Set(events.map((event) => event.workspaceId))].toSorted()) {
    await lockForClosing(tx, workspaceId);
  }
}
