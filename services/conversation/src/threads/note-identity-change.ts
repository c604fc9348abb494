import { customerIdentityChanged, type CustomerIdentityChanged } from '@fenster/contracts';
import type { Origin, Tx } from '@fenster/database';
import { recordActivity } from '../activities/record-activity.js';
import type { ThreadState } from './resolve-threads.js';

const REASONS: Record<CustomerIdentityChanged['change'], string> = {
  NUMBER_CHANGED: 'The customer has another number. The conversation goes on with it.',
  USER_ID_CHANGED: 'WhatsApp knows the customer by another id, and no longer tells their number.',
  WRITES_ELSEWHERE:
    'The customer has another number, from which they wrote before WhatsApp told: see that conversation.',
  NUMBER_LOST: 'The number of this customer is somebody else’s now. Nothing is sent to it from here any more.',
};

/** People see that the customer is called otherwise now; how, contacts says to those who may know. */
export function noteIdentityChange(
  tx: Tx,
  { id: threadId, workspaceId }: Pick<ThreadState, 'id' | 'workspaceId'>,
  { conversationId, change, origin }: Pick<CustomerIdentityChanged, 'conversationId' | 'change'> & { origin: Origin },
): void {
  const about = { id: conversationId, workspaceId };
  recordActivity(tx, about, { kind: 'IDENTITY', before: null, after: change, reason: REASONS[change], origin });
  tx.emit(customerIdentityChanged, {
    entityId: conversationId,
    workspaceId,
    origin,
    data: { conversationId, threadId, change },
  });
}
