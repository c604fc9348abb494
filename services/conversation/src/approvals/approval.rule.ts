import type { Actor } from '@fenster/auth';
import type { OutgoingContent } from '@fenster/contracts';
import { DomainError } from '@fenster/runtime';
import type { StoredHeldMessage } from './held-message.entity.js';

/** Nobody wants to get later what was written for today. */
const LONGEST_MS = 7 * 86_400_000;

/** Of which the service window is over, or was never open, and matters. */
export interface LeavingFacts {
  content: Pick<OutgoingContent, 'kind'>;
  heldAt: Date;
  /** When the service window closes; null where it never opened. */
  windowExpiresAt: Date | null;
  /** The channel has such a window. */
  hasWindow: boolean;
}

/** When a held message cannot leave any more: after seven days, and what is no template with the service window. */
export function expiryOf({ content, heldAt, windowExpiresAt, hasWindow }: LeavingFacts): Date {
  const latest = new Date(heldAt.getTime() + LONGEST_MS);
  if (content.kind === 'template' || !hasWindow) return latest;
  const closes = windowExpiresAt ?? heldAt;
  return closes < latest ? closes : latest;
}

/** For agents: why it has expired. */
export function expiryReason({ expiresAt, heldAt }: Pick<StoredHeldMessage, 'expiresAt' | 'heldAt'>): string {
  return expiresAt.getTime() - heldAt.getTime() >= LONGEST_MS
    ? 'Nobody approved it within seven days.'
    : 'Nobody approved it before the service window closed.';
}

type Decided = Pick<StoredHeldMessage, 'authorKind' | 'authorId' | 'state' | 'heldAt' | 'decidedById'>;
export type Decision = 'RELEASED' | 'DECLINED' | 'WITHDRAWN';

/**
 * Whether this decision may be made: of what waits still, by a person; of approving and declining by another one than the
 * author, of withdrawing by the author alone. `repeated`: the same person has decided so already.
 */
export function judgeDecision(
  held: Decided,
  decision: Decision,
  by: Pick<Actor, 'kind' | 'id'>,
  now: Date,
): 'new' | 'repeated' | DomainError {
  if (decision !== 'WITHDRAWN' && by.kind !== 'member') {
    return new DomainError('BEYOND_API_KEY', 'Only a member can decide what leaves beyond a budget.');
  }
  const isAuthor = held.authorKind === by.kind && held.authorId === by.id;
  if (decision === 'WITHDRAWN' && !isAuthor)
    return notYours('Only whoever wrote it can withdraw it. Decline it instead.');
  if (decision !== 'WITHDRAWN' && isAuthor) {
    return notYours('You wrote it: another member has to decide. You can withdraw it.');
  }
  if (held.state === decision && (isAuthor || held.decidedById === by.id)) return 'repeated';
  // Whether the window is open, the send gate says.
  const isOver = decision === 'RELEASED' && held.heldAt.getTime() + LONGEST_MS <= now.getTime();
  if (held.state !== 'HELD' || isOver) return notHeld(held.state);
  return 'new';
}

const notYours = (message: string) => new DomainError('NOT_YOURS_TO_DECIDE', message, { field: 'id' });

function notHeld(state: StoredHeldMessage['state']): DomainError {
  const message =
    state === 'HELD' || state === 'EXPIRED'
      ? 'It has expired: it cannot leave any more. Write it again.'
      : 'Somebody has decided about it already.';
  return new DomainError('NOT_HELD', message, { field: 'id' });
}
