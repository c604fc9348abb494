import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 8_192;
let pool = Buffer.alloc(0);
let used = 0;

/** Random bytes that nobody else gets. Asking the system for a few at a time costs several times as much as using them. */
export function randomFromPool(size: number): Buffer {
  if (used + size > pool.length) {
    // A new one: views of the old one may still be in use.
    pool = randomFillSync(Buffer.allocUnsafeSlow(POOL_BYTES));
    used = 0;
  }
  used += size;
  return pool.subarray(used - size, used);
}
