import { consentEventKind, type ConsentEventKind } from '@fenster/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { consentStanding, type Said } from './consent-state.rule.js';

/** At 0, 1, 2, … seconds. */
function story(...kinds: ConsentEventKind[]): Said[] {
  return kinds.map((kind, second) => ({ id: `${second}`, kind, occurredAt: new Date(second * 1_000) }));
}

describe('where a consent stands', () => {
  it.each<[given: string, ConsentEventKind[], then: object]>([
    ['somebody was asked', ['REQUESTED'], { state: 'REQUESTED', isGranted: false, since: new Date(0) }],
    ['they confirmed', ['REQUESTED', 'CONFIRMED'], { state: 'CONFIRMED', isGranted: true, since: new Date(1_000) }],
    ['they were asked once more', ['CONFIRMED', 'REQUESTED'], { state: 'CONFIRMED', since: new Date(0) }],
    ['they refused', ['REQUESTED', 'REFUSED'], { state: 'REFUSED', isGranted: false }],
    ['they did not answer', ['REQUESTED', 'EXPIRED'], { state: 'EXPIRED', isGranted: false }],
    ['the request ended after the answer', ['REQUESTED', 'CONFIRMED', 'EXPIRED'], { state: 'CONFIRMED' }],
    ['they withdrew', ['CONFIRMED', 'WITHDRAWN'], { state: 'WITHDRAWN', isGranted: false, since: new Date(1_000) }],
    ['they withdrew twice', ['CONFIRMED', 'WITHDRAWN', 'WITHDRAWN'], { since: new Date(1_000) }],
    ['they were asked again after no answer', ['REQUESTED', 'EXPIRED', 'REQUESTED'], { state: 'REQUESTED' }],
    ['they were asked anew', ['WITHDRAWN', 'REQUESTED'], { state: 'WITHDRAWN', isGranted: false, since: new Date(0) }],
    ['they were asked anew, and did not answer', ['REFUSED', 'REQUESTED', 'EXPIRED'], { state: 'REFUSED' }],
    ['a question lifts no stop there', ['PLATFORM_STOPPED', 'REQUESTED', 'EXPIRED'], { state: 'PLATFORM_STOPPED' }],
    ['they confirmed anew', ['WITHDRAWN', 'REQUESTED', 'CONFIRMED'], { state: 'CONFIRMED', isGranted: true }],
    ['an import came late', ['WITHDRAWN', 'IMPORTED_UNKNOWN'], { state: 'WITHDRAWN' }],
    ['nothing but an import', ['IMPORTED_UNKNOWN'], { state: 'UNKNOWN', isGranted: false }],
    [
      'they stopped at the provider',
      ['CONFIRMED', 'PLATFORM_STOPPED'],
      { state: 'PLATFORM_STOPPED', isGranted: false },
    ],
    [
      'and resumed there',
      ['CONFIRMED', 'PLATFORM_STOPPED', 'PLATFORM_RESUMED'],
      { state: 'CONFIRMED', isGranted: true },
    ],
    ['a stop there that is over', ['PLATFORM_STOPPED', 'PLATFORM_RESUMED'], { state: 'UNKNOWN', isGranted: false }],
    ['a confirmation lifts no stop there', ['PLATFORM_STOPPED', 'CONFIRMED'], { state: 'PLATFORM_STOPPED' }],
    [
      'resuming there lifts no withdrawal here',
      ['CONFIRMED', 'WITHDRAWN', 'PLATFORM_STOPPED', 'PLATFORM_RESUMED'],
      { state: 'WITHDRAWN', isGranted: false },
    ],
  ])('given %s', (_given, kinds, expected) => {
    expect(consentStanding(story(...kinds))).toMatchObject(expected);
  });

  it('is nothing as long as nobody said anything', () => {
    expect(consentStanding([])).toBeUndefined();
  });

  it('is the stricter where both were said at once', () => {
    const at = new Date(0);
    const said: Said[] = [
      { id: 'a', kind: 'WITHDRAWN', occurredAt: at },
      { id: 'b', kind: 'CONFIRMED', occurredAt: at },
      // By our own clock, which knows more than seconds.
      { id: 'c', kind: 'CONFIRMED', occurredAt: new Date(at.getTime() + 999) },
    ];
    expect(consentStanding(said)).toMatchObject({ state: 'WITHDRAWN', isGranted: false });
  });

  const histories = fc.array(
    fc.record({
      id: fc.integer({ min: 0, max: 30 }).map(String),
      kind: fc.constantFrom(...consentEventKind.options),
      // Few moments, so that many things are said at once.
      occurredAt: fc.integer({ min: 0, max: 6 }).map((second) => new Date(second * 1_000)),
    }),
    { maxLength: 12 },
  );
  /** An id is that of one event. */
  const once = (events: readonly Said[]) => [...new Map(events.map((event) => [event.id, event])).values()];

  it('does not depend on when, and how often, things became known', () => {
    fc.assert(
      fc.property(histories.map(once), fc.infiniteStream(fc.nat()), (events, random) => {
        const shuffled = [...events, ...events]
          .map((event) => ({ event, at: random.next().value }))
          .toSorted((one, other) => one.at - other.at)
          .map(({ event }) => event);
        expect(consentStanding(shuffled)).toEqual(consentStanding(events));
      }),
    );
  });

  it('is granted only after a confirmation, with neither a refusal nor a withdrawal since, and no stop', () => {
    fc.assert(
      fc.property(histories.map(once), (events) => {
        const at = (...kinds: ConsentEventKind[]) =>
          Math.max(-1, ...events.filter(({ kind }) => kinds.includes(kind)).map((e) => e.occurredAt.getTime()));
        const isWanted = at('CONFIRMED') > at('WITHDRAWN', 'REFUSED');
        const isStopped = at('PLATFORM_STOPPED') >= Math.max(0, at('PLATFORM_RESUMED'));
        expect(consentStanding(events)?.isGranted ?? false).toBe(isWanted && !isStopped);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is never lifted from a no by a question, answered or not', () => {
    const no = fc.constantFrom<ConsentEventKind>('WITHDRAWN', 'REFUSED', 'PLATFORM_STOPPED');
    const questions = fc.array(fc.constantFrom<ConsentEventKind>('REQUESTED', 'EXPIRED'), { maxLength: 6 });
    fc.assert(
      fc.property(no, questions, (said, asked) => {
        expect(consentStanding(story('CONFIRMED', said, ...asked))).toMatchObject({ state: said, isGranted: false });
      }),
    );
  });
});
