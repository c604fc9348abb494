/**
 * The name by which others know a time zone too, such as Europe/Berlin for europe/berlin, or Australia/Sydney for AET, which
 * PostgreSQL does not know; undefined for what is no IANA name. Offsets such as +01:00 know no summer time, and are none.
 */
export function canonicalTimeZone(name: string): string | undefined {
  if (!/^[A-Za-z]/.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** See {@link canonicalTimeZone}: enough where only this process reads the name. */
export function isTimeZone(name: string): boolean {
  return canonicalTimeZone(name) !== undefined;
}
