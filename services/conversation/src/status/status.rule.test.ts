import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONVERSATION_STATUSES } from '../conversations/conversation.entity.js';
import { decideStatus, wakingTime, type StatusCommand, type StatusFacts, type StatusFields } from './status.rule.js';

const now = new Date('2026-11-22T10:00:00Z');
const inHours = (hours: number) => new Date(now.getTime() + hours * 3_600_000);
const facts: StatusFacts = { now, window: { expiresAt: inHours(20) }, isAnotherOpen: false };
const nothing = { resolvedAt: null, snoozeKind: null, snoozedUntil: null, snoozeHours: null };
const OPEN: StatusFields = { ...nothing, status: 'OPEN' };
const PENDING: StatusFields = { ...nothing, status: 'PENDING' };
const RESOLVED: StatusFields = { ...nothing, status: 'RESOLVED', resolvedAt: inHours(-1) };
const SNOOZED: StatusFields = { ...nothing, status: 'SNOOZED', snoozeKind: 'UNTIL', snoozedUntil: inHours(2) };
const UNTIL_MESSAGE: StatusFields = { ...nothing, status: 'SNOOZED', snoozeKind: 'NEXT_MESSAGE' };
const BEFORE_CLOSE: StatusFields = {
  ...nothing,
  status: 'SNOOZED',
  snoozeKind: 'BEFORE_WINDOW_CLOSES',
  snoozedUntil: inHours(-1),
  snoozeHours: 2,
};
const STATES = { OPEN, PENDING, SNOOZED, RESOLVED };

const later = { kind: 'snooze', snooze: { kind: 'UNTIL', until: inHours(3) } } as const;
const beforeClose = (hours: number) => ({ kind: 'snooze', snooze: { kind: 'BEFORE_WINDOW_CLOSES', hours } }) as const;
const COMMANDS = {
  resolve: { kind: 'resolve' },
  reopen: { kind: 'reopen' },
  setPending: { kind: 'setPending' },
  snooze: later,
  reply: { kind: 'reply' },
  customerWrote: { kind: 'customerWrote' },
} as const satisfies Record<string, StatusCommand>;

/** The new status and why, `-` for no change, or the code of the refusal. */
function outcome(from: StatusFields, command: StatusCommand, given: Partial<StatusFacts> = {}): string {
  try {
    const transition = decideStatus(from, command, { ...facts, ...given });
    return transition ? `${transition.to.status} ${transition.reason}` : '-';
  } catch (error) {
    const { code, field } = error as { code: string; field?: string };
    return field ? `${code} ${field}` : code;
  }
}

describe('the status of a conversation', () => {
  it.each<[keyof typeof STATES, keyof typeof COMMANDS, string]>([
    ['OPEN', 'resolve', 'RESOLVED REQUESTED'],
    ['PENDING', 'resolve', 'RESOLVED REQUESTED'],
    ['SNOOZED', 'resolve', 'RESOLVED REQUESTED'],
    ['RESOLVED', 'resolve', 'ALREADY_RESOLVED'],
    ['OPEN', 'reopen', 'ALREADY_OPEN'],
    ['PENDING', 'reopen', 'OPEN REQUESTED'],
    ['SNOOZED', 'reopen', 'OPEN REQUESTED'],
    ['RESOLVED', 'reopen', 'OPEN REQUESTED'],
    ['OPEN', 'setPending', 'PENDING REQUESTED'],
    ['PENDING', 'setPending', 'ALREADY_PENDING'],
    ['SNOOZED', 'setPending', 'PENDING REQUESTED'],
    ['RESOLVED', 'setPending', 'CONVERSATION_RESOLVED'],
    ['OPEN', 'snooze', 'SNOOZED REQUESTED'],
    ['PENDING', 'snooze', 'SNOOZED REQUESTED'],
    ['SNOOZED', 'snooze', 'SNOOZED REQUESTED'],
    ['RESOLVED', 'snooze', 'CONVERSATION_RESOLVED'],
    ['OPEN', 'reply', '-'],
    ['PENDING', 'reply', '-'],
    ['SNOOZED', 'reply', '-'],
    ['RESOLVED', 'reply', 'OPEN REPLIED'],
    ['OPEN', 'customerWrote', '-'],
    ['PENDING', 'customerWrote', 'OPEN CUSTOMER_WROTE'],
    ['SNOOZED', 'customerWrote', 'OPEN CUSTOMER_WROTE'],
    ['RESOLVED', 'customerWrote', 'OPEN CUSTOMER_WROTE'],
  ])('given %s, when %s, then %s', (from, command, expected) => {
    expect(outcome(STATES[from], COMMANDS[command])).toBe(expected);
  });

  it('given a resolved one, when another of the thread is open, then nothing reopens it', () => {
    for (const kind of ['reopen', 'reply', 'customerWrote'] as const) {
      expect(outcome(RESOLVED, { kind }, { isAnotherOpen: true })).toBe('ANOTHER_CONVERSATION_OPEN');
    }
  });

  it('given any, when it is resolved, then it says when', () => {
    expect(decideStatus(SNOOZED, { kind: 'resolve' }, facts)?.to).toEqual({
      ...nothing,
      status: 'RESOLVED',
      resolvedAt: now,
    });
  });

  it('whatever happens, is snoozed with what ends it, is resolved with a time, and else has neither', () => {
    const commands = [...Object.values(COMMANDS), beforeClose(2), { kind: 'timeCame' }] as StatusCommand[];
    const history = fc.array(fc.tuple(fc.constantFrom(...commands), fc.integer({ min: 0, max: 30 })));
    fc.assert(
      fc.property(history, (steps) => {
        let state = OPEN;
        let hours = 0;
        for (const [command, passed] of steps) {
          hours += passed;
          try {
            state = decideStatus(state, command, { ...facts, now: inHours(hours) })?.to ?? state;
          } catch (error) {
            expect(error).toHaveProperty('name', 'DomainError');
          }
          expect(CONVERSATION_STATUSES).toContain(state.status);
          expect(state.snoozeKind !== null).toBe(state.status === 'SNOOZED');
          expect(state.snoozedUntil !== null).toBe(state.status === 'SNOOZED' && state.snoozeKind !== 'NEXT_MESSAGE');
          expect(state.resolvedAt !== null).toBe(state.status === 'RESOLVED');
        }
      }),
    );
  });
});

