import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placesOf } from './imported-places.rule.js';

const written = (providerMessageId: string, seconds: number) => ({
  providerMessageId,
  sentAt: new Date(seconds * 1_000),
});

describe('places of imported messages', () => {
  it('go backwards from 0, the newest', () => {
    const places = placesOf([written('a', 1), written('c', 3), written('b', 2)]);
    expect([...places]).toEqual([
      ['c', 0],
      ['b', -1],
      ['a', -2],
    ]);
  });

  it('are without gaps, in the order of time, and the same for whatever order the messages came in', () => {
    const some = fc.uniqueArray(fc.tuple(fc.nat(20), fc.integer({ min: 0, max: 3 })), { selector: ([id]) => id });
    const shuffled = some.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        const messages = one.map(([id, at]) => written(`m${id}`, at));
        const places = placesOf(messages);
        expect(placesOf(other.map(([id, at]) => written(`m${id}`, at)))).toEqual(places);
        const seqs = [...places.values()].toSorted((a, b) => b - a);
        expect(seqs).toEqual(messages.map((_, index) => 0 - index));
        for (const older of messages)
          for (const newer of messages)
            if (older.sentAt < newer.sentAt)
              expect(places.get(older.providerMessageId)).toBeLessThan(places.get(newer.providerMessageId)!);
      }),
    );
  });
});
