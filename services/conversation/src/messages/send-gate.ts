import { DomainError, invalidInput } from '@fenster/runtime';
import { isWindowOpen, type ServiceWindow } from '../threads/service-window.js';

/** WhatsApp's limit for a text body (whatsapp.md §B1), in characters as people count them. */
export const MAX_TEXT_LENGTH = 4096;

export interface SendAttempt {
  text: string;
  window: Pick<ServiceWindow, 'expiresAt'>;
  now: Date;
  /** The last `seq` that the sender had seen, if they care. */
  expectedLastSeq?: number | undefined;
  lastSeq: number;
}

/**
 * The one gate in front of every message that leaves (promise 6).
 * @throws DomainError INVALID_INPUT, STALE_THREAD or WINDOW_CLOSED.
 */
export function checkSend({ text, window, now, expectedLastSeq, lastSeq }: SendAttempt): void {
  if (text.trim().length === 0) throw invalidInput('text', 'must not be empty.');
  if ([...text].length > MAX_TEXT_LENGTH)
    throw invalidInput('text', `must have at most ${MAX_TEXT_LENGTH} characters.`);
  if (expectedLastSeq !== undefined && expectedLastSeq !== lastSeq) {
    throw new DomainError('STALE_THREAD', 'Somebody wrote meanwhile. Read the new messages, then send again.', {
      field: 'expectedLastSeq',
    });
  }
  if (!isWindowOpen(window, now)) {
    throw new DomainError(
      'WINDOW_CLOSED',
      'The customer wrote more than 24 hours ago. Only an approved template may be sent until they write again.',
    );
  }
}
