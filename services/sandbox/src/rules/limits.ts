/** WhatsApp's limits (whatsapp.md §B5). Pure: the caller keeps the states. */

export interface Rate {
  /** Between two messages in the long run. */
  intervalMs: number;
  /** So many may come at once; the time for them is borrowed from the future. */
  burst: number;
}

/** One message in 6 seconds to the same person, 45 at once. */
export const PAIR_RATE: Rate = { intervalMs: 6_000, burst: 45 };

export function numberRate(messagesPerSecond: number): Rate {
  return { intervalMs: 1_000 / messagesPerSecond, burst: messagesPerSecond };
}

/**
 * The generic cell rate algorithm.
 * @param dueAt the state: when the messages so far would all have had their time. 0 at the beginning.
 * @returns the new state, or undefined when the message comes too soon.
 */
export function admit(dueAt: number, nowMs: number, { intervalMs, burst }: Rate): number | undefined {
  const next = Math.max(dueAt, nowMs) + intervalMs;
  // A clock that was moved back must not close a number for years.
  const isPlausible = next - nowMs <= (burst + 1) * intervalMs;
  if (!isPlausible) return nowMs + intervalMs;
  return next - nowMs <= burst * intervalMs + 1e-6 ? next : undefined;
}

export const TIERS = {
  TIER_50: 50,
  TIER_250: 250,
  TIER_2K: 2_000,
  TIER_10K: 10_000,
  TIER_100K: 100_000,
  TIER_UNLIMITED: Infinity,
} as const;
export type Tier = keyof typeof TIERS;

/** Standard numbers, and those that Meta has upgraded. */
export const THROUGHPUT = { STANDARD: 80, HIGH: 1_000 } as const;
