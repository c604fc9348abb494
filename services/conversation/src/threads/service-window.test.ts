import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  closeEarly,
  extendWindow,
  isWindowOpen,
  lookAtWindow,
  NO_WINDOW,
  type ServiceWindow,
  type WindowMessage,
} from './service-window.js';

const at = (time: string, day = 21) => new Date(`2026-11-${day}T${time}Z`);
const later = (date: Date, ms: number) => new Date(date.getTime() + ms);
const message = (sentAt: Date, id = 'm'): WindowMessage => ({ id, sentAt, opensWindow: true });
/** Arrives at once. */
const arrived = (window: ServiceWindow, sentAt: Date, id?: string) =>
  extendWindow(window, message(sentAt, id), sentAt).window;

describe('the service window', () => {
  it('given none, when the customer writes, then it opens for 24 hours from the time of that message', () => {
    const { window, change } = extendWindow(NO_WINDOW, message(at('10:00:00'), 'first'), at('10:00:02'));
    expect(window).toEqual({
      lastCustomerMessageAt: at('10:00:00'),
      expiresAt: at('10:00:00', 22),
      openedAt: at('10:00:00'),
      openedByMessageId: 'first',
    });
    expect(change).toBe('opened');
  });

  it('given one, when the customer writes again, then it is extended, and was opened by the first', () => {
    const first = arrived(NO_WINDOW, at('10:00:00'), 'first');
    const { window, change } = extendWindow(first, message(at('11:00:00'), 'second'), at('11:00:00'));
    expect(window).toMatchObject({
      expiresAt: at('11:00:00', 22),
      openedAt: at('10:00:00'),
      openedByMessageId: 'first',
    });
    expect(change).toBe('extended');
  });

  it('given one that is over, when the customer writes again, then another one opens', () => {
    const first = arrived(NO_WINDOW, at('10:00:00'), 'first');
    const { window, change } = extendWindow(first, message(at('10:00:00', 22), 'second'), at('10:00:00', 22));
    expect(window).toMatchObject({ openedAt: at('10:00:00', 22), openedByMessageId: 'second' });
    expect(change).toBe('opened');
  });

  it('given one, when an older message arrives late, then it stays as it is', () => {
    const window = arrived(NO_WINDOW, at('11:00:00'));
    expect(extendWindow(window, message(at('10:00:00')), at('11:00:01'))).toEqual({ window, change: null });
  });

  it('given none, when a message arrives more than a day late, then nothing opens', () => {
    const { window, change } = extendWindow(NO_WINDOW, message(at('10:00:00')), at('10:00:00', 22));
    expect(change).toBeNull();
    expect(isWindowOpen(window, at('10:00:00', 22))).toBe(false);
  });

  it('given one that was told to be closed, when a message from before its end arrives late, then another one opens', () => {
    const first = arrived(NO_WINDOW, at('10:00:00'), 'first');
    const { window, change } = extendWindow(first, message(at('09:00:00', 22), 'late'), at('10:30:00', 22));
    expect(change).toBe('opened');
    expect(window).toMatchObject({ openedByMessageId: 'late', expiresAt: at('09:00:00', 23) });
  });

  it('given none, when something comes that opens none, then there is still none', () => {
    const reaction = { ...message(at('10:00:00')), opensWindow: false };
    expect(extendWindow(NO_WINDOW, reaction, at('10:00:00'))).toEqual({ window: NO_WINDOW, change: null });
  });

  it('is open to the last millisecond and closed at the 24th hour', () => {
    const window = arrived(NO_WINDOW, at('10:00:00'));
    expect(isWindowOpen(window, later(at('10:00:00'), 86_399_999))).toBe(true);
    expect(isWindowOpen(window, later(at('10:00:00'), 86_400_000))).toBe(false);
    expect(isWindowOpen(NO_WINDOW, at('10:00:00'))).toBe(false);
  });
});

describe('the timer of a window', () => {
  const expiresAt = at('10:00:00', 22);

  it('tells that it closes soon, then that it is closed', () => {
    expect(lookAtWindow(expiresAt, 60, at('08:59:59', 22))).toEqual({ tell: null, lookAgainAt: at('09:00:00', 22) });
    expect(lookAtWindow(expiresAt, 60, at('09:00:00', 22))).toEqual({ tell: 'closing', lookAgainAt: expiresAt });
    expect(lookAtWindow(expiresAt, 60, expiresAt)).toEqual({ tell: 'closed', lookAgainAt: null });
    expect(lookAtWindow(null, 60, expiresAt)).toEqual({ tell: null, lookAgainAt: null });
  });

  it('however often the customer writes, tells of each end soon and at it once, in time, and of no other', () => {
    const minute = 60_000;
    const gaps = fc.array(fc.integer({ min: 1, max: 30 * 60 }), { minLength: 1, maxLength: 12 });
    const notices = fc.integer({ min: 1, max: 12 * 60 });
    fc.assert(
      fc.property(gaps, notices, (minutes, notice) => {
        let window = NO_WINDOW;
        let timer: Date | null = null;
        let now = at('00:00:00');
        const told: string[] = [];
        const expected: string[] = [];
        const runTimers = (until: Date) => {
          while (timer && timer <= until) {
            const { tell, lookAgainAt } = lookAtWindow(window.expiresAt, notice, timer);
            if (tell) told.push(`${tell} ${timer.toISOString()}`);
            timer = lookAgainAt;
          }
        };
        for (const [index, gap] of [...minutes, 3 * 24 * 60].entries()) {
          const next = later(now, gap * minute);
          runTimers(next);
          const { expiresAt } = window;
          if (expiresAt) {
            const soon = later(expiresAt, -notice * minute);
            if (soon <= next) expected.push(`closing ${soon.toISOString()}`);
            if (expiresAt <= next) expected.push(`closed ${expiresAt.toISOString()}`);
          }
          now = next;
          const { window: extended, change } = extendWindow(window, message(now, String(index)), now);
          window = extended;
          // Only then, as the event path does.
          if (change === 'opened') timer = lookAtWindow(window.expiresAt, notice, now).lookAgainAt;
        }
        expect(told).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe('given a window that the provider refused to send in, then', () => {
  const wrote = at('09:00:00');
  const window = { lastCustomerMessageAt: wrote, expiresAt: at('09:00:00', 22) };
  const now = at('12:00:00');
  it.each([
    ['it ends with the refusal', window, { sentAt: wrote, refusedAt: at('10:00:00') }, at('10:00:00')],
    ['it does not end in the future', window, { sentAt: wrote, refusedAt: at('13:00:00') }, now],
    ['it stays if the customer wrote since', window, { sentAt: at('08:59:59'), refusedAt: at('10:00:00') }, undefined],
    [
      'it stays over',
      { ...window, expiresAt: at('10:00:00') },
      { sentAt: wrote, refusedAt: at('10:00:00') },
      undefined,
    ],
    ['there is none to end', { ...window, expiresAt: null }, { sentAt: wrote, refusedAt: at('10:00:00') }, undefined],
  ] as const)('%s', (_, being, refused, expected) => {
    expect(closeEarly(being, refused, now)).toEqual(expected);
  });
});
