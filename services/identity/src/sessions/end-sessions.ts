import { sessionEnded } from '@fenster/contracts';
import type { Tx } from '@fenster/database';
import { Session } from './session.entity.js';

/** Ends one: its refresh token is void, and the event takes its access tokens with it. */
export function endSession(tx: Tx, session: Session): void {
  session.endedAt = tx.now();
  tx.emit(sessionEnded, {
    entityId: session.id,
    workspaceId: session.workspaceId,
    data: { sessionId: session.id, memberId: session.memberId },
  });
}

/** Ends all of a member's but one. */
export async function endSessionsOf(
  tx: Tx,
  memberId: string,
  options: { except?: string | undefined } = {},
): Promise<void> {
  const open = await tx.em.find(
    Session,
    { memberId, endedAt: null, expiresAt: { $gt: tx.now() } },
    { orderBy: { id: 'asc' } },
  );
  for (const session of open) if (session.id !== options.except) endSession(tx, session);
}
