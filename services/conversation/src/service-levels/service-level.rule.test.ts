import { describe, expect, it } from 'vitest';
import { clocksOf } from './service-level.rule.js';

const at = (time: string, day = 27) => new Date(`2026-11-${day}T${time}Z`);
const targets = { firstResponseMinutes: 60, nextResponseMinutes: 240, resolutionMinutes: 480 };
const hours = {
  timeZone: 'Europe/Berlin',
  weekly: [1, 2, 3, 4, 5].map((weekday) => ({ weekday, from: '09:00', to: '17:00' })),
  exceptions: [],
};
const waiting = { openedAt: at('15:30:00'), waitingSince: at('15:30:00'), firstResponseAt: null };

describe('the clocks of service levels', () => {
  it('given a new conversation, are due in business time: a Friday afternoon goes on on Monday', () => {
    expect(clocksOf(waiting, targets, hours)).toEqual([
      { target: 'FIRST_RESPONSE', startedAt: at('15:30:00'), dueAt: at('08:30:00', 30) },
      { target: 'RESOLUTION', startedAt: at('15:30:00'), dueAt: at('15:30:00', 30) },
    ]);
  });

  it('given a channel that is always open, are due by the clock', () => {
    expect(clocksOf(waiting, targets, null)[0]!.dueAt).toEqual(at('16:30:00'));
  });

  it('given an answer before, are those of the next one', () => {
    const later = { ...waiting, firstResponseAt: at('15:40:00'), waitingSince: at('15:50:00') };
    expect(clocksOf(later, targets, null)[0]).toEqual({
      target: 'NEXT_RESPONSE',
      startedAt: at('15:50:00'),
      dueAt: at('19:50:00'),
    });
  });

  it('given nobody waits, no target, or hours that never come, are none', () => {
    expect(clocksOf({ ...waiting, waitingSince: null }, { ...targets, resolutionMinutes: null }, null)).toEqual([]);
    expect(
      clocksOf(waiting, { firstResponseMinutes: null, nextResponseMinutes: 1, resolutionMinutes: null }, null),
    ).toEqual([]);
    expect(clocksOf(waiting, targets, { ...hours, weekly: [] })).toEqual([]);
  });
});
