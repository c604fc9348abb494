import { newId } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import { mayStillCome, WAITS_MS } from './late-contact.js';

describe('a contact that is not there', () => {
  const now = new Date();
  const later = (ms: number) => new Date(now.getTime() + ms);

  it('may still come if its id was made just now', () => {
    expect(mayStillCome(newId(), now)).toBe(true);
    expect(mayStillCome(newId(), later(50_000))).toBe(true);
  });

  it('may still come if the clock that made its id is a little ahead', () => {
    expect(mayStillCome(newId(), later(-50_000))).toBe(true);
  });

  it('will not come if its id is older than a minute, or no UUIDv7', () => {
    expect(mayStillCome(newId(), later(70_000))).toBe(false);
    expect(mayStillCome('3f2504e0-4f89-41d3-9a0c-0305e82c3301', now)).toBe(false);
  });

  it('is waited for no longer than a second', () => {
    expect(WAITS_MS.reduce((sum, wait) => sum + wait)).toBeLessThanOrEqual(1_000);
  });
});
