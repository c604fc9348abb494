import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allot, type DueMessage, type LimitState, type NumberState, type PortfolioState } from './allot.rule.js';
import { WHATSAPP_LIMITS } from '../providers/whatsapp-cloud/capabilities.js';
import { afterTaking, numberRule } from './token-bucket.rule.js';

const now = Date.UTC(2026, 10, 22, 12);
const PAIR = WHATSAPP_LIMITS.pair!;
const number = (channelId: string, overrides: Partial<NumberState> = {}): NumberState => ({
  channelId,
  rule: numberRule(80),
  pairRule: PAIR,
  fullAt: 0,
  isProbing: false,
  portfolioId: 'portfolio',
  ...overrides,
});
const state = (overrides: Partial<LimitState> = {}): LimitState => ({
  now,
  limit: 100,
  numbers: [number('A')],
  pairs: new Map(),
  portfolios: new Map(),
  ...overrides,
});
const due = (id: string, overrides: Partial<DueMessage> = {}): DueMessage => ({
  id,
  channelId: 'A',
  pair: `A ${id}`,
  person: id,
  isOutsideWindow: false,
  ...overrides,
});
const ids = (messages: readonly DueMessage[]) => messages.map(({ id }) => id);
const many = (count: number, make: (index: number) => DueMessage) =>
  Array.from({ length: count }, (_unused, index) => make(index));
const portfolio = (overrides: Partial<PortfolioState>) =>
  new Map([['portfolio', { limit: 250, count: 0, counted: new Set<string>(), nextPlaceAt: undefined, ...overrides }]]);

