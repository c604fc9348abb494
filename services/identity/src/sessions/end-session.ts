import { sessionEnded } from '@fenster/contracts';
import type { Tx } from '@fenster/database';
import { Session } from './session.entity.js';

/** What keeps a session open: its refresh token is good for another pair. */
export function isOpenAt(now: Date) {
  return { endedAt: null, expiresAt: { $gt: now } };
}

/** Its refresh token is void, and the event takes its access tokens with it. */
export function endSession(tx: Tx, session: Session, reason?: 'refresh_token_reused'): void {
  session.endedAt = tx.now();
  tx.audit({ action: 'session.end', object: { type: 'session', id: session.id }, after: { reason } });
  tx.emit(sessionEnded, {
    entityId: session.id,
    data: { sessionId: session.id, memberId: session.memberId },
  });
}

/** Ends all of a member's but one. */
export async function endSessionsOf(
  tx: Tx,
  memberId: string,
  options: { except?: string | undefined } = {},
): Promise<void> {
  const open = await tx.em.find(Session, { memberId, ...isOpenAt(tx.now()) }, { orderBy: { id: 'asc' } });
  for (const session of open) if (session.id !== options.except) endSession(tx, session);
}
