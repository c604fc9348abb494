import { describe, expect, it } from 'vitest';
import { PresenceMap, TYPING, VIEWING, type PresenceEntry } from './presence-map.js';

const START = Date.parse('2026-11-22T09:00:00Z');
const at = (ms: number) => new Date(START + ms);
const entry = (memberId: string, conversationId: string | null, ms: number, more: Partial<PresenceEntry> = {}) => ({
  kind: 'viewing' as const,
  workspaceId: 'w',
  memberId,
  place: '',
  conversationId,
  since: START + ms,
  at: START + ms,
  ...more,
});
const typing = (memberId: string, conversationId: string | null, ms: number) =>
  entry(memberId, conversationId, ms, { kind: 'typing' });
const mapOf = (...entries: PresenceEntry[]) => {
  const map = new PresenceMap();
  for (const each of entries) map.apply(each, new Date(each.at));
  return map;
};
const namesIn = (map: PresenceMap, conversationId: string, ms: number) =>
  map.viewers('w', conversationId, at(ms)).map(({ memberId, isTyping }) => (isTyping ? `${memberId}…` : memberId));

describe('who looks at a conversation', () => {
  it('is there, each once, whoever came first first', () => {
    const map = mapOf(entry('ben', 'c', 5), entry('anna', 'c', 1), entry('anna', 'c', 9, { place: 'second tab' }));
    expect(namesIn(map, 'c', 10)).toEqual(['anna', 'ben']);
    expect(map.viewers('other', 'c', at(10))).toEqual([]);
  });

  it('vanishes without anybody’s help when they say so no more, and stays as long as they do', () => {
    const map = mapOf(entry('anna', 'c', 0), entry('ben', 'c', 0), entry('ben', 'c', VIEWING.repeatMs));
    expect(namesIn(map, 'c', VIEWING.ttlMs - 1)).toEqual(['anna', 'ben']);
    expect(namesIn(map, 'c', VIEWING.ttlMs)).toEqual(['ben']);
  });

  it('leaves when they look at another, or at none; from one place, not from all', () => {
    const map = mapOf(
      entry('anna', 'c', 0),
      entry('anna', 'c', 1, { place: 'second tab' }),
      entry('ben', 'c', 2),
      entry('anna', 'd', 3),
      entry('ben', null, 4),
    );
    expect(namesIn(map, 'c', 5)).toEqual(['anna']);
    expect(namesIn(map, 'd', 5)).toEqual(['anna']);
  });

  it('types for a few seconds, unless they say that they stopped', () => {
    const map = mapOf(entry('anna', 'c', 0), typing('anna', 'c', 0), typing('ben', 'c', 0), typing('ben', null, 10));
    expect(namesIn(map, 'c', 11)).toEqual(['anna…']);
    expect(namesIn(map, 'c', TYPING.ttlMs)).toEqual(['anna']);
  });

  it('is online for as long as they are heard of, wherever they look', () => {
    const map = mapOf(entry('anna', 'c', 0), entry('anna', null, 1_000));
    expect(map.isOnline('w', 'anna', at(1_000 + VIEWING.ttlMs - 1))).toBe(true);
    expect(map.isOnline('w', 'anna', at(1_000 + VIEWING.ttlMs))).toBe(false);
    map.sweep(at(3_600_000));
    expect(map.lastSeen('w', 'anna')).toEqual(at(1_000));
    expect(map.lastSeen('other', 'anna')).toBeUndefined();
  });
});

describe('two processes', () => {
  it('say the same when they have heard the same, in whatever order and how often', () => {
    const conversations = ['c', 'd', null];
    const random = (count: number) => Math.floor(Math.random() * count);
    for (let round = 0; round < 200; round += 1) {
      const entries = Array.from({ length: 30 }, (_, index) =>
        entry(`member ${random(3)}`, conversations[random(3)]!, Math.floor(index / 2), {
          kind: random(2) === 0 ? 'viewing' : 'typing',
          place: `tab ${random(2)}`,
        }),
      );
      const shuffled = [...entries, ...entries.slice(0, 10)].toSorted(() => Math.random() - 0.5);
      const [one, other] = [new PresenceMap(), new PresenceMap()];
      for (const each of entries) one.apply(each, at(30));
      for (const each of shuffled) other.apply(each, at(30));
      for (const id of ['c', 'd']) expect(other.viewers('w', id, at(31))).toEqual(one.viewers('w', id, at(31)));
    }
  });

  it('say the same when one has only heard what the other held at its start', () => {
    const one = mapOf(entry('anna', 'c', 0), typing('anna', 'c', 1), entry('ben', 'd', 2), entry('ben', null, 3));
    const other = mapOf(...one.entries);
    // It was on its way all the time.
    other.apply(entry('ben', 'd', 2), at(4));
    for (const id of ['c', 'd']) expect(namesIn(other, id, 5)).toEqual(namesIn(one, id, 5));
  });
});

describe('those who watch a conversation', () => {
  it('are told of what comes, goes and is over, and of nothing else', () => {
    const map = new PresenceMap();
    let count = 0;
    const told = (work: () => void) => {
      const before = count;
      work();
      return count - before;
    };
    const stop = map.watch('w', 'c', () => (count += 1));
    expect(told(() => map.apply(entry('anna', 'c', 0), at(0)))).toBe(1);
    expect(told(() => map.apply(entry('anna', 'c', 20), at(20)))).toBe(0);
    expect(told(() => map.apply(entry('ben', 'd', 20), at(20)))).toBe(0);
    expect(told(() => map.apply(typing('anna', 'c', 30), at(30)))).toBe(1);
    expect(told(() => map.sweep(at(30 + TYPING.ttlMs - 1)))).toBe(0);
    expect(told(() => map.sweep(at(30 + TYPING.ttlMs)))).toBe(1);
    expect(told(() => map.apply(entry('anna', 'd', 40), at(40)))).toBe(1);
    stop();
    expect(told(() => map.apply(entry('anna', 'c', 50), at(50)))).toBe(0);
  });
});
