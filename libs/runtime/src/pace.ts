import { setTimeout as wait } from 'node:timers/promises';

/**
 * Steps that wait for their turn begin at least so many milliseconds apart, so that what comes meanwhile is done
 * together. Whoever comes after a longer rest does not wait.
 */
export function createPace(
  ms: number,
  now: () => number = () => performance.now(),
  sleep: (ms: number) => Promise<void> = wait,
): () => Promise<void> {
  let next = Number.NEGATIVE_INFINITY;
  return async () => {
    const left = next - now();
    if (left > 0) await sleep(left);
    next = now() + ms;
  };
}
