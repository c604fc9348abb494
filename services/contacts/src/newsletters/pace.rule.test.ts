import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowancesOf, OVERTAKEN_S, shareOut, type ChannelPace, type NewsletterPace } from './pace.rule.js';

const NOW = new Date('2026-11-23T09:00:00Z');
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1_000);
const pace = (of: Partial<ChannelPace> = {}): ChannelPace => ({
  now: NOW,
  handedAt: ago(1),
  messagesPerSecond: 80,
  recipientsPerDay: null,
  handedInDay: 0,
  ...of,
});
const one = (underWay = 0, handedAt: Date | null = ago(1)): NewsletterPace => ({ handedAt, underWay });
const alone = (of: Partial<ChannelPace> = {}, newsletter = one()) => allowancesOf(pace(of), [newsletter])[0];

describe('the pace of newsletters', () => {
  it('given a second, is half of what the number carries: agents have the rest', () => {
    expect(alone()).toBe(40);
    expect(alone({ handedAt: ago(0.5) })).toBe(20);
  });

  it('given a long rest, or the first time, is not more than two seconds of it', () => {
    expect(alone({ handedAt: ago(3_600) })).toBe(80);
    expect(alone({ handedAt: null })).toBe(80);
  });

  it('given a number of which nothing was told, is slow', () => {
    expect(alone({ messagesPerSecond: null })).toBe(5);
  });

  it('given a limit of persons a day, leaves what is left of it', () => {
    expect(alone({ recipientsPerDay: 250, handedInDay: 240 })).toBe(10);
    expect(alone({ recipientsPerDay: 250, handedInDay: 260 })).toBe(0);
  });

  it('given messages that do not leave, waits', () => {
    expect(alone({}, one(390))).toBe(10);
    expect(alone({}, one(400))).toBe(0);
  });

  it('given no room for a minute, lets one leave, to see whether anything moves; within the limits', () => {
    expect(alone({}, one(400, ago(59)))).toBe(0);
    expect(alone({}, one(400, ago(60)))).toBe(1);
    expect(alone({ recipientsPerDay: 250, handedInDay: 250 }, one(400, ago(60)))).toBe(0);
  });

  it('given one that is stuck, leaves the others the room that they would have', () => {
    expect(allowancesOf(pace(), [one(400), one()])).toEqual([0, 40]);
    expect(allowancesOf(pace(), [one(), one(190)])).toEqual([30, 10]);
    expect(allowancesOf(pace({ handedAt: ago(2) }), [one(), one()])).toEqual([40, 40]);
  });

  it('given a slow number, gets on: its messages wait until one is due', () => {
    expect(alone({ messagesPerSecond: 1, handedAt: ago(1.9) })).toBe(0);
    expect(alone({ messagesPerSecond: 1, handedAt: ago(2) })).toBe(1);
    expect(alone({ messagesPerSecond: 0, handedAt: null })).toBe(0);
  });

  it('never hands over more in any stretch of time than that stretch allows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 1_000 }),
        (rests, messagesPerSecond) => {
          let [time, handed] = [0, 0];
          let handedAt: Date | null = null;
          for (const rest of rests) {
            time += rest;
            const now = new Date(NOW.getTime() + time);
            const allowed = alone({ now, handedAt, messagesPerSecond })!;
            if (allowed > 0) handedAt = now;
            handed += allowed;
          }
          expect(handed).toBeLessThanOrEqual((messagesPerSecond / 2) * (2 + time / 1_000));
        },
      ),
    );
  });
});

