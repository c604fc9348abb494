export interface Waker {
  /** There is something to do: ends the rest at once, or leaves out the next one. */
  wake(): void;
  /** Resolves when woken, at the latest after `ms` milliseconds. */
  rest(ms: number): Promise<void>;
}

/** For loops that are told when there is work and look by themselves now and then, in case they were not. */
export function createWaker(): Waker {
  let isWoken = false;
  let wakeUp: (() => void) | undefined;
  return {
    wake() {
      isWoken = true;
      wakeUp?.();
    },
    async rest(ms) {
      if (!isWoken) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wakeUp = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wakeUp = undefined;
      }
      isWoken = false;
    },
  };
}
