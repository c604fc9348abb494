import { expect, it } from 'vitest';
import { backOffMs } from './back-off.js';

it('pauses double up to the cap, in the upper half of each', () => {
  const backOff = { startMs: 100, capMs: 2_000 };
  expect([0, 1, 2, 5, 100].map((failures) => backOffMs(backOff, failures, () => 0))).toEqual([
    50, 100, 200, 1_000, 1_000,
  ]);
  expect([0, 1, 2, 5, 100].map((failures) => backOffMs(backOff, failures, () => 1))).toEqual([
    100, 200, 400, 2_000, 2_000,
  ]);
});
