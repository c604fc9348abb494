const HOUR_MS = 3_600_000;

/**
 * A day, like the service window: who answers while the window of the last words is still open answers to them. Longer
 * would add new matters to old ones, and to what those cost; shorter would tear "thank you, one more thing" apart.
 */
export const DEFAULT_REOPEN_WITHIN_HOURS = 24;
/** A year; 0 is never. */
export const MAX_REOPEN_WITHIN_HOURS = 8_760;

/** Whether what the customer wrote at `sentAt` continues what was resolved at `resolvedAt`; the last moment counts. */
export function isContinued(resolvedAt: Date, sentAt: Date, withinHours: number): boolean {
  return withinHours > 0 && sentAt.getTime() - resolvedAt.getTime() <= withinHours * HOUR_MS;
}

/** Where a customer message belongs. */
export type Place =
  /** To the conversation that is not resolved. */
  | 'IN_OPEN'
  /** To that one, which is pending or snoozed and opens. */
  | 'WAKES'
  /** To the one resolved last, which opens again. */
  | 'REOPENS'
  /** To the one resolved last, which stays as it is. */
  | 'IN_RESOLVED'
  | 'OPENS_NEW';

/**
 * What opens no service window (a reaction, a system notice) is nothing to answer: it neither wakes nor reopens, and
 * opens a conversation only where there was never one.
 */
export function placeOf(
  thread: {
    hasOpen: boolean;
    wakesOnMessage: boolean;
    /** The conversation resolved last, if there is one. */
    last: { resolvedAt: Date; reopenWithinHours: number } | undefined;
  },
  message: { sentAt: Date; opensWindow: boolean },
): Place {
  if (thread.hasOpen) return thread.wakesOnMessage && message.opensWindow ? 'WAKES' : 'IN_OPEN';
  if (!thread.last) return 'OPENS_NEW';
  if (!message.opensWindow) return 'IN_RESOLVED';
  const { resolvedAt, reopenWithinHours } = thread.last;
  return isContinued(resolvedAt, message.sentAt, reopenWithinHours) ? 'REOPENS' : 'OPENS_NEW';
}
