import type { Publication, Publisher } from '@fenster/messaging';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.js';
import type { Appended } from './outbox.js';
import { countPending } from './rebuild.js';
import { createRelay, publishRemembered, publishStored, type Relay } from './relay.js';
import { createProbe, probeHappened, silent, type Probe } from './testing/probe.js';
import { transact } from './transact.js';

let probe: Probe;
let workspaceId: string;
beforeAll(async () => {
  probe = await createProbe();
});
beforeEach(() => {
  workspaceId = newId();
});
afterAll(() => probe.close());

/** One transaction's events; returns what its process remembers of them. */
async function emit(count = 1, workspace = workspaceId): Promise<readonly Appended[]> {
  let remembered: readonly Appended[] = [];
  const ctx = { ...probe.ctx(workspace), wakeRelay: (appended: readonly Appended[]) => (remembered = appended) };
  await transact(ctx, async (tx) => {
    for (let number = 1; number <= count; number += 1) tx.emit(probeHappened, { entityId: newId(), data: { number } });
  });
  return remembered;
}

/** Keeps the numbers of what it is given, as `seq` of the workspace under test. */
function recorder(before: () => Promise<void> = async () => {}) {
  const published: number[] = [];
  const publisher: Publisher = {
    async publish(publications: readonly Publication[]) {
      await before();
      for (const { subject, data } of publications) {
        const events = JSON.parse(Buffer.from(data).toString()) as { seq: number }[];
        if (subject.endsWith(workspaceId)) published.push(...events.map(({ seq }) => seq));
      }
    },
  };
  return { published, publisher };
}

const pending = () => countPending(probe.database);
const broken: Publisher = { publish: () => Promise.reject(new Error('NATS is away')) };

describe('publishing what is remembered', () => {
  it('given exactly what comes next, then it is published in the order of the log, however it was handed over', async () => {
    const [one, two] = [await emit(2), await emit(3)];
    const { published, publisher } = recorder();
    expect(await publishRemembered(probe.database, publisher, [...two, ...one])).toBe(true);
    expect(published).toEqual([1, 2, 3, 4, 5]);
    expect(await pending()).toBe(0);
  });

  it('given that something older is pending, then nothing is published and reading brings all of it in order', async () => {
    await emit();
    const later = await emit(2);
    const { published, publisher } = recorder();
    expect(await publishRemembered(probe.database, publisher, later)).toBe(false);
    expect(published).toEqual([]);
    expect(await publishStored(probe.database, publisher)).toMatchObject({ count: 3 });
    expect(published).toEqual([1, 2, 3]);
    expect(await pending()).toBe(0);
  });

  it('given that it was published already, then it is not published again', async () => {
    const appended = await emit(2);
    const { published, publisher } = recorder();
    await publishStored(probe.database, publisher);
    expect(await publishRemembered(probe.database, publisher, appended)).toBe(false);
    const next = await emit();
    expect(await publishRemembered(probe.database, publisher, [...appended, ...next])).toBe(false);
    await publishStored(probe.database, publisher);
    expect(published).toEqual([1, 2, 3]);
  });

  it('given that publishing fails, then everything is still pending', async () => {
    const appended = await emit(2);
    await expect(publishRemembered(probe.database, broken, appended)).rejects.toThrow('NATS is away');
    await expect(publishStored(probe.database, broken)).rejects.toThrow('NATS is away');
    expect(await pending()).toBe(2);
    const { published, publisher } = recorder();
    expect(await publishRemembered(probe.database, publisher, appended)).toBe(true);
    expect(published).toEqual([1, 2]);
  });

  it('given another relay with the same events in hand, then it waits for the first and leaves them alone', async () => {
    const appended = await emit(2);
    const [entered, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const first = recorder(() => {
      entered.resolve();
      return gate.promise;
    });
    const publishing = publishRemembered(probe.database, first.publisher, appended);
    await entered.promise;
    const second = recorder();
    const others = [
      publishRemembered(probe.database, second.publisher, appended),
      publishStored(probe.database, second.publisher),
    ] as const;
    await eventually(async () => {
      const [{ waiting } = { waiting: 0 }] = await probe.database.system().execute<{ waiting: number }[]>(
        `select count(*)::int as waiting from pg_locks join pg_stat_activity using (pid)
           where not granted and datname = current_database()`,
      );
      expect(waiting).toBe(2);
    });
    gate.resolve();
    expect(await publishing).toBe(true);
    expect(await others[0]).toBe(false);
    expect(await others[1]).toEqual({ count: 0, last: 0 });
    expect([first.published, second.published]).toEqual([[1, 2], []]);
  });
});

describe('publishing what is stored', () => {
  it('takes whole transactions until there are enough events, the oldest first', async () => {
    for (const count of [600, 600, 10]) await emit(count);
    const { published, publisher } = recorder();
    expect(await publishStored(probe.database, publisher)).toMatchObject({ count: 1_200 });
    expect(await publishStored(probe.database, publisher)).toMatchObject({ count: 10 });
    expect(await publishStored(probe.database, publisher)).toEqual({ count: 0, last: 0 });
    expect(published).toEqual(Array.from({ length: 1_210 }, (_, index) => index + 1));
  });
});

describe('the relay', () => {
  it('keeps the order of a log that this process and others write to, and publishes each event once', async () => {
    const { published, publisher } = recorder();
    const start = () => {
      const relay: Relay = createRelay({
        database: probe.database,
        url: probe.url,
        publisher,
        log: silent,
        pollMs: 20,
      });
      relay.start();
      return relay;
    };
    const relays = [start(), start()];
    for (let number = 0; number < 200; number += 1) {
      const appended = await emit();
      // Each process wakes its own relay; one of them leads. The third process has none.
      relays[number % 3]?.wake(appended);
    }
    await eventually(() => expect(published).toHaveLength(200));
    await Promise.all(relays.map((relay) => relay.stop()));
    expect(published).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(await pending()).toBe(0);
  });
});
