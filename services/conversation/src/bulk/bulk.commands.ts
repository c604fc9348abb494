import { once } from '@fenster/database';
import { asResult } from '@fenster/graphql';
import { DomainError, invalidInput, newId } from '@fenster/runtime';
import type { ConversationContext } from '../context.js';
import { changeConversation, type ConversationChange } from '../conversations/change-conversation.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { changeOf } from './bulk-action.js';
import { MAX_BULK, type BulkItem, type BulkUpdate, type BulkUpdateConversationsInput } from './bulk.types.js';

const OPERATION = 'bulkUpdateConversations';

/**
 * One transaction each, so that a refusal of one keeps no other from its change. If the database goes away in between,
 * the same call goes on where it ended.
 * @throws DomainError INVALID_INPUT, NOT_FOUND (of what the action names), IDEMPOTENCY_CONFLICT.
 */
export async function bulkUpdateConversations(
  ctx: ConversationContext,
  { conversationIds, action, idempotencyKey: key }: BulkUpdateConversationsInput,
): Promise<BulkUpdate> {
  const ids = [...new Set(conversationIds)];
  if (ids.length === 0 || ids.length > MAX_BULK) {
    throw invalidInput('conversationIds', `must name 1 to ${MAX_BULK} conversations.`);
  }
  const change = changeOf(action);
  const items: BulkItem[] = [];
  let refusedCount = 0;
  for (const conversationId of ids) {
    const request = { key, operation: OPERATION, input: { ids, action } };
    const work = changeOnce(ctx, conversationId, request, change);
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (isOfTheWhole(error)) throw error;
    if (error !== undefined) refusedCount += 1;
    items.push({ conversationId, result: (await asResult(work)) as never });
  }
  return { items, refusedCount };
}

/** What the key was used for before, and what was done with it, is stored with the changes, and with no refusal. */
function changeOnce(
  ctx: ConversationContext,
  conversationId: string,
  request: { key: string; operation: string; input: unknown },
  change: ConversationChange,
): Promise<Conversation> {
  return changeConversation(ctx, conversationId, async (tx, conversation, thread) => {
    const batchId = await once(tx, request, newId(), async () => {});
    const part = { key: `${batchId} ${conversationId}`, operation: OPERATION, input: null };
    await once(tx, part, newId(), () => change(tx, conversation, thread));
    return conversation;
  });
}

/** The key is that of the whole call. */
function isOfTheWhole(error: unknown): boolean {
  return error instanceof DomainError && error.field === 'idempotencyKey';
}
