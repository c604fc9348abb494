import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renewAll, RENEWED_AFTER_MS, type Renewal } from './renewal.js';
import { createProbe, type Probe } from './testing/probe.js';

let probe: Probe;
beforeAll(async () => {
  probe = await createProbe();
});
afterAll(() => probe.close());

/** So many batches in each workspace; returns those that were begun. */
function renewal(batches: Record<string, number>, renew: (workspaceId: string) => void = () => {}) {
  const begun: string[] = [];
  const left = new Map(Object.entries(batches));
  const definition: Renewal = {
    name: 'renewing the probe',
    workspaces: async () => [...left.keys()],
    async renew(tx, workspaceId) {
      expect(tx.workspaceId).toBe(workspaceId);
      begun.push(workspaceId);
      renew(workspaceId);
      left.set(workspaceId, left.get(workspaceId)! - 1);
      return left.get(workspaceId)! > 0;
    },
  };
  return { begun, definition };
}

describe('what is kept in the stream', () => {
  it('is told in batches until there is nothing more, if nobody told it for days', async () => {
    const [one, two] = [newId(), newId()];
    const { begun, definition } = renewal({ [one]: 2, [two]: 1 });
    const now = new Date('2026-11-22T10:00:00Z');
    const asked: Date[] = [];
    await renewAll(
      { ...probe.ctx(), now: () => now },
      {
        ...definition,
        workspaces: (ctx, before) => (asked.push(before), definition.workspaces(ctx, before)),
      },
    );
    expect(begun).toEqual([one, one, two]);
    expect(asked).toEqual([new Date(now.getTime() - RENEWED_AFTER_MS)]);
  });

  it('is told in all workspaces but the one where something is wrong', async () => {
    const [one, bad, two] = [newId(), newId(), newId()];
    const { begun, definition } = renewal({ [one]: 1, [bad]: 2, [two]: 2 }, (workspaceId) => {
      if (workspaceId === bad) throw new Error('nobody may read this');
    });
    await renewAll(probe.ctx(), definition);
    expect(begun).toEqual([one, bad, two, two]);
  });

  it('is told no more once that is stopped', async () => {
    const [one, two] = [newId(), newId()];
    const { begun, definition } = renewal({ [one]: 5, [two]: 1 });
    await renewAll(probe.ctx(), definition, () => begun.length === 2);
    expect(begun).toEqual([one, one]);
  });
});
