import { conversationLabelsChanged } from '@fenster/contracts';
import { array, sql, type Tx } from '@fenster/database';
import { checkLabelIds, invalidInput, MAX_LABELS_SET, notFound } from '@fenster/runtime';
import { recordActivity } from '../activities/record-activity.js';
import type { ConversationChange } from '../conversations/change-conversation.js';
import type { Conversation } from '../conversations/conversation.entity.js';

/** @throws DomainError INVALID_INPUT at once; then as {@link changeLabels}. */
export function labelling(input: {
  set?: readonly string[] | null | undefined;
  unset?: readonly string[] | null | undefined;
}): ConversationChange {
  const set = checkLabelIds(input.set ?? [], 'set');
  const unset = checkLabelIds(input.unset ?? [], 'unset');
  if (set.length + unset.length === 0) throw invalidInput('set', 'must name a label, if `unset` names none.');
  if (unset.some((id) => set.includes(id))) throw invalidInput('unset', 'must not name what `set` names.');
  return (tx, conversation) => changeLabels(tx, conversation, { set, unset });
}

/**
 * Sets and takes off labels, for whoever the transaction works: a member, a rule, a bot. The thread is locked. What is
 * so already stays as it is, with who did it first.
 * @throws DomainError NOT_FOUND for a label that does not exist; INVALID_INPUT for more than 20.
 */
export async function changeLabels(
  tx: Tx,
  conversation: Pick<Conversation, 'id' | 'workspaceId' | 'threadId'>,
  { set, unset }: { set: readonly string[]; unset: readonly string[] },
): Promise<void> {
  const { id: conversationId, workspaceId, threadId } = conversation;
  const names = await lockLabels(tx, workspaceId, [...set, ...unset]);
  for (const [field, ids] of Object.entries({ set, unset })) {
    if (!ids.every((id) => names.has(id))) throw notFound('Label', field);
  }
  const had = await labelIdsOf(tx, conversation);
  const added = set.filter((id) => !had.includes(id));
  const removed = unset.filter((id) => had.includes(id));
  if (added.length + removed.length === 0) return;
  const labelIds = [...had.filter((id) => !removed.includes(id)), ...added];
  if (labelIds.length > MAX_LABELS_SET) {
    throw invalidInput('set', `A conversation has at most ${MAX_LABELS_SET} labels.`);
  }
  const { actor } = tx.origin;
  await sql`
    with unset as (
      delete from conversation_label where workspace_id = ${workspaceId} and conversation_id = ${conversationId}
        and label_id = any(${array('uuid', removed)})
    )
    insert into conversation_label (workspace_id, conversation_id, label_id, set_by_kind, set_by_id, set_at)
    select ${workspaceId}::uuid, ${conversationId}::uuid, label_id, ${actor.kind}, ${actor.id ?? null}, ${tx.now()}
    from unnest(${array('uuid', added)}) as label_id
  `.execute(tx.sql);
  for (const id of removed) recordActivity(tx, conversation, { kind: 'LABEL', before: names.get(id)!, after: null });
  for (const id of added) recordActivity(tx, conversation, { kind: 'LABEL', before: null, after: names.get(id)! });
  tx.emit(conversationLabelsChanged, {
    entityId: conversationId,
    workspaceId,
    data: { conversationId, threadId, added, removed },
  });
  const object = { type: 'conversation', id: conversationId } as const;
  const audited = { before: { labelIds: had }, after: { labelIds } };
  tx.audit({ action: 'conversation.update', object, workspaceId, ...audited });
}

/** Their names, by id; whoever deletes one waits until it has been set. */
async function lockLabels(tx: Tx, workspaceId: string, ids: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ id: string; name: string }>`
    select id, name from label where workspace_id = ${workspaceId} and id = any(${array('uuid', ids)})
    order by id for key share
  `.execute(tx.sql);
  return new Map(rows.map(({ id, name }) => [id, name]));
}

async function labelIdsOf(tx: Tx, { id, workspaceId }: Pick<Conversation, 'id' | 'workspaceId'>): Promise<string[]> {
  const { rows } = await sql<{ label_id: string }>`
    select label_id from conversation_label where workspace_id = ${workspaceId} and conversation_id = ${id}
    order by set_at, label_id
  `.execute(tx.sql);
  return rows.map((row) => row.label_id);
}
