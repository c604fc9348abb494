import { describe, expect, it } from 'vitest';
import { dayAfter } from '../ratings/local-date.js';
import { allowanceEnd, paceOf, type DayCount, type Kind } from './forecast.rule.js';

const today = '2026-11-22'; // A Sunday.
const month = '2026-11';
const service = { market: 'Germany', category: 'service', isInEntryPoint: false, isFree: true };
const isService = ({ category }: Kind) => category === 'service';
/** So many a day before today, by what `count` says of it. */
const history = (days: number, count: (day: string) => number): DayCount[] =>
  Array.from({ length: days }, (_, index) => dayAfter(today, index - days)).map((day) => ({
    ...service,
    day,
    messages: count(day),
  }));
const weekday = (day: string) => new Date(day).getUTCDay();
const comingOf = (counts: readonly DayCount[]) => paceOf(counts, { month, today }).coming[0];

describe('the pace', () => {
  it('knows that weekends are quiet', () => {
    const counts = history(28, (day) => (weekday(day) % 6 === 0 ? 0 : 10));
    const pace = paceOf(counts, { month, today });
    expect(pace.days).toBe(28);
    // From this Sunday to the 30th: six working days, of which the last is a Monday.
    expect(pace.coming).toEqual([
      { market: 'Germany', category: 'service', isInEntryPoint: false, messages: 60, least: 60, most: 60 },
    ]);
    expect(pace.comingOn('2026-11-28', isService)).toBe(0);
    expect(pace.comingOn('2026-11-30', isService)).toBe(10);
  });

  it('has its range from the weakest and the strongest week', () => {
    const counts = history(28, (day) => (day >= dayAfter(today, -7) ? 20 : 10));
    // In the mean 12.5 a day, for nine days.
    expect(comingOf(counts)).toMatchObject({ messages: 113, least: 90, most: 180 });
  });

  it('is the mean of all days where there are few, with a range of half and twice', () => {
    expect(comingOf(history(3, () => 10))).toMatchObject({ messages: 90, least: 45, most: 180 });
    expect(paceOf([], { month, today })).toMatchObject({ days: 0, coming: [] });
  });

  it('counts of today only what has not come yet, and of a month to come every day', () => {
    const counts = history(14, () => 10);
    expect(comingOf([...counts, { ...service, day: today, messages: 4 }])).toMatchObject({ messages: 86 });
    expect(comingOf([...counts, { ...service, day: today, messages: 40 }])).toMatchObject({ messages: 80 });
    expect(paceOf(counts, { month: '2026-12', today }).coming[0]).toMatchObject({ messages: 310 });
    expect(paceOf(counts, { month: '2026-10', today }).coming[0]).toMatchObject({ messages: 0 });
  });
});

describe('the end of the allowance', () => {
  const endOf = (counts: readonly DayCount[], size: number) =>
    allowanceEnd(counts, paceOf(counts, { month, today }), { month, today, size, isCounted: isService });

  it('is foreseen by the pace', () => {
    // 21 days of November at 10 each; today's ten are the 211th to 220th.
    const counts = history(28, () => 10);
    expect(endOf(counts, 220)).toBe('2026-11-22');
    expect(endOf(counts, 221)).toBe('2026-11-23');
    expect(endOf(counts, 300)).toBe('2026-11-30');
    expect(endOf(counts, 301)).toBeUndefined();
  });

  it('was when the last free one was sent, or the first was charged', () => {
    const counts = history(28, () => 10);
    expect(endOf(counts, 100)).toBe('2026-11-10');
    expect(endOf([...counts, { ...service, isFree: false, day: '2026-11-05', messages: 1 }], 100)).toBe('2026-11-05');
  });
});
