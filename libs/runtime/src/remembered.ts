import type { Clock } from './clock.js';

/** What has to be loaded and hardly changes. */
export interface Remembered<T> {
  /** At most so old; a load under way is everybody's. */
  get(): Promise<T>;
  /** The next one to ask has it loaded anew. */
  forget(): void;
}

/** Remembers for `maxAgeMs` milliseconds what `load` gives. A failure is not remembered. */
export function remember<T>(
  load: () => Promise<T>,
  { maxAgeMs, now }: { maxAgeMs: number; now: Clock },
): Remembered<T> {
  let last: { value: Promise<T>; at: number } | undefined;
  return {
    get() {
      const at = now().getTime();
      if (!last || at - last.at >= maxAgeMs) {
        const loading = { value: load(), at };
        last = loading;
        loading.value.catch(() => {
          if (last === loading) last = undefined;
        });
      }
      return last.value;
    },
    forget() {
      last = undefined;
    },
  };
}
