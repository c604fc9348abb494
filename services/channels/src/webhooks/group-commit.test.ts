import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGroupCommit, OverdueError, OverloadedError, type GroupCommitOptions } from './group-commit.js';

class PoisonError extends Error {}
class AwayError extends Error {}

function given(overrides: Partial<GroupCommitOptions<string>> = {}) {
  const commits: string[][] = [];
  const poisons: string[] = [];
  /** Commits under way wait here until the test lets them end. */
  const gates: (() => void)[] = [];
  const options: GroupCommitOptions<string> = {
    commit: async (group) => {
      commits.push([...group]);
      await new Promise<void>((resolve) => gates.push(resolve));
      if (group.some((element) => element.startsWith('poison'))) throw new PoisonError();
      if (group.some((element) => element.startsWith('away'))) throw new AwayError();
    },
    commitPoison: async (element) => void poisons.push(element),
    isTransient: (error) => error instanceof AwayError,
    maxGroup: 100,
    maxGroupBytes: 1_000,
    maxWaiting: 100,
    maxWaitingBytes: 10_000,
    overdueMs: 60_000,
    ...overrides,
  };
  const groups = createGroupCommit(options);
  const release = async (expected: number) => {
    await vi.waitUntil(() => gates.length > 0 && commits.length >= expected);
    gates.shift()!();
  };
  return { groups, commits, poisons, release, end: () => gates.shift()!() };
}

describe('group commit', () => {
  it('commits at once what comes alone, and together what comes meanwhile', async () => {
    const { groups, commits, release } = given();
    const first = groups.add('a', 1);
    await vi.waitUntil(() => commits.length === 1);
    const rest = Promise.all([groups.add('b', 1), groups.add('c', 1), groups.add('d', 1)]);
    await release(1);
    await first;
    await release(2);
    await rest;
    expect(commits).toEqual([['a'], ['b', 'c', 'd']]);
  });

  describe('given that others may come along', () => {
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });
    /** One commit that takes 10 ms and has just ended. */
    async function afterOne(gather: { maxMs: number; enough: number }) {
      const one = given({ gather });
      const first = one.groups.add('a', 1);
      await turn();
      await turn();
      expect(one.commits).toEqual([['a']]);
      vi.advanceTimersByTime(10);
      one.end();
      await first;
      await turn();
      return one;
    }

    it('begins the next commit three times as long after the last one began as that one took', async () => {
      const { groups, commits } = await afterOne({ maxMs: 1_000, enough: 10 });
      void groups.add('b', 1);
      await turn();
      await turn();
      vi.advanceTimersByTime(19);
      void groups.add('c', 1);
      await turn();
      expect(commits).toHaveLength(1);
      vi.advanceTimersByTime(1);
      await turn();
      expect(commits.slice(1)).toEqual([['b', 'c']]);
    });

    it('waits no longer than it may, and not at all after a rest', async () => {
      const { groups, commits, end } = await afterOne({ maxMs: 15, enough: 10 });
      const second = groups.add('b', 1);
      await turn();
      await turn();
      vi.advanceTimersByTime(5);
      await turn();
      expect(commits).toHaveLength(2);
      end();
      await second;
      await turn();
      vi.advanceTimersByTime(15);
      void groups.add('c', 1);
      await turn();
      await turn();
      expect(commits).toHaveLength(3);
    });

    it('waits no longer once enough are there', async () => {
      const { groups, commits } = await afterOne({ maxMs: 1_000, enough: 3 });
      void groups.add('b', 1);
      void groups.add('c', 1);
      await turn();
      await turn();
      expect(commits).toHaveLength(1);
      void groups.add('d', 1);
      await turn();
      expect(commits.slice(1)).toEqual([['b', 'c', 'd']]);
    });
  });

  it('lets nobody go before their own commit has ended', async () => {
    const { groups, commits, release } = given();
    let isStored = false;
    const adding = groups.add('a', 1).then(() => (isStored = true));
    await vi.waitUntil(() => commits.length === 1);
    expect(isStored).toBe(false);
    await release(1);
    await adding;
    expect(isStored).toBe(true);
  });

  it('bounds a group by count and by bytes, but never leaves a large element behind', async () => {
    const { groups, commits, release } = given({ maxGroup: 2, maxGroupBytes: 10 });
    const all = Promise.all([
      groups.add('a', 1),
      groups.add('b', 1),
      groups.add('c', 9),
      groups.add('d', 2),
      groups.add('e', 500),
    ]);
    for (const commit of [1, 2, 3, 4]) await release(commit);
    await all;
    expect(commits).toEqual([['a', 'b'], ['c'], ['d'], ['e']]);
  });

  it('tries everybody alone when one of them cannot be stored', async () => {
    const { groups, commits, poisons, release } = given();
    const all = Promise.all([groups.add('a', 1), groups.add('poison', 1), groups.add('b', 1)]);
    for (const commit of [1, 2, 3, 4]) await release(commit);
    await all;
    expect(commits).toEqual([['a', 'poison', 'b'], ['a'], ['poison'], ['b']]);
    expect(poisons).toEqual(['poison']);
  });

  it('tells only the one whose own last resort fails', async () => {
    const { groups, release } = given({ commitPoison: async () => Promise.reject(new PoisonError()) });
    const all = Promise.allSettled([groups.add('a', 1), groups.add('poison', 1)]);
    for (const commit of [1, 2, 3]) await release(commit);
    expect((await all).map((each) => each.status)).toEqual(['fulfilled', 'rejected']);
  });

  it('tries nobody alone when the store is away, and goes on when it is back', async () => {
    const { groups, commits, release } = given();
    const away = Promise.allSettled([groups.add('away', 1), groups.add('a', 1)]);
    await release(1);
    expect((await away).map((each) => each.status)).toEqual(['rejected', 'rejected']);
    const back = groups.add('a', 1);
    await release(2);
    await back;
    expect(commits).toEqual([['away', 'a'], ['a']]);
  });

  it('refuses what exceeds the bounds of waiting, by count and by bytes', async () => {
    const { groups, commits, release } = given({ maxWaiting: 2, maxWaitingBytes: 10 });
    const first = groups.add('a', 1);
    await vi.waitUntil(() => commits.length === 1);
    const waiting = [groups.add('b', 6)];
    await expect(groups.add('c', 5)).rejects.toThrow(OverloadedError);
    waiting.push(groups.add('d', 1));
    await expect(groups.add('e', 1)).rejects.toThrow(OverloadedError);
    await release(1);
    await first;
    await release(2);
    await Promise.all(waiting);
    expect(commits).toEqual([['a'], ['b', 'd']]);
  });

  it('waits for nobody longer than it may, and takes new ones all the same', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { groups, commits, release } = given({ overdueMs: 5_000 });
      const late = Promise.allSettled([groups.add('a', 1)]);
      await vi.waitUntil(() => commits.length === 1);
      const behind = Promise.allSettled([groups.add('b', 1)]);
      vi.advanceTimersByTime(5_000);
      for (const [outcome] of [await late, await behind])
        expect(outcome).toMatchObject({ reason: expect.any(OverdueError) });
      const next = groups.add('c', 1);
      await vi.waitUntil(() => commits.length === 2);
      await release(2);
      await release(2);
      await next;
      expect(commits).toEqual([['a'], ['c']]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is idle when everything is settled', async () => {
    const { groups, release } = given();
    const adding = groups.add('a', 1);
    await release(1);
    await groups.idle();
    await expect(adding).resolves.toBeUndefined();
  });
});
