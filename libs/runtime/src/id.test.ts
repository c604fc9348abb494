import { afterEach, describe, expect, it, vi } from 'vitest';
import { firstIdOf, isId, mayStillCome, newId } from './id.js';

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

describe('an id that somebody gives', () => {
  it.each([
    ['019da8e4-3c1a-7d1e-8f00-0123456789ab', true],
    ['019DA8E4-3C1A-7D1E-8F00-0123456789AB', false],
    ['019da8e43c1a7d1e8f000123456789ab', false],
    ['', false],
    [undefined, false],
  ])('%j is one: %s', (value, isOne) => {
    expect(isId(value)).toBe(isOne);
  });
});

describe('the first id of a time', () => {
  it('is an id, after all that were made before and before all that are made then', () => {
    const times = [2050, 2051].map((year) => new Date(Date.UTC(year, 0))) as [Date, Date];
    const [before, then] = times.map((now) => {
      vi.useFakeTimers({ now });
      return newId();
    });
    const first = firstIdOf(times[1]);
    expect(isId(first)).toBe(true);
    expect([then, first, before].toSorted()).toEqual([before, first, then]);
  });
});

describe('an object that is not there', () => {
  const now = new Date(Date.UTC(2052, 0));
  const later = (ms: number) => new Date(now.getTime() + ms);
  const made = () => {
    vi.useFakeTimers({ now });
    return newId();
  };

  it('may still come if its id was made just now', () => {
    expect(mayStillCome(made(), now)).toBe(true);
    expect(mayStillCome(made(), later(50_000))).toBe(true);
  });

  it('may still come if the clock that made its id is a little ahead', () => {
    expect(mayStillCome(made(), later(-50_000))).toBe(true);
  });

  it('will not come if its id is older than a minute, or no UUIDv7', () => {
    expect(mayStillCome(made(), later(70_000))).toBe(false);
    expect(mayStillCome('3f2504e0-4f89-41d3-9a0c-0305e82c3301', now)).toBe(false);
  });
});
