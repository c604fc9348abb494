import { expect, it } from 'vitest';
import { remember } from './remembered.js';

function loading() {
  let time = 0;
  let loads = 0;
  let fails = false;
  const remembered = remember(
    async () => {
      loads += 1;
      if (fails) throw new Error('away');
      return loads;
    },
    { maxAgeMs: 5_000, now: () => new Date(time) },
  );
  return {
    get: remembered.get,
    forget: remembered.forget,
    at: (ms: number) => (time = ms),
    fail: (does: boolean) => (fails = does),
  };
}

it('loads once for all who ask, until it is so old', async () => {
  const { get, at } = loading();
  expect(await Promise.all([get(), get()])).toEqual([1, 1]);
  at(4_999);
  expect(await get()).toBe(1);
  at(5_000);
  expect(await get()).toBe(2);
});

it('loads anew once it was told to forget', async () => {
  const { get, forget } = loading();
  await get();
  forget();
  expect(await get()).toBe(2);
});

it('remembers no failure', async () => {
  const { get, fail } = loading();
  fail(true);
  await expect(get()).rejects.toThrow('away');
  fail(false);
  expect(await get()).toBe(2);
});