describe('what newsletters of a channel share', () => {
  it('is in equal parts, as far as each has room, and what is left over for the first ones', () => {
    expect(shareOut(10, [99, 99, 99])).toEqual([4, 3, 3]);
    expect(shareOut(1, [99, 99])).toEqual([1, 0]);
    expect(shareOut(10, [1, 99, 0])).toEqual([1, 9, 0]);
    expect(shareOut(10, [0, 2, 3])).toEqual([0, 2, 3]);
    expect(shareOut(0, [1])).toEqual([0]);
    expect(shareOut(5, [])).toEqual([]);
  });

  it('whatever is stuck, is never more than the channel allows, and no newsletter has less because of another’s stuck ones', () => {
    const newsletter = fc.record({
      underWay: fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 1_000 })),
      handedAt: fc.option(fc.integer({ min: 0, max: 200 }).map(ago)),
    });
    fc.assert(
      fc.property(
        fc.array(newsletter, { minLength: 1, maxLength: 6 }),
        fc.record({
          messagesPerSecond: fc.option(fc.nat({ max: 200 })),
          recipientsPerDay: fc.option(fc.nat({ max: 100 })),
          handedInDay: fc.nat({ max: 120 }),
          handedAt: fc.option(fc.nat({ max: 5_000 }).map((ms) => ago(ms / 1_000))),
        }),
        (newsletters, of) => {
          const channel = pace(of);
          const shares = allowancesOf(channel, newsletters);
          const total = shares.reduce((sum, share) => sum + share, 0);
          expect(shares.every((share) => Number.isInteger(share) && share >= 0)).toBe(true);
          if (of.recipientsPerDay !== null) {
            expect(total).toBeLessThanOrEqual(Math.max(0, of.recipientsPerDay - of.handedInDay));
          }
          expect(total).toBeLessThanOrEqual((of.messagesPerSecond ?? 10) * 0.5 * 2);
          const stuck = newsletters.map((each, index) => (index === 0 ? each : one(1_000_000, NOW)));
          expect(allowancesOf(channel, stuck)[0]).toBeGreaterThanOrEqual(shares[0]!);
        },
      ),
      {
        examples: [[[one(50), one()], { messagesPerSecond: 10, recipientsPerDay: 5, handedInDay: 3, handedAt: null }]],
      },
    );
  });
});

/** What becomes of a newsletter, second by second: of those who are stuck no outcome ever comes, of the others two seconds later. */
function secondsUntilAllAreHandedOver(people: readonly ('STUCK' | 'LEAVES')[], most: number): number {
  const handed: { at: number; isStuck: boolean }[] = [];
  let [second, handedAt, leftUpTo] = [0, -Infinity, -Infinity];
  const at = (time: number) => (time === -Infinity ? null : new Date(NOW.getTime() + time * 1_000));
  while (handed.length < people.length && second < most) {
    for (const each of handed) if (!each.isStuck && each.at <= second - 2) leftUpTo = Math.max(leftUpTo, each.at);
    const isUnderWay = (each: { at: number; isStuck: boolean }) => each.isStuck || each.at > second - 2;
    const underWay = handed.filter((each) => isUnderWay(each) && each.at > leftUpTo - OVERTAKEN_S).length;
    const channel = pace({ now: at(second)!, handedAt: at(handedAt), messagesPerSecond: 10 });
    const [allowed = 0] = allowancesOf(channel, [{ handedAt: at(handedAt), underWay }]);
    const next = people.slice(handed.length, handed.length + allowed);
    if (next.length > 0) handedAt = second;
    handed.push(...next.map((each) => ({ at: second, isStuck: each === 'STUCK' })));
    second += 1;
  }
  return second;
}

describe('messages of which no outcome comes', () => {
  const stuck = (count: number) => Array.from({ length: count }, () => 'STUCK' as const);
  const leaves = (count: number) => Array.from({ length: count }, () => 'LEAVES' as const);

  it('given as many as there is room for, hold up the newsletter for a minute, and not for a day', () => {
    expect(secondsUntilAllAreHandedOver([...stuck(50), ...leaves(500)], 86_400)).toBeLessThan(200);
  });

  it('given nothing that moves, keep back all but one a minute', () => {
    expect(secondsUntilAllAreHandedOver(stuck(60), 86_400)).toBeGreaterThan(9 * 60);
  });

  it('wherever they are, cost at most a minute each, and nothing while others leave', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('STUCK' as const, 'LEAVES' as const), { maxLength: 120 }), (people) => {
        const held = people.filter((each) => each === 'STUCK').length;
        const rest = Math.max(0, held - 49);
        // 50 have room; from then on each minute lets one leave, until it is one that does.
        expect(secondsUntilAllAreHandedOver(people, 86_400)).toBeLessThanOrEqual(
          people.length + 60 * (rest + 1) + OVERTAKEN_S,
        );
      }),
      { examples: [[stuck(60)], [[...stuck(50), ...leaves(50)]], [leaves(100)]] },
    );
  });
});
