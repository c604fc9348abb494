import type { NewsletterReason, NewsletterReport } from './newsletter.types.js';

/** As people see them: what is handed over waits, too. */
export const RECIPIENT_STATES = [
  'WAITING',
  'QUEUED',
  'SENT',
  'DELIVERED',
  'READ',
  'UNCONFIRMED',
  'FAILED',
  'REFUSED',
] as const;
export type RecipientState = (typeof RECIPIENT_STATES)[number];
/** As they are stored. */
export const STORED_WAITING = ['PENDING', 'HANDED_OVER'];

/** How many recipients stand there for that reason. */
export interface CountedState {
  state: string;
  reason: string | null;
  count: number;
  /** Of these: passed the gate, answered, and ended marketing. */
  queued: number;
  replied: number;
  optedOut: number;
}

/** What the states of recipients come to: whoever has read a message was sent it, too. */
export function reportOf(rows: readonly CountedState[]): NewsletterReport {
  const sum = (value: (row: CountedState) => number, ...states: readonly string[]) =>
    rows
      .filter(({ state }) => states.length === 0 || states.includes(state))
      .reduce((total, row) => total + value(row), 0);
  const countOf = ({ count }: CountedState) => count;
  const reasonsOf = (of: string): NewsletterReason[] =>
    rows
      .filter(({ state }) => state === of)
      .map(({ reason, count }) => ({ reason: reason ?? 'UNKNOWN', count }))
      .toSorted((one, other) => other.count - one.count || (one.reason < other.reason ? -1 : 1));
  return {
    recipients: sum(countOf),
    waiting: sum(countOf, ...STORED_WAITING),
    queued: sum(({ queued }) => queued),
    sent: sum(countOf, 'SENT', 'DELIVERED', 'READ'),
    delivered: sum(countOf, 'DELIVERED', 'READ'),
    read: sum(countOf, 'READ'),
    replied: sum(({ replied }) => replied),
    optedOut: sum(({ optedOut }) => optedOut),
    unconfirmed: sum(countOf, 'UNCONFIRMED'),
    failed: sum(countOf, 'FAILED'),
    failures: reasonsOf('FAILED'),
    refused: sum(countOf, 'REFUSED'),
    refusals: reasonsOf('REFUSED'),
  };
}
