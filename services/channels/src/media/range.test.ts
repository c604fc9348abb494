import { describe, expect, it } from 'vitest';
import { parseRange } from './range.js';

describe('a range of bytes', () => {
  it.each([
    ['bytes=0-0', { start: 0, end: 1 }],
    ['bytes=0-', { start: 0, end: 1_000 }],
    ['bytes=200-299', { start: 200, end: 300 }],
    ['bytes=900-5000', { start: 900, end: 1_000 }],
    ['bytes=-100', { start: 900, end: 1_000 }],
    ['bytes=-5000', { start: 0, end: 1_000 }],
    ['bytes=1000-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    [undefined, undefined],
    ['bytes=-', undefined],
    ['bytes=5-4', undefined],
    ['bytes=0-1,5-6', undefined],
    ['items=0-1', undefined],
    ['bytes=a-b', undefined],
  ])('%s of 1000', (header, range) => {
    expect(parseRange(header, 1_000)).toEqual(range);
  });

  it('of nothing is none', () => {
    expect(parseRange('bytes=-1', 0)).toBe('unsatisfiable');
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
  });
});
