const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** From one attempt to the next: eight in a day. */
const PAUSES_MS = [
  10 * SECOND_MS,
  MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  6 * HOUR_MS,
  15 * HOUR_MS,
] as const;

export const MAX_ATTEMPTS = PAUSES_MS.length + 1;

/** What came of an attempt. `problem` is a word for programs, without anything of the answer. */
export type Outcome = { isDelivered: true } | { isDelivered: false; problem: string; isFinal: boolean };

/** What becomes of a delivery after its attempt number `attempts`. */
export function afterAttempt(
  outcome: Outcome,
  attempts: number,
  now: Date,
): { state: 'DELIVERED' | 'PENDING' | 'GIVEN_UP'; problem: string | null; nextAttemptAt: Date | null } {
  if (outcome.isDelivered) return { state: 'DELIVERED', problem: null, nextAttemptAt: null };
  const { problem, isFinal } = outcome;
  const pause = PAUSES_MS[attempts - 1];
  if (isFinal || pause === undefined) return { state: 'GIVEN_UP', problem, nextAttemptAt: null };
  return { state: 'PENDING', problem, nextAttemptAt: new Date(now.getTime() + pause) };
}
