import { vi } from 'vitest';

/** Waits for a condition instead of for a time; generous, because a loaded machine is no failure. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 60_000, interval: 20 });
}
