import { v7 } from 'uuid';
import { randomFromPool } from './random.js';

const RANDOM_BYTES = 16;
let lastMs = 0;
let seq = 0;

/** UUIDv7: sorts by creation time, so primary keys append. Ids of one process sort in the order in which they were made. */
export function newId(): string {
  const random = randomFromPool(RANDOM_BYTES);
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    // 31 bits: counting on within a millisecond cannot overflow the 32 that there are.
    seq = random.readUInt32BE() >>> 1;
  } else seq += 1;
  return v7({ random, msecs: lastMs, seq });
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * As this API hands them out: in lower case. PostgreSQL finds a row by its id in capitals too, but what is then passed on
 * as it was typed is found by nobody who compares it as text.
 */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

/** No UUIDv7 of that time or later is less. */
export function firstIdOf(at: Date): string {
  const time = at.getTime().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
}

const YOUNG_MS = 60_000;

/**
 * Somebody may refer to an object before this service has read the event that makes it. Ids tell when they were made, so
 * one that is older than a minute is not on its way: it does not exist, or not here.
 */
export function mayStillCome(id: string, now: Date): boolean {
  const madeAt = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
  return id[14] === '7' && Math.abs(now.getTime() - madeAt) < YOUNG_MS;
}
