import { setTimeout as delay } from 'node:timers/promises';

/** Pauses between attempts, as every part of this test that meets a dead server makes them: doubling, with jitter. */
export function backOff(failures: number, { startMs = 50, capMs = 500 } = {}, signal?: AbortSignal): Promise<void> {
  const ceiling = Math.min(capMs, startMs * 2 ** Math.min(failures, 20));
  return delay(ceiling * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
}

/** Polls until the condition holds. @throws Error naming what did not come about, with what `describe` says of it. */
export async function waitFor(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  { withinMs, everyMs = 25, describe = () => '' }: { withinMs: number; everyMs?: number; describe?: () => string },
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`Not within ${withinMs / 1_000} s: ${what}. ${describe()}`);
    await delay(everyMs);
  }
}
