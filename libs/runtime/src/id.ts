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

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isId(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}
