import { erasedMessageId, messageKey } from '@fenster/contracts';
import { array, sql, type Tx } from '@fenster/database';
import { isId } from '@fenster/runtime';
import type { InboundMessage, InboundStatus } from '../providers/provider.js';

/** Providers repeat for seven days (whatsapp.md §A3); a week more for what waits elsewhere. */
export const LATE_DAYS = 14;

interface Known {
  /** When the last one of them was erased. */
  asOf: string;
  keys: ReadonlySet<string>;
}

/** Of a few workspaces the messages whose people were erased lately; whoever is forgotten is read once more. */
const known = new Map<string, Known>();
const MAX_WORKSPACES = 100;

interface Element {
  item: InboundMessage | InboundStatus;
  webhook: { app: { workspaceId: string } };
}

/**
 * Which of these are about messages of people who have been erased since: repeated ones, statuses that come late, reactions.
 * For workspaces where somebody was erased lately. @param asOf when that was, by workspace.
 */
export async function lateElements<E extends Element>(
  tx: Tx,
  elements: readonly E[],
  asOf: ReadonlyMap<string, string>,
): Promise<ReadonlySet<E>> {
  const concerned = elements.filter(({ webhook }) => asOf.has(webhook.app.workspaceId));
  const late = new Set<E>();
  for (const [workspaceId, ofWorkspace] of Map.groupBy(concerned, ({ webhook }) => webhook.app.workspaceId)) {
    const keys = await erasedKeys(tx, workspaceId, asOf.get(workspaceId)!);
    const ours = await erasedOfOurs(tx, workspaceId, ofWorkspace);
    for (const element of ofWorkspace) {
      const { item } = element;
      const ids = [
        item.providerMessageId,
        ...(item.kind === 'message' && item.changes ? [item.changes.providerMessageId] : []),
      ];
      const isOurs = item.kind === 'status' && item.callbackData !== undefined && ours.has(item.callbackData);
      if (isOurs || ids.some((id) => keys.has(messageKey(id)))) late.add(element);
    }
  }
  return late;
}

/** As it may be told: its cost is owed, whoever it was sent to. Undefined for what nobody needs. */
export function withoutPerson(item: InboundMessage | InboundStatus): InboundStatus | undefined {
  if (item.kind !== 'status') return undefined;
  return { ...item, providerMessageId: erasedMessageId(item.providerMessageId) };
}

async function erasedKeys(tx: Tx, workspaceId: string, asOf: string): Promise<ReadonlySet<string>> {
  const remembered = known.get(workspaceId);
  if (remembered?.asOf === asOf) return remembered.keys;
  const { rows } = await sql<{ message_keys: string[] }>`
    select message_keys from erasure_task
    where workspace_id = ${workspaceId} and erased_at > ${tx.now()}::timestamptz - interval '1 day' * ${LATE_DAYS}
  `.execute(tx.sql);
  const keys = new Set(rows.flatMap((row) => row.message_keys));
  if (known.size >= MAX_WORKSPACES) known.clear();
  known.set(workspaceId, { asOf, keys });
  return keys;
}

/** What was on its way when it was erased has no id of the provider's, but ours, which it echoes. */
async function erasedOfOurs(tx: Tx, workspaceId: string, elements: readonly Element[]): Promise<ReadonlySet<string>> {
  const ids = elements.flatMap(({ item }) =>
    item.kind === 'status' && isId(item.callbackData) ? [item.callbackData] : [],
  );
  if (ids.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`
    select m.id from outbound_message m join erased_thread t using (workspace_id, thread_id)
    where m.workspace_id = ${workspaceId} and m.id = any(${array('uuid', ids)})
  `.execute(tx.sql);
  return new Set(rows.map(({ id }) => id));
}
