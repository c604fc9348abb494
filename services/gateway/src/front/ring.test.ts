import { describe, expect, it } from 'vitest';
import { Ring } from './ring.js';

const entry = (position: number, bytes = 10) => ({ position, bytes: Buffer.alloc(bytes) });
const positions = (ring: Ring, after: number) => [...ring.after(after)].map(({ position }) => position);

describe('A ring', () => {
  it('gives what came after a position, whether or not that position is in it', () => {
    const ring = new Ring({ maxEntries: 10, maxBytes: 1_000 });
    for (const position of [3, 5, 8]) ring.push(entry(position));
    expect([positions(ring, 0), positions(ring, 3), positions(ring, 4), positions(ring, 8)]).toEqual([
      [3, 5, 8],
      [5, 8],
      [5, 8],
      [],
    ]);
  });

  it('drops the oldest beyond its number, and says which', () => {
    const ring = new Ring({ maxEntries: 2, maxBytes: 1_000 });
    expect([1, 2, 3, 4].map((position) => ring.push(entry(position)))).toEqual([undefined, undefined, 1, 2]);
    expect(positions(ring, 0)).toEqual([3, 4]);
  });

  it('drops the oldest beyond its bytes', () => {
    const ring = new Ring({ maxEntries: 100, maxBytes: 25 });
    ring.push(entry(1));
    ring.push(entry(2));
    expect(ring.push(entry(3, 20))).toBe(2);
    expect([ring.size, ring.bytes]).toEqual([1, 20]);
  });

  it('keeps nothing that is larger than itself', () => {
    const ring = new Ring({ maxEntries: 100, maxBytes: 25 });
    expect(ring.push(entry(1, 30))).toBe(1);
    expect([ring.size, ring.bytes]).toEqual([0, 0]);
  });

  it('stays right over many laps', () => {
    const ring = new Ring({ maxEntries: 7, maxBytes: 1_000 });
    for (let position = 1; position <= 1_000; position++) ring.push(entry(position));
    expect(positions(ring, 995)).toEqual([996, 997, 998, 999, 1_000]);
    expect([ring.size, ring.bytes]).toEqual([7, 70]);
  });
});
