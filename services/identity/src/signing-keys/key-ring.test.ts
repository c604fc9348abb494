import { describe, expect, it } from 'vitest';
import { keysInUse } from './key-ring.js';

const key = (kid: string, createdAt: string) => ({ kid, createdAt: new Date(createdAt) });
const newest = key('c', '2026-11-21T12:00:00Z');
const former = key('b', '2026-11-21T11:00:00Z');
const oldest = key('a', '2026-01-01T00:00:00Z');
const inUse = (now: string) => keysInUse([newest, former, oldest], new Date(now)).map(({ kid }) => kid);

describe('a signing key', () => {
  it('stays in use while a token that it signed may be good: an hour, and a minute, after the next one', () => {
    expect(inUse('2026-11-21T12:00:59Z')).toEqual(['c', 'b', 'a']);
    expect(inUse('2026-11-21T12:01:00Z')).toEqual(['c', 'b']);
    expect(inUse('2026-11-21T13:00:59Z')).toEqual(['c', 'b']);
    expect(inUse('2026-11-21T13:01:00Z')).toEqual(['c']);
  });

  it('stays in use for ever if none came after it', () => {
    expect(keysInUse([oldest], new Date('2036-01-01T00:00:00Z'))).toEqual([oldest]);
    expect(keysInUse([], new Date('2036-01-01T00:00:00Z'))).toEqual([]);
  });
});
