import { describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { createLogger, newId } from '@fenster/runtime';
import { createSegmentCounts } from './segment-counts.js';

describe('live counts of many segments', () => {
  it('are made one after the other, all of them, also where one fails', async () => {
    let [running, most] = [0, 0];
    const asked: string[] = [];
    const database = {
      forTenant: () => ({
        async findOne(_: unknown, { id }: { id: string }) {
          running += 1;
          most = Math.max(most, running);
          asked.push(id);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
          if (id === ids[0]) throw new Error('cannot be counted');
          return { filter: {} };
        },
      }),
      readForTenant: async () => [{ count: 1 }],
    };
    const counts = createSegmentCounts({
      database: database as never,
      liveLog: { follow: async function* () {} } as never,
      now: () => new Date(),
      log: createLogger('test', 'silent'),
      againMs: 600_000,
    });
    const ids = Array.from({ length: 6 }, () => newId());
    const end = new AbortController();
    const told = new Set<string>();
    const following = ids.map(async (segmentId) => {
      for await (const { count } of counts.follow({ workspaceId: 'w', segmentId, reach: undefined }, end.signal)) {
        expect(count).toBe(1);
        told.add(segmentId);
      }
    });
    await eventually(() => expect([...told].toSorted()).toEqual(ids.slice(1).toSorted()));
    expect(asked).toContain(ids[0]);
    expect(most).toBe(1);
    end.abort();
    await Promise.all(following);
  });
});
