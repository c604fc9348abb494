import { consentState, purposeKind } from '@fenster/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkAsk, MAX_REQUESTS, MAX_WISHED_REQUESTS, REQUESTS_WITHIN_DAYS, type AskFacts } from './may-ask.rule.js';

const now = new Date('2026-11-22T12:00:00Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);
const facts: AskFacts = {
  purpose: 'marketing',
  purposeKind: 'MARKETING',
  state: null,
  isOptedOut: false,
  saidNoAt: null,
  isStoppedByProvider: false,
  openUntil: null,
  askedAt: [],
  isWindowOpen: true,
  wishedAt: null,
  isSignUpUsed: false,
  now,
};
const why = (overrides: Partial<AskFacts>) =>
  (checkAsk({ ...facts, ...overrides })?.details as { why?: string } | undefined)?.why;

describe('whoever', () => {
  it('given they wrote in the last day, may be asked', () => {
    expect(why({})).toBeUndefined();
    expect(why({ state: 'EXPIRED' })).toBeUndefined();
    expect(why({ state: 'UNKNOWN' })).toBeUndefined();
  });

  it('given they did not, may be asked only if they signed up', () => {
    expect(why({ isWindowOpen: false })).toBe('SIGN_UP_NEEDED');
    expect(why({ isWindowOpen: false, state: 'UNKNOWN' })).toBe('SIGN_UP_NEEDED');
    expect(why({ isWindowOpen: false, wishedAt: now })).toBeUndefined();
    expect(why({ isWindowOpen: false, state: 'REQUESTED' })).toBeUndefined();
  });

  it('given they said no, may be asked only if they begin with it', () => {
    for (const no of [{ state: 'WITHDRAWN' }, { state: 'REFUSED' }, { isOptedOut: true }] as const) {
      const said = { ...no, saidNoAt: daysAgo(3) };
      expect(why(said)).toBe('SAID_NO');
      expect(why({ ...said, wishedAt: daysAgo(2) })).toBeUndefined();
      // What they wished before is over.
      expect(why({ ...said, wishedAt: daysAgo(3) })).toBe('SAID_NO');
      expect(why({ ...said, wishedAt: daysAgo(4) })).toBe('SAID_NO');
    }
    // Marketing was stopped, and nothing else.
    expect(why({ isOptedOut: true, purposeKind: 'UTILITY' })).toBeUndefined();
  });

  it('given they stopped marketing in WhatsApp, may not be asked: a yes would change nothing', () => {
    expect(why({ isStoppedByProvider: true, wishedAt: now })).toBe('STOPPED_IN_WHATSAPP');
    expect(why({ state: 'PLATFORM_STOPPED' })).toBe('STOPPED_IN_WHATSAPP');
    expect(why({ isStoppedByProvider: true, purposeKind: 'UTILITY' })).toBeUndefined();
  });

  it('given they have agreed, is not asked again, unless they ended it since', () => {
    expect(why({ state: 'CONFIRMED' })).toBe('AGREED_ALREADY');
    expect(why({ state: 'CONFIRMED', wishedAt: now })).toBe('AGREED_ALREADY');
    expect(why({ state: 'CONFIRMED', isOptedOut: true, saidNoAt: daysAgo(1), wishedAt: now })).toBeUndefined();
  });

  it('given a question is open, is asked no other', () => {
    const openUntil = new Date(now.getTime() + 1);
    expect(checkAsk({ ...facts, openUntil, wishedAt: now })?.details).toEqual({
      why: 'QUESTION_OPEN',
      until: openUntil,
    });
    expect(why({ openUntil: now })).toBeUndefined();
  });

  it('given they did not answer twice, is left alone for half a year', () => {
    const askedAt = [daysAgo(100), daysAgo(10)];
    expect(checkAsk({ ...facts, askedAt })?.details).toEqual({
      why: 'ASKED_TOO_OFTEN',
      until: new Date(daysAgo(100).getTime() + REQUESTS_WITHIN_DAYS * 86_400_000),
    });
    expect(why({ askedAt: [daysAgo(181), daysAgo(10)] })).toBeUndefined();
    expect(why({ askedAt, wishedAt: now })).toBeUndefined();
  });

  it('given they wish it again and again, is asked only so often, and once for each sign-up', () => {
    const askedAt = Array.from({ length: MAX_WISHED_REQUESTS }, (_, index) => daysAgo(index + 10));
    expect(why({ askedAt, wishedAt: now })).toBe('ASKED_TOO_OFTEN');
    expect(why({ askedAt: askedAt.slice(1), wishedAt: now })).toBeUndefined();
    expect(why({ wishedAt: now, isSignUpUsed: true })).toBe('SIGN_UP_USED');
  });

  it('given service, need not be asked', () => {
    expect(why({ purposeKind: 'SERVICE' })).toBe('NO_CONSENT_NEEDED');
  });
});

it('asks nobody who said no, by no way but their own wish, and never more than so often', () => {
  const all = fc.record({
    purpose: fc.constant('x'),
    purposeKind: fc.constantFrom(...purposeKind.options),
    state: fc.option(fc.constantFrom(...consentState.options)),
    isOptedOut: fc.boolean(),
    saidNoAt: fc.option(fc.constantFrom(daysAgo(3), daysAgo(1))),
    isStoppedByProvider: fc.boolean(),
    openUntil: fc.option(fc.constantFrom(daysAgo(1), daysAgo(-1))),
    askedAt: fc.array(fc.integer({ min: 0, max: 400 }).map(daysAgo), { maxLength: 5 }),
    isWindowOpen: fc.boolean(),
    wishedAt: fc.option(fc.constantFrom(daysAgo(4), daysAgo(3), daysAgo(2), now)),
    isSignUpUsed: fc.boolean(),
    now: fc.constant(now),
  });
  let asked = 0;
  fc.assert(
    fc.property(all, (each) => {
      if (checkAsk(each)) return;
      asked += 1;
      expect(each.purposeKind).not.toBe('SERVICE');
      expect(each.openUntil === null || each.openUntil <= now).toBe(true);
      expect(each.isWindowOpen || each.wishedAt !== null || each.state === 'REQUESTED').toBe(true);
      if (each.purposeKind === 'MARKETING') expect(each.isStoppedByProvider).toBe(false);
      expect(each.isSignUpUsed).toBe(false);
      const most = each.wishedAt ? MAX_WISHED_REQUESTS : MAX_REQUESTS;
      expect(each.askedAt.filter((at) => at > daysAgo(REQUESTS_WITHIN_DAYS)).length).toBeLessThan(most);
      if (each.wishedAt && each.saidNoAt && each.wishedAt > each.saidNoAt) return;
      expect(['WITHDRAWN', 'REFUSED']).not.toContain(each.state);
      if (each.purposeKind === 'MARKETING') expect(each.isOptedOut).toBe(false);
    }),
    { numRuns: 3_000 },
  );
  expect(asked).toBeGreaterThan(100);
});
