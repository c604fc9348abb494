import { sql, unnest, type Origin, type Tx } from '@fenster/database';
import { LockMode } from '@mikro-orm/core';
import { endClaim } from '../claims/claim.commands.js';
import { Claim } from '../claims/claim.entity.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { clearTimers } from '../timers/timer.js';
import { applyStep } from './control.commands.js';
import { Control } from './control.entity.js';
import { stateOf } from './control.queries.js';
import { withoutProgram } from './control.rule.js';

export const API_KEY_END = { kind: 'api-key-end' };

interface Ended {
  workspaceId: string;
  id: string;
}

/** Programs that are gone keep neither control nor a claim, and nobody waits for them to accept. */
export async function endApiKeys(
  tx: Tx,
  ended: readonly Ended[],
  why: { reason: string; origin?: Origin },
): Promise<void> {
  // First, because the timer itself locks the key while it holds its own row.
  await clearTimers(
    tx,
    API_KEY_END,
    ended.map(({ workspaceId, id }) => ({ workspaceId, subjectId: id })),
  );
  // Who hands control over to one of them, or is it and accepts, holds this row: that is committed, and found below.
  await sql`
    delete from api_key using ${unnest(
      'ended',
      { workspace_id: 'uuid', id: 'uuid' },
      ended.map(({ workspaceId, id }) => ({ workspace_id: workspaceId, id })),
    )}
    where api_key.workspace_id = ended.workspace_id and api_key.id = ended.id
  `.execute(tx.sql);
  for (const each of ended) await removeProgram(tx, each, why);
}

/** Seldom, and of few conversations at once: one key each. */
async function removeProgram(
  tx: Tx,
  { workspaceId, id }: Ended,
  { reason, origin }: { reason: string; origin?: Origin },
): Promise<void> {
  const locked = { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { conversationId: 'asc' } } as const;
  const controls = await tx.em.find(
    Control,
    {
      workspaceId,
      $or: [
        { controllerKind: 'api_key', controllerId: id },
        { offeredToKind: 'api_key', offeredToId: id },
      ],
    },
    locked,
  );
  const claims = await tx.em.find(Claim, { workspaceId, holderKind: 'api_key', holderId: id }, locked);
  const ids = [...controls, ...claims].map(({ conversationId }) => conversationId);
  const conversations = await tx.em.find(Conversation, { workspaceId, id: { $in: ids } });
  const byId = new Map(conversations.map((conversation) => [conversation.id, conversation]));
  for (const row of controls) {
    const before = stateOf(row);
    const step = withoutProgram(before, { kind: 'api_key', id });
    if (step) applyStep(tx, byId.get(row.conversationId)!, row, before, step, reason, origin);
  }
  for (const claim of claims) endClaim(tx, byId.get(claim.conversationId)!, claim, 'released', origin);
}
