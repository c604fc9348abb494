/** Pauses between attempts: doubling from `startMs` to `capMs`, each anywhere in its upper half so that many do not try at once. */
export interface BackOff {
  startMs: number;
  capMs: number;
}

export function backOffMs({ startMs, capMs }: BackOff, failures: number, random = Math.random): number {
  const ceiling = Math.min(capMs, startMs * 2 ** Math.min(failures, 30));
  return ceiling * (0.5 + random() / 2);
}
