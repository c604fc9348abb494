import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conflictsOf, mergeSides, separateSides, type MergeChoice, type Side } from './merge.rule.js';

const side = (overrides: Partial<Side> = {}): Side => ({
  givenName: null,
  profileName: null,
  email: null,
  address: null,
  language: null,
  createdAt: '2026-11-01T00:00:00Z',
  updatedAt: '2026-11-01T00:00:00Z',
  attributes: {},
  labels: {},
  noteIds: [],
  fileIds: [],
  ...overrides,
});
const value = (text: string) => ({ value: text, number: null, changedAt: '2026-11-01T00:00:00Z' });
const label = { setByKind: 'member', setById: 'm1', setAt: '2026-11-01T00:00:00Z' };
const berlin = { street: null, postalCode: '10115', city: 'Berlin', region: null, country: 'DE' };

describe('what a person has to decide', () => {
  it('given both have something else, is that; what one alone has, and what is the same, is not', () => {
    const kept = side({ givenName: 'Anna', email: 'a@x.de', attributes: { tier: value('gold'), size: value('M') } });
    const merged = side({ givenName: 'Anna B.', email: 'a@x.de', language: 'de', attributes: { tier: value('blue') } });
    expect(conflictsOf(kept, merged)).toEqual([
      { field: 'name', kept: 'Anna', merged: 'Anna B.' },
      { field: 'attributes.tier', kept: 'gold', merged: 'blue' },
    ]);
  });

  it('given one address whose parts are in another order, is nothing', () => {
    const { country, ...rest } = berlin;
    expect(conflictsOf(side({ address: berlin }), side({ address: { country, ...rest } }))).toEqual([]);
  });

  it('given nobody has decided it, or something else, stops the merge', () => {
    const pair = [side({ givenName: 'Anna' }), side({ givenName: 'Bea' })] as const;
    expect(() => mergeSides(...pair, new Map())).toThrow(expect.objectContaining({ code: 'MERGE_UNDECIDED' }) as Error);
    expect(() =>
      mergeSides(
        ...pair,
        new Map<string, MergeChoice>([
          ['name', 'KEPT'],
          ['email', 'KEPT'],
        ]),
      ),
    ).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }) as Error);
  });
});

describe('a merge', () => {
  it('given decisions, takes what was decided, what only one has, and labels and notes of both', () => {
    const kept = side({ givenName: 'Anna', profileName: 'anna', labels: { vip: label }, noteIds: ['n1'] });
    const merged = side({ givenName: 'Anna B.', email: 'b@x.de', labels: { new: label }, noteIds: ['n2'] });
    expect(mergeSides(kept, merged, new Map([['name', 'MERGED']]))).toMatchObject({
      givenName: 'Anna B.',
      profileName: 'anna',
      email: 'b@x.de',
      labels: { vip: label, new: label },
      noteIds: ['n1', 'n2'],
    });
  });
});

describe('an undone merge', () => {
  const sides = fc.record({
    givenName: fc.constantFrom(null, 'Anna', 'Bea'),
    profileName: fc.constantFrom(null, 'anna', 'bea'),
    email: fc.constantFrom(null, 'a@x.de', 'b@x.de'),
    address: fc.constantFrom(null, berlin, { ...berlin, city: 'Potsdam' }),
    language: fc.constantFrom(null, 'de', 'en'),
    createdAt: fc.constant('2026-11-01T00:00:00Z'),
    updatedAt: fc.constant('2026-11-01T00:00:00Z'),
    attributes: fc.dictionary(fc.constantFrom('tier', 'size'), fc.constantFrom('1', '2').map(value)),
    labels: fc.dictionary(fc.constantFrom('vip', 'new'), fc.constant(label)),
  });

  it('given nothing has changed since, gives both back as they were, whatever was decided', () => {
    fc.assert(
      fc.property(
        sides,
        sides,
        fc.infiniteStream(fc.constantFrom<MergeChoice>('KEPT', 'MERGED')),
        (one, two, choices) => {
          const [kept, merged] = [
            { ...one, noteIds: ['n1'], fileIds: [] },
            { ...two, noteIds: ['n2', 'n3'], fileIds: ['f1'] },
          ];
          const decisions = new Map(
            conflictsOf(kept, merged).map(({ field }) => [field, choices.next().value as MergeChoice]),
          );
          const outcome = mergeSides(kept, merged, decisions);
          expect(separateSides({ kept, merged, outcome }, outcome)).toEqual({ kept, merged });
        },
      ),
    );
  });

  it('given something has changed since, leaves with the contact that stays what people wrote since', () => {
    const kept = side({ email: 'a@x.de', attributes: { tier: value('gold') }, labels: { vip: label } });
    const merged = side({
      email: 'b@x.de',
      language: 'de',
      attributes: { size: value('M') },
      labels: { new: label, vip: label },
      noteIds: ['n2', 'n3'],
      fileIds: ['f2', 'f3'],
    });
    const outcome = mergeSides(kept, merged, new Map([['email', 'MERGED']]));
    const now = {
      ...outcome,
      language: 'fr',
      attributes: { tier: value('blue'), size: value('M'), since: value('2026') },
      labels: { new: label, since: label },
      noteIds: ['n3', 'n4'],
      fileIds: ['f3', 'f4'],
    };
    const apart = separateSides({ kept, merged, outcome }, now);
    expect(apart.kept).toMatchObject({ email: 'a@x.de', language: 'fr', noteIds: ['n4'], fileIds: ['f4'] });
    expect(Object.keys(apart.kept.labels)).toEqual(['since']);
    expect(apart.kept.attributes).toEqual({ tier: value('blue'), since: value('2026') });
    expect(apart.merged).toMatchObject({
      email: 'b@x.de',
      language: 'de',
      noteIds: ['n3'],
      fileIds: ['f3'],
      attributes: merged.attributes,
    });
    expect(Object.keys(apart.merged.labels)).toEqual(['new']);
  });

  it('given it is from before contacts had files, leaves all files with the contact that stays', () => {
    const { fileIds: _, ...before } = side({ noteIds: ['n1'] });
    const apart = separateSides({ kept: before, merged: before, outcome: before }, side({ fileIds: ['f1'] }));
    expect([apart.kept.fileIds, apart.merged.fileIds]).toEqual([['f1'], []]);
  });
});