describe('a snooze', () => {
  it.each<[string, StatusCommand, string]>([
    ['now', { kind: 'snooze', snooze: { kind: 'UNTIL', until: now } }, 'INVALID_INPUT until'],
    [
      'a time that is no time',
      { kind: 'snooze', snooze: { kind: 'UNTIL', until: new Date(Number.NaN) } },
      'INVALID_INPUT until',
    ],
    [
      'the next but one year',
      { kind: 'snooze', snooze: { kind: 'UNTIL', until: inHours(24 * 367) } },
      'INVALID_INPUT until',
    ],
    ['0 hours before the window closes', beforeClose(0), 'INVALID_INPUT hoursBeforeWindowCloses'],
    ['1.5 hours before the window closes', beforeClose(1.5), 'INVALID_INPUT hoursBeforeWindowCloses'],
    ['24 hours before the window closes', beforeClose(24), 'INVALID_INPUT hoursBeforeWindowCloses'],
    ['as many hours before as are left', beforeClose(20), 'INVALID_INPUT hoursBeforeWindowCloses'],
    ['an hour less', beforeClose(19), 'SNOOZED REQUESTED'],
  ])('until %s', (_, command, expected) => {
    expect(outcome(OPEN, command)).toBe(expected);
  });

  it('before the window closes needs one that is open', () => {
    for (const expiresAt of [null, now, inHours(-1)]) {
      expect(outcome(OPEN, beforeClose(1), { window: { expiresAt } })).toBe(
        'SERVICE_WINDOW_NOT_OPEN hoursBeforeWindowCloses',
      );
    }
  });

  it('given a time, when it has come, then it ends, and not before', () => {
    expect(outcome(SNOOZED, { kind: 'timeCame' }, { now: inHours(1.9) })).toBe('-');
    expect(outcome(SNOOZED, { kind: 'timeCame' }, { now: inHours(2) })).toBe('OPEN SNOOZE_ENDED');
  });

  it('given one until the next message, when any time comes, then it does not end', () => {
    expect(outcome(UNTIL_MESSAGE, { kind: 'timeCame' }, { now: inHours(10_000) })).toBe('-');
  });

  it('given one before the window closes, when the window was extended, then it ends later', () => {
    expect(wakingTime(BEFORE_CLOSE, { expiresAt: inHours(20) })).toEqual(inHours(18));
    expect(outcome(BEFORE_CLOSE, { kind: 'timeCame' })).toBe('-');
    expect(outcome(BEFORE_CLOSE, { kind: 'timeCame' }, { now: inHours(18) })).toBe('OPEN SNOOZE_ENDED');
  });

  it('given what is not snoozed any more, when the time comes, then nothing happens', () => {
    for (const state of [OPEN, PENDING, RESOLVED]) expect(outcome(state, { kind: 'timeCame' })).toBe('-');
  });
});
