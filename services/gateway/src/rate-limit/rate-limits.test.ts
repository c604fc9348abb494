import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RateLimits } from './rate-limits.js';

const WINDOW_SECONDS = 10;
const options = { perMember: 20, perWorkspace: 50, perAddress: 5, windowSeconds: WINDOW_SECONDS };
const member = (id: string, workspaceId = 'w') => ({ kind: 'member' as const, id, workspaceId });

// The buckets read the monotonic clock.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** So many requests at once: how many are let through. */
function burst(limits: RateLimits, id: string, requests: number, workspaceId?: string): number {
  return Array.from({ length: requests }, () => limits.ofActor(member(id, workspaceId)).take()).filter(
    (limited) => limited === undefined,
  ).length;
}

describe('Requests', () => {
  it('of one member are as many as a window has at once, and then as many as come back evenly', () => {
    const limits = new RateLimits(options);
    expect(burst(limits, 'a', 100)).toBe(20);
    let later = 0;
    for (let tenths = 1; tenths <= 100; tenths++) {
      vi.advanceTimersByTime(100);
      later += burst(limits, 'a', 10);
    }
    expect(later).toBe(20);
    vi.advanceTimersByTime(1_000_000);
    expect(burst(limits, 'a', 100)).toBe(20);
  });

  it('of one member do not use up what its workspace has', () => {
    const limits = new RateLimits(options);
    expect(burst(limits, 'greedy', 1_000)).toBe(20);
    expect(burst(limits, 'modest', 15)).toBe(15);
    expect(burst(limits, 'other', 15)).toBe(15);
  });

  it('of all members together are limited by the workspace, and what is refused takes nothing of the member', () => {
    const limits = new RateLimits(options);
    expect(['a', 'b', 'c', 'd'].map((id) => burst(limits, id, 30))).toEqual([20, 20, 10, 0]);
    const refused = limits.ofActor(member('d'));
    expect(refused.take()!.extensions).toEqual({ code: 'RATE_LIMITED', policy: 'workspace', retryAfterSeconds: 1 });
    expect(refused.headers().ratelimit).toBe('"member";r=20;t=0, "workspace";r=0;t=10');
  });

  it('of one workspace are not those of another', () => {
    const limits = new RateLimits(options);
    for (const id of ['a', 'b', 'c']) burst(limits, id, 100);
    expect(burst(limits, 'a', 100, 'elsewhere')).toBe(20);
  });

  it('of an API key are not those of a member', () => {
    const limits = new RateLimits(options);
    burst(limits, 'a', 100);
    const budget = limits.ofActor({ ...member('a'), kind: 'api_key' });
    expect(budget.take()).toBeUndefined();
    expect(budget.headers().ratelimit).toBe('"api_key";r=19;t=1, "workspace";r=29;t=5');
  });

  it('of one network count together', () => {
    const limits = new RateLimits(options);
    for (let host = 1; host <= 5; host++) expect(limits.ofAddress(`2001:db8::${host}`).take()).toBeUndefined();
    expect(limits.ofAddress('2001:db8::6').take()).toBeDefined();
    expect(limits.ofAddress('2001:db8:0:1::1').take()).toBeUndefined();
    expect(limits.ofAddress('192.0.2.1').take()).toBeUndefined();
  });

  it('count while something lasts, however it ends', async () => {
    const budget = new RateLimits(options).ofAddress('192.0.2.1');
    const left = () => budget.headers().ratelimit;
    const gate = Promise.withResolvers<void>();
    const works = Array.from({ length: 5 }, () => budget.during(() => gate.promise));
    expect(left()).toMatch(/r=0;/);
    expect(() => budget.during(() => Promise.reject(new Error('never begun')))).toThrow('Too many requests');
    gate.reject(new Error('in vain'));
    await Promise.allSettled(works);
    expect(left()).toMatch(/r=5;/);
  });

  it('that are given back were never taken', () => {
    const limits = new RateLimits(options);
    for (let each = 0; each < 50; each++) {
      expect(limits.ofAddress('192.0.2.1').take()).toBeUndefined();
      limits.ofAddress('192.0.2.1').giveBack();
    }
    limits.ofAddress('192.0.2.1').giveBack();
    expect(limits.ofAddress('192.0.2.1').headers().ratelimit).toBe('"address";r=5;t=0');
  });
});

describe('A refusal', () => {
  it('says when to come again, and then one gets through', () => {
    const limits = new RateLimits({ ...options, perAddress: 2 });
    const budget = limits.ofAddress('192.0.2.1');
    budget.take();
    budget.take();
    const limited = budget.take()!;
    expect(limited.message).toBe('Too many requests: try again in 5 s.');
    expect(limited.extensions).toEqual({ code: 'RATE_LIMITED', policy: 'address', retryAfterSeconds: 5 });
    vi.advanceTimersByTime(4_900);
    expect(budget.take()).toBeDefined();
    vi.advanceTimersByTime(100);
    expect(budget.take()).toBeUndefined();
  });
});

describe('The headers', () => {
  it('tell what is allowed, what is left, and when all is there again', () => {
    const budget = new RateLimits(options).ofActor(member('a'));
    for (let each = 0; each < 5; each++) budget.take();
    expect(budget.headers()).toEqual({
      'ratelimit-policy': '"member";q=20;w=10, "workspace";q=50;w=10',
      ratelimit: '"member";r=15;t=3, "workspace";r=45;t=1',
    });
    vi.advanceTimersByTime(1_000);
    expect(budget.headers().ratelimit).toBe('"member";r=17;t=2, "workspace";r=50;t=0');
  });
});
