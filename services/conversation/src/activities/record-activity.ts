import type { Origin, Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import type { Conversation } from '../conversations/conversation.entity.js';
import { Activity, type ActivityKind } from './activity.entity.js';

export interface ActivityInput {
  kind: ActivityKind;
  before: string | null;
  after: string | null;
  /** In words of a person, or of the rule that decided. */
  reason?: string | null | undefined;
  /** In consumers: see `causedBy`. */
  origin?: Origin;
}

/** Every change of a conversation leaves one, in the transaction of the change. */
export function recordActivity(
  tx: Tx,
  { id: conversationId, workspaceId }: Pick<Conversation, 'id' | 'workspaceId'>,
  { kind, before, after, reason, origin = tx.origin }: ActivityInput,
): void {
  tx.em.create(Activity, {
    id: newId(),
    workspaceId,
    conversationId,
    kind,
    actorKind: origin.actor.kind,
    actorId: origin.actor.id ?? null,
    before,
    after,
    reason: reason ?? null,
    occurredAt: tx.now(),
  });
}
