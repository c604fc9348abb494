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
