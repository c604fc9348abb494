import type { StatusReason } from '@fenster/contracts';
import { DomainError, invalidInput } from '@fenster/runtime';
import type { Conversation, ConversationStatus } from '../conversations/conversation.entity.js';
import { isWindowOpen, type ServiceWindow } from '../threads/service-window.js';

const HOUR_MS = 3_600_000;
/** A service window is open for 24 hours at most (whatsapp.md §C1). */
export const MAX_HOURS_BEFORE_CLOSE = 23;
export const MAX_SNOOZE_DAYS = 366;

export type Snooze =
  | { kind: 'UNTIL'; until: Date }
  | { kind: 'NEXT_MESSAGE' }
  | { kind: 'BEFORE_WINDOW_CLOSES'; hours: number };

/** What somebody wants, or what happened. */
export type StatusCommand =
  | { kind: 'resolve' | 'reopen' | 'setPending' }
  | { kind: 'snooze'; snooze: Snooze }
  | { kind: 'reply' | 'customerWrote' | 'timeCame' };

/** The columns that say where a conversation stands. */
export type StatusFields = Pick<Conversation, 'status' | 'resolvedAt' | 'snoozeKind' | 'snoozedUntil' | 'snoozeHours'>;

export interface StatusFacts {
  now: Date;
  window: Pick<ServiceWindow, 'expiresAt'>;
  /** Another conversation of the thread is not resolved. */
  isAnotherOpen: boolean;
}

export interface Transition {
  to: StatusFields;
  reason: StatusReason;
}

const AWAKE = { resolvedAt: null, snoozeKind: null, snoozedUntil: null, snoozeHours: null };

/**
 * What a command makes of a conversation; undefined if nothing changes.
 * @throws DomainError ALREADY_OPEN, ALREADY_PENDING, ALREADY_RESOLVED, CONVERSATION_RESOLVED,
 *   ANOTHER_CONVERSATION_OPEN, SERVICE_WINDOW_NOT_OPEN, INVALID_INPUT (a time that has passed).
 */
export function decideStatus(
  current: StatusFields,
  command: StatusCommand,
  facts: StatusFacts,
): Transition | undefined {
  const { status } = current;
  switch (command.kind) {
    case 'resolve':
      if (status === 'RESOLVED') throw already(status);
      return { to: { ...AWAKE, status: 'RESOLVED', resolvedAt: facts.now }, reason: 'REQUESTED' };
    case 'reopen':
      if (status === 'OPEN') throw already(status);
      return open('REQUESTED', current, facts);
    case 'setPending':
      if (status === 'PENDING') throw already(status);
      refuseResolved(status);
      return { to: { ...AWAKE, status: 'PENDING' }, reason: 'REQUESTED' };
    case 'snooze':
      refuseResolved(status);
      return { to: { ...AWAKE, status: 'SNOOZED', ...snoozeFields(command.snooze, facts) }, reason: 'REQUESTED' };
    case 'reply':
      // Nothing is sent out of everybody's sight. Who replies to a snoozed or pending one still waits for what they wait for.
      return status === 'RESOLVED' ? open('REPLIED', current, facts) : undefined;
    case 'customerWrote':
      return status === 'OPEN' ? undefined : open('CUSTOMER_WROTE', current, facts);
    case 'timeCame': {
      const wakesAt = wakingTime(current, facts.window);
      return status === 'SNOOZED' && wakesAt && wakesAt <= facts.now
        ? { to: { ...AWAKE, status: 'OPEN' }, reason: 'SNOOZE_ENDED' }
        : undefined;
    }
    default:
      return command satisfies never;
  }
}

/**
 * When time ends a snooze; null if only a customer message does. Before the window closes means before it closes as
 * things stand now: it may have been extended since. Without a window there is nothing to wait for.
 */
export function wakingTime(
  { snoozeKind, snoozedUntil, snoozeHours }: Pick<StatusFields, 'snoozeKind' | 'snoozedUntil' | 'snoozeHours'>,
  { expiresAt }: Pick<ServiceWindow, 'expiresAt'>,
): Date | null {
  if (snoozeKind !== 'BEFORE_WINDOW_CLOSES' || !expiresAt) return snoozedUntil ?? null;
  return new Date(expiresAt.getTime() - (snoozeHours ?? 0) * HOUR_MS);
}

function open(reason: StatusReason, { status }: StatusFields, { isAnotherOpen }: StatusFacts): Transition {
  if (status === 'RESOLVED' && isAnotherOpen) {
    throw new DomainError(
      'ANOTHER_CONVERSATION_OPEN',
      'The customer has written again since, in a conversation that is not resolved. Go on in that one.',
    );
  }
  return { to: { ...AWAKE, status: 'OPEN' }, reason };
}

function snoozeFields(
  snooze: Snooze,
  { now, window }: StatusFacts,
): Pick<StatusFields, 'snoozeKind' | 'snoozedUntil' | 'snoozeHours'> {
  const { kind } = snooze;
  switch (kind) {
    case 'NEXT_MESSAGE':
      return { snoozeKind: kind, snoozedUntil: null, snoozeHours: null };
    case 'UNTIL': {
      const latest = now.getTime() + MAX_SNOOZE_DAYS * 24 * HOUR_MS;
      if (!(snooze.until > now)) throw invalidInput('until', 'must be in the future.');
      if (snooze.until.getTime() > latest) throw invalidInput('until', `must be within ${MAX_SNOOZE_DAYS} days.`);
      return { snoozeKind: kind, snoozedUntil: snooze.until, snoozeHours: null };
    }
    case 'BEFORE_WINDOW_CLOSES': {
      const { hours } = snooze;
      if (!Number.isInteger(hours) || hours < 1 || hours > MAX_HOURS_BEFORE_CLOSE) {
        throw invalidInput('hoursBeforeWindowCloses', `must be from 1 to ${MAX_HOURS_BEFORE_CLOSE}.`);
      }
      if (!isWindowOpen(window, now)) {
        throw new DomainError(
          'SERVICE_WINDOW_NOT_OPEN',
          'No service window is open, so none will close. Snooze until a time or until the customer writes.',
          { field: 'hoursBeforeWindowCloses' },
        );
      }
      const fields = { snoozeKind: kind, snoozedUntil: null, snoozeHours: hours };
      const snoozedUntil = wakingTime(fields, window);
      if (!snoozedUntil || snoozedUntil <= now) {
        throw invalidInput('hoursBeforeWindowCloses', 'must be less than what is left of the service window.');
      }
      return { ...fields, snoozedUntil };
    }
    default:
      return snooze satisfies never;
  }
}

function refuseResolved(status: ConversationStatus): void {
  if (status !== 'RESOLVED') return;
  throw new DomainError('CONVERSATION_RESOLVED', 'This conversation is resolved. Reopen it first.');
}

function already(status: 'OPEN' | 'PENDING' | 'RESOLVED'): DomainError {
  return new DomainError(`ALREADY_${status}`, `This conversation is ${status.toLowerCase()} already.`);
}
