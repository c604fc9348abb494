/** How sending over one channel goes; shared by all processes. */
export interface Circuit {
  /** Attempts in a row that the provider did not answer. */
  failures: number;
  /** Nothing is sent until then. Once that is over a single message finds out whether the provider is back. */
  pausedUntil: Date | null;
}

const OPENS_AFTER = 5;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/**
 * After an attempt that the provider did not answer: from the fifth in a row on there is a pause, each twice as long.
 * What else was under way when a pause began says nothing new.
 */
export function afterSilence(circuit: Circuit, now: Date, wasProbe: boolean): Circuit {
  if (isPaused(circuit, now) && !wasProbe) return circuit;
  const failures = circuit.failures + 1;
  if (failures < OPENS_AFTER) return { failures, pausedUntil: null };
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures - OPENS_AFTER, 10), LONGEST_PAUSE_MS);
  return { failures, pausedUntil: new Date(now.getTime() + pause) };
}

export function isPaused({ pausedUntil }: Circuit, now: Date): boolean {
  return pausedUntil !== null && pausedUntil > now;
}

/** The pause is over, and nobody knows yet whether the provider is back. */
export function isProbing(circuit: Circuit, now: Date): boolean {
  return circuit.failures >= OPENS_AFTER && !isPaused(circuit, now);
}
