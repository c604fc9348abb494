import { describe, expect, it } from 'vitest';
import { createWaker } from './waker.js';

const LONG = 60_000;

describe('a waker', () => {
  it('ends a rest, however long', async () => {
    const waker = createWaker();
    const resting = waker.rest(LONG);
    waker.wake();
    await expect(resting).resolves.toBeUndefined();
  });

  it('remembers a call that came before the rest, once', async () => {
    const waker = createWaker();
    waker.wake();
    waker.wake();
    await waker.rest(LONG);
    let isResting = true;
    const resting = waker.rest(LONG).then(() => (isResting = false));
    await new Promise(setImmediate);
    expect(isResting).toBe(true);
    waker.wake();
    await resting;
  });

  it('lets rest end by itself', async () => {
    await expect(createWaker().rest(1)).resolves.toBeUndefined();
  });
});
