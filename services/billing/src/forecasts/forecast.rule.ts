import { dayAfter, firstDayAfter } from '../ratings/local-date.js';

/** Messages of one kind on one day, delivered or on their way. */
export interface DayCount {
  /** `YYYY-MM-DD`, of the account's calendar. */
  day: string;
  market: string | null;
  category: string;
  isInEntryPoint: boolean;
  isFree: boolean;
  messages: number;
}

export type Kind = Pick<DayCount, 'market' | 'category' | 'isInEntryPoint'>;

/** What is still to come in a month, by the pace so far. */
export interface Pace {
  /** So many whole days it was taken from: at most {@link PACE_DAYS}. */
  days: number;
  /** By kind; `least` and `most` by the weakest and the strongest week of them. */
  coming: (Kind & { messages: number; least: number; most: number })[];
  /** Of one kind of messages, those that come on each day until the end of the month. */
  comingOn(day: string, isCounted: (kind: Kind) => boolean): number;
}

export const PACE_DAYS = 28;
const WEEK = 7;

/**
 * The pace: of each kind and weekday the mean of the last 28 whole days, or of as many as there are since the first
 * message; the mean of all days, where there are fewer than seven. Today counts with what its pace has not seen yet.
 * From fourteen days on, the weakest and the strongest of the whole weeks are the range; before, half and twice.
 */
export function paceOf(counts: readonly DayCount[], { month, today }: { month: string; today: string }): Pace {
  const window = counts.filter(({ day }) => day < today && day >= dayAfter(today, -PACE_DAYS));
  const first = window.reduce<string | undefined>((least, { day }) => (least && least < day ? least : day), undefined);
  const days = first === undefined ? [] : daysBetween(first, today);
  const isWeekly = days.length >= WEEK;
  const means = new Map<string, { kind: Kind; byWeekday: number[] }>();
  for (const [key, ofKind] of Map.groupBy(window, keyOf)) {
    const byWeekday = Array.from({ length: WEEK }, (_, weekday) => {
      const counted = isWeekly ? days.filter((day) => weekdayOf(day) === weekday) : days;
      const total = ofKind.reduce((sum, { day, messages }) => sum + (counted.includes(day) ? messages : 0), 0);
      return total / counted.length;
    });
    means.set(key, { kind: ofKind[0]!, byWeekday });
  }
  const seenToday = new Map<string, number>();
  for (const count of counts) {
    if (count.day === today) seenToday.set(keyOf(count), (seenToday.get(keyOf(count)) ?? 0) + count.messages);
  }
  const expectedOn = (key: string, day: string) => {
    const mean = means.get(key)!.byWeekday[weekdayOf(day)]!;
    return day === today ? Math.max(0, mean - (seenToday.get(key) ?? 0)) : mean;
  };
  const rest = daysBetween(today > `${month}-01` ? today : `${month}-01`, firstDayAfter(month));
  const { weakest, strongest } = swing(window, today, days.length);
  return {
    days: days.length,
    coming: [...means].map(
      ([
        key,
        {
          kind: { market, category, isInEntryPoint },
        },
      ]) => {
        const messages = rest.reduce((sum, day) => sum + expectedOn(key, day), 0);
        const [least, about, most] = [weakest, 1, strongest].map((factor) => Math.round(messages * factor)) as [
          number,
          number,
          number,
        ];
        return { market, category, isInEntryPoint, messages: about, least, most };
      },
    ),
    comingOn: (day, isCounted) =>
      [...means].reduce((sum, [key, { kind }]) => sum + (isCounted(kind) ? expectedOn(key, day) : 0), 0),
  };
}

/**
 * The day on which an allowance was, or will be, used up; undefined if that is not in this month. Once something of its
 * kind is charged it is, whatever our own count says.
 */
export function allowanceEnd(
  counts: readonly DayCount[],
  pace: Pace,
  { month, today, size, isCounted }: { month: string; today: string; size: number; isCounted: (kind: Kind) => boolean },
): string | undefined {
  let used = 0;
  for (const day of daysBetween(`${month}-01`, firstDayAfter(month))) {
    const ofDay = counts.filter((count) => count.day === day && count.messages > 0 && isCounted(count));
    if (ofDay.some(({ isFree }) => !isFree)) return day;
    used += ofDay.reduce((sum, { messages }) => sum + messages, 0);
    if (day >= today) used += pace.comingOn(day, isCounted);
    if (used >= size) return day;
  }
  return undefined;
}

const HALF_AND_TWICE = { weakest: 0.5, strongest: 2 };

function swing(window: readonly DayCount[], today: string, days: number): { weakest: number; strongest: number } {
  const weeks = Math.floor(days / WEEK);
  if (weeks < 2) return HALF_AND_TWICE;
  const totals = Array.from({ length: weeks }, (_, index) => {
    const [from, to] = [dayAfter(today, -WEEK * (index + 1)), dayAfter(today, -WEEK * index)];
    return window.reduce((sum, { day, messages }) => sum + (day >= from && day < to ? messages : 0), 0);
  });
  const mean = totals.reduce((sum, total) => sum + total, 0) / weeks;
  if (mean === 0) return HALF_AND_TWICE;
  return { weakest: Math.min(...totals) / mean, strongest: Math.max(...totals) / mean };
}

function keyOf({ market, category, isInEntryPoint }: Kind): string {
  return JSON.stringify([market, category, isInEntryPoint]);
}

/** Without the end. */
function daysBetween(from: string, end: string): string[] {
  const days: string[] = [];
  for (let day = from; day < end; day = dayAfter(day)) days.push(day);
  return days;
}

function weekdayOf(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay();
}

/** By what the pace of a day is taken. */
export function firstDayRead(today: string): string {
  return dayAfter(today, -PACE_DAYS);
}
