const formatters = new Map<string, Intl.DateTimeFormat>();

/**
 * The calendar day at an instant, as `YYYY-MM-DD`, in an IANA time zone. Price changes and months begin at midnight of
 * the account's time zone, so this day, never the UTC one, selects a rate.
 *
 * @throws RangeError for an unknown time zone or an invalid date.
 */
export function localDateOf(instant: Date, timeZone: string): string {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    formatters.set(timeZone, formatter);
  }
  const parts = new Map(formatter.formatToParts(instant).map((part) => [part.type, part.value]));
  return `${parts.get('year')!.padStart(4, '0')}-${parts.get('month')}-${parts.get('day')}`;
}

/** Calendar arithmetic only: a local date has no time zone left. @throws RangeError for what is no date. */
export function dayAfter(date: string, days = 1): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** `YYYY-MM` of a local date. */
export function monthOf(localDate: string): string {
  return localDate.slice(0, 7);
}

/** The first day of the month after a month, `YYYY-MM-DD`. */
export function firstDayAfter(month: string): string {
  return `${monthOf(dayAfter(`${month}-28`, 4))}-01`;
}

/** When a local day begins, to the millisecond. Undefined for an unknown time zone. */
export function firstInstantOf(localDate: string, timeZone: string): Date | undefined {
  const middle = Date.parse(`${localDate}T00:00:00Z`);
  let [before, after] = [middle - WIDEST_OFFSET_MS, middle + WIDEST_OFFSET_MS];
  try {
    while (after - before > 1) {
      const between = Math.floor((before + after) / 2);
      if (localDateOf(new Date(between), timeZone) < localDate) before = between;
      else after = between;
    }
  } catch {
    return undefined;
  }
  return new Date(after);
}

const WIDEST_OFFSET_MS = 24 * 3_600_000;
