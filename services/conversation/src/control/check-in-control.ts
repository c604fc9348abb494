import type { ActorRef } from '@fenster/contracts';
import type { Tx } from '@fenster/database';
import type { Conversation } from '../conversations/conversation.entity.js';
import { Control } from './control.entity.js';
import { stateOf } from './control.queries.js';
import { checkControl } from './control.rule.js';

/**
 * Refuses who may not send here now because somebody else has control. The thread must be locked.
 * @throws DomainError NOT_IN_CONTROL with the row, which is what the API shows.
 */
export async function checkInControl(
  tx: Tx,
  { id: conversationId }: Pick<Conversation, 'id'>,
  sender: Pick<ActorRef, 'kind' | 'id'>,
): Promise<void> {
  const row = await tx.em.findOne(Control, { conversationId });
  if (row) checkControl({ ...row, ...stateOf(row) }, sender);
}
