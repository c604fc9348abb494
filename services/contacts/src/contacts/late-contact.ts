/** Between attempts to find a contact that another service already refers to: 975 ms in all. */
export const WAITS_MS = [5, 10, 20, 40, 80, 160, 320, 340];

const YOUNG_MS = 60_000;

/**
 * A live event reaches agents before this service has read the event that makes its contact. Ids are UUIDv7 and
 * made with the thread, so one that is older than a minute is not on its way: it does not exist, or not here.
 */
export function mayStillCome(id: string, now: Date): boolean {
  const madeAt = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
  return id[14] === '7' && Math.abs(now.getTime() - madeAt) < YOUNG_MS;
}
