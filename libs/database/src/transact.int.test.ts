import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLog } from './event-log.js';
import { createProbe, probeHappened, type Probe } from './testing/probe.js';
import { transact } from './transact.js';

let probe: Probe;
beforeAll(async () => {
  probe = await createProbe();
});
afterAll(() => probe.close());

const seqsOf = async (workspaceId: string, after = 0) =>
  (await readLog(probe.database.forTenant(workspaceId), after, 10_000)).map((event) => event.seq);

describe('transact', () => {
  it('numbers the events of a workspace without gaps, whatever commits, fails and overlaps', async () => {
    const workspaces = [newId(), newId()];
    const seen = new Map(workspaces.map((workspaceId) => [workspaceId, [] as number[]]));
    let writing = true;
    // A reader that goes on from what it has seen must never find out later about something before it.
    const readers = workspaces.map(async (workspaceId) => {
      const numbers = seen.get(workspaceId)!;
      while (writing) numbers.push(...(await seqsOf(workspaceId, numbers.at(-1) ?? 0)));
      numbers.push(...(await seqsOf(workspaceId, numbers.at(-1) ?? 0)));
    });
    const writers = Array.from({ length: 60 }, async (_, index) => {
      const failing = index % 5 === 0;
      const write = transact(probe.ctx(), async (tx) => {
        for (let event = 0; event <= index % 3; event += 1) {
          for (const workspaceId of index % 2 ? workspaces : workspaces.toReversed()) {
            tx.emit(probeHappened, { entityId: newId(), workspaceId, data: { number: index } });
          }
        }
        if (failing) throw new Error('undone');
      });
      if (failing) await expect(write).rejects.toThrow('undone');
      else await write;
    });
    await Promise.all(writers);
    writing = false;
    await Promise.all(readers);

    for (const numbers of seen.values()) {
      expect(numbers.length).toBeGreaterThan(60);
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    }
  });

  it('stores nothing when the work throws', async () => {
    const workspaceId = newId();
    const work = transact(probe.ctx(workspaceId), async (tx) => {
      await tx.em.execute('insert into note (workspace_id, id, text) values (?, ?, ?)', [workspaceId, newId(), 'gone']);
      tx.emit(probeHappened, { entityId: newId(), data: { number: 1 } });
      throw new Error('undone');
    });
    await expect(work).rejects.toThrow('undone');
    expect(await seqsOf(workspaceId)).toEqual([]);
    expect(await probe.database.forTenant(workspaceId).execute('select * from note')).toEqual([]);
  });

  it('refuses data off the schema before anything is stored', async () => {
    const workspaceId = newId();
    const work = transact(probe.ctx(workspaceId), async (tx) => {
      tx.emit(probeHappened, { entityId: newId(), data: { number: 0.5 } });
    });
    await expect(work).rejects.toThrow();
    expect(await seqsOf(workspaceId)).toEqual([]);
  });

  it('runs again after a deadlock', async () => {
    const workspaceId = newId();
    const [first, second] = [newId(), newId()];
    await transact(probe.ctx(workspaceId), async (tx) => {
      for (const id of [first, second]) {
        await tx.em.execute('insert into note (workspace_id, id, text) values (?, ?, ?)', [workspaceId, id, '']);
      }
    });
    let attempts = 0;
    const bothHoldOne = Promise.withResolvers<void>();
    let holding = 0;
    const append = (order: string[]) =>
      transact(probe.ctx(workspaceId), async (tx) => {
        attempts += 1;
        await tx.em.execute(`update note set text = text || 'x' where id = ?`, [order[0]]);
        holding += 1;
        if (holding === 2) bothHoldOne.resolve();
        await bothHoldOne.promise;
        await tx.em.execute(`update note set text = text || 'x' where id = ?`, [order[1]]);
      });
    await Promise.all([append([first, second]), append([second, first])]);
    const rows = await probe.database.forTenant(workspaceId).execute<{ text: string }[]>('select text from note');
    expect(rows.map((row) => row.text)).toEqual(['xx', 'xx']);
    expect(attempts).toBeGreaterThan(2);
  });

  it('gives the connection back to the pool when it is lost in the middle', async () => {
    // More often than the pool has connections.
    for (let time = 0; time < 8; time += 1) {
      const work = transact(probe.ctx(), (tx) => tx.em.execute('select pg_terminate_backend(pg_backend_pid())'));
      await expect(work).rejects.toThrow();
    }
    const workspaceId = newId();
    await transact(probe.ctx(), async (tx) => {
      tx.emit(probeHappened, { entityId: newId(), workspaceId, data: { number: 1 } });
    });
    expect(await seqsOf(workspaceId)).toEqual([1]);
  });

  it('wakes others after the commit, and not at all without one', async () => {
    const workspaceId = newId();
    const seenByWoken: Promise<number[]>[] = [];
    const wake = () => void seenByWoken.push(seqsOf(workspaceId));
    const write = (fails: boolean) =>
      transact(probe.ctx(), async (tx) => {
        tx.afterCommit(wake);
        tx.emit(probeHappened, { entityId: newId(), workspaceId, data: { number: 1 } });
        if (fails) throw new Error('undone');
      });
    await expect(write(true)).rejects.toThrow('undone');
    expect(seenByWoken).toEqual([]);
    await write(false);
    expect(await Promise.all(seenByWoken)).toEqual([[1]]);
  });
});