describe('allot', () => {
  it('given tokens, lets messages leave in their order', () => {
    const result = allot([due('1'), due('2')], state());
    expect(ids(result.leaving)).toEqual(['1', '2']);
    expect(result.taken).toEqual(new Map([['A', 2]]));
    expect(result.waiting).toEqual([]);
  });

  it('given fewer tokens than messages, leaves the rest as it is', () => {
    const result = allot(
      many(20, (index) => due(String(index))),
      state(),
    );
    expect(ids(result.leaving)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    expect(result.waiting).toEqual([]);
  });

  it('given two numbers, lets them take turns', () => {
    const messages = [due('1'), due('2'), due('3'), due('4', { channelId: 'B' })];
    const result = allot(messages, state({ limit: 3, numbers: [number('A'), number('B')] }));
    expect(ids(result.leaving)).toEqual(['1', '4', '2']);
  });

  it('given a person who got as much as is allowed, holds that message back until it is not', () => {
    const pairs = new Map([['A 1', afterTaking(PAIR, 0, now, 45)]]);
    const result = allot([due('1'), due('2')], state({ pairs }));
    expect(ids(result.leaving)).toEqual(['2']);
    expect(result.waiting).toMatchObject([{ message: { id: '1' }, reason: 'PAIR_LIMIT', until: now + 6_000 }]);
    expect(result.taken).toEqual(new Map([['A', 1]]));
  });

  it('given a kind of channel that limits no pairs, lets one person have as much as anybody', () => {
    const numbers = [number('A', { rule: numberRule(1_000), pairRule: undefined })];
    const messages = many(60, (index) => due(String(index), { pair: 'A same' }));
    const { leaving, waiting, pairs } = allot(messages, state({ numbers }));
    expect([leaving.length, waiting.length, pairs.size]).toEqual([60, 0, 0]);
  });

  it('counts what one person gets within the same round', () => {
    const result = allot(
      many(50, (index) => due(String(index), { pair: 'A same' })),
      state({ numbers: [number('A', { rule: numberRule(1_000) })] }),
    );
    expect(result.leaving).toHaveLength(45);
    expect(result.waiting).toHaveLength(5);
  });

  it('given a provider that may be away, lets a single message find out', () => {
    const messages = many(5, (index) => due(String(index)));
    expect(ids(allot(messages, state({ numbers: [number('A', { isProbing: true })] })).leaving)).toEqual(['0']);
    const used = { isProbing: true, fullAt: afterTaking(numberRule(80), 0, now, 8) };
    expect(allot(messages, state({ numbers: [number('A', used)] })).leaving).toEqual([]);
  });

  describe('given a portfolio that wrote to as many persons as it may', () => {
    const portfolios = portfolio({ count: 250, counted: new Set(['known']), nextPlaceAt: now + 3_600_000 });

    it('holds back what goes to one more, until the first of them does not count any more', () => {
      const result = allot([due('new', { isOutsideWindow: true })], state({ portfolios }));
      expect(result.leaving).toEqual([]);
      expect(result.waiting).toMatchObject([{ reason: 'PORTFOLIO_LIMIT', until: now + 3_600_000 }]);
    });

    it('lets leave what goes to those who count already, and what goes into open windows', () => {
      const messages = [due('known', { isOutsideWindow: true }), due('in a window')];
      const result = allot(messages, state({ portfolios }));
      expect(ids(result.leaving)).toEqual(['known', 'in a window']);
      expect(result.counted).toEqual(new Map([['portfolio', new Set(['known'])]]));
    });
  });

  it('gives no place of a portfolio to those who count already', () => {
    const result = allot(
      [due('known', { isOutsideWindow: true }), due('new', { isOutsideWindow: true })],
      state({ portfolios: portfolio({ count: 249, counted: new Set(['known']) }) }),
    );
    expect(result.waiting).toEqual([]);
  });

  it('gives the last places of a portfolio to as many persons, over whatever numbers', () => {
    const messages = [
      due('1', { isOutsideWindow: true }),
      due('2', { isOutsideWindow: true, channelId: 'B' }),
      due('3', { isOutsideWindow: true }),
      due('4', { isOutsideWindow: true, channelId: 'B', person: '1' }),
    ];
    const result = allot(
      messages,
      state({ numbers: [number('A'), number('B')], portfolios: portfolio({ count: 248, nextPlaceAt: now + 1 }) }),
    );
    expect(ids(result.leaving)).toEqual(['1', '2', '4']);
    expect(ids(result.waiting.map(({ message }) => message))).toEqual(['3']);
  });

  it('never exceeds a limit, loses nothing, and turns nobody around', () => {
    const message = fc.record({
      channelId: fc.constantFrom('A', 'B', 'C'),
      person: fc.constantFrom('p', 'q', 'r', 's'),
      isOutsideWindow: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 200 }),
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: 45 }),
        (shapes, limit, places, used) => {
          const messages = shapes.map((shape, index): DueMessage => ({
            ...shape,
            id: String(index),
            pair: `${shape.channelId} ${shape.person}`,
          }));
          const pairs = new Map([['A p', afterTaking(PAIR, 0, now, used)]]);
          const numbers = ['A', 'B', 'C'].map((channelId) => number(channelId, { rule: numberRule(1_000) }));
          const portfolios = portfolio({ limit: places, nextPlaceAt: now + 1_000 });
          const { leaving, waiting, counted } = allot(messages, state({ limit, numbers, pairs, portfolios }));

          expect(leaving.length).toBeLessThanOrEqual(limit);
          const ofPair = Map.groupBy(leaving, ({ pair }) => pair);
          for (const [pair, some] of ofPair) expect(some.length).toBeLessThanOrEqual(45 - (pair === 'A p' ? used : 0));
          const persons = new Set(leaving.filter((each) => each.isOutsideWindow).map(({ person }) => person));
          expect(persons.size).toBeLessThanOrEqual(places);
          expect(counted.get('portfolio') ?? new Set()).toEqual(persons);
          expect(waiting.every(({ until }) => until > now)).toBe(true);
          const touched = [...leaving, ...waiting.map((each) => each.message)];
          expect(new Set(touched.map(({ id }) => id)).size).toBe(touched.length);
          for (const channelId of ['A', 'B', 'C']) {
            const order = leaving.filter((each) => each.channelId === channelId).map(({ id }) => Number(id));
            expect(order).toEqual(order.toSorted((left, right) => left - right));
          }
        },
      ),
    );
  });
});
