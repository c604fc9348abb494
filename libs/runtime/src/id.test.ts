import { afterEach, describe, expect, it, vi } from 'vitest';
import { isId, newId } from './id.js';

afterEach(() => void vi.useRealTimers());

describe('new ids', () => {
  it('are UUIDs of version 7 with the time in front', () => {
    vi.useFakeTimers({ now: Date.UTC(2040, 0) });
    const id = newId();
    expect(isId(id)).toBe(true);
    expect(id[14]).toBe('7');
    expect('89ab').toContain(id[19]);
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(Date.UTC(2040, 0));
  });

  it('sort in the order in which they were made, within a millisecond and when the clock goes back', () => {
    vi.useFakeTimers({ now: Date.UTC(2041, 0) });
    const ids = Array.from({ length: 5_000 }, newId);
    vi.setSystemTime(Date.UTC(2040, 0));
    ids.push(newId());
    vi.setSystemTime(Date.UTC(2041, 0) + 1);
    ids.push(newId());
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('share no random part', () => {
    const tails = Array.from({ length: 2_000 }, () => newId().slice(-10));
    expect(new Set(tails).size).toBe(tails.length);
  });
});
