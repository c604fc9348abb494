import { describe, expect, it } from 'vitest';
import { median, percentile, Samples } from './statistics.js';

describe('median', () => {
  it('is the middle one, or the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 7])).toBe(6);
  });

  it('does not exist for nothing', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);

  it.each([
    [0.5, 50],
    [0.99, 99],
    [1, 100],
    [0, 1],
  ])('takes the nearest rank: %f of 1 to 100 is %d', (share, expected) => {
    expect(percentile(hundred, share)).toBe(expected);
  });

  it('shows the one outlier of a few values', () => {
    expect(percentile([1, 1, 900], 0.99)).toBe(900);
    expect(percentile([], 0.99)).toBeNaN();
  });
});

describe('Samples', () => {
  it('keeps all of them, beyond what it began with, and sorts by value', () => {
    const samples = new Samples();
    for (let value = 200_000; value > 0; value--) samples.add(value);
    expect(samples.count).toBe(200_000);
    expect(samples.summary()).toEqual({ p50_ms: 100_000, p99_ms: 198_000, max_ms: 200_000 });
  });
});
