export const AVAILABILITY_CHOICES = ['ONLINE', 'AWAY', 'BUSY'] as const;
/** What a member says of themselves. Only who is ONLINE is given conversations by rules. */
export type AvailabilityChoice = (typeof AVAILABILITY_CHOICES)[number];
export type AvailabilityStatus = AvailabilityChoice | 'OFFLINE';

/**
 * Who has not been heard of for so long is not there, whatever they chose: their browser is closed, or their line broken.
 * Clients send a heartbeat every half minute, so three may be lost.
 */
export const ABSENT_AFTER_MS = 2 * 60_000;

/** As heard of at `seenAt`. */
export function availabilityOf(
  heard: { choice: AvailabilityChoice; seenAt: Date } | null | undefined,
  now: Date,
): AvailabilityStatus {
  return heard && now < absentAt(heard.seenAt) ? heard.choice : 'OFFLINE';
}

/** From when on somebody is taken for absent. */
export function absentAt(seenAt: Date): Date {
  return new Date(seenAt.getTime() + ABSENT_AFTER_MS);
}
