import type { Publication, Publisher } from '@fenster/messaging';
import { newId } from '@fenster/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.js';
import { sql } from './database.js';
import type { Appended } from './outbox.js';
import { countPending } from './rebuild.js';
import { createRelay, publishStored, tidyUp, type Relay, type RelayNudge } from './relay.js';
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
    knowsEnd: true,
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

const positionsOf = (appended: readonly Appended[]) => appended.map(({ position }) => position);
const pending = () => countPending(probe.database);
async function waitingForLocks(): Promise<number> {
  const { rows } = await sql<{ count: string }>`
    select count(*) from pg_locks join pg_stat_activity using (pid) where datname = current_database() and not granted
  `.execute(probe.database.system().getKysely());
  return Number(rows[0]!.count);
}
const broken: Publisher = { knowsEnd: true, publish: () => Promise.reject(new Error('NATS is away')) };

describe('publishing what is stored', () => {
  it('given that publishing fails, then everything is still pending', async () => {
    await emit(2);
    await expect(publishStored(probe.database, broken)).rejects.toThrow('NATS is away');
    expect(await pending()).toBe(2);
    const { published, publisher } = recorder();
    await publishStored(probe.database, publisher);
    expect(published).toEqual([1, 2]);
  });

  it('given another relay that reads the same, then it waits for the first and finds nothing', async () => {
    await emit(2);
    const [entered, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const first = recorder(() => {
      entered.resolve();
      return gate.promise;
    });
    const publishing = publishStored(probe.database, first.publisher);
    await entered.promise;
    const second = recorder();
    const other = publishStored(probe.database, second.publisher);
    await eventually(async () => {
      const [{ waiting } = { waiting: 0 }] = await probe.database.system().execute<{ waiting: number }[]>(
        `select count(*)::int as waiting from pg_locks join pg_stat_activity using (pid)
           where not granted and datname = current_database()`,
      );
      expect(waiting).toBe(1);
    });
    gate.resolve();
    expect((await publishing).ends).toEqual(new Map([[workspaceId, 2]]));
    expect(await other).toEqual({ count: 0, ends: new Map() });
    expect([first.published, second.published]).toEqual([[1, 2], []]);
  });

  it('takes whole transactions until there are enough events, the oldest first', async () => {
    for (const count of [600, 600, 10]) await emit(count);
    const { published, publisher } = recorder();
    expect(await publishStored(probe.database, publisher)).toMatchObject({ count: 1_200 });
    expect(await publishStored(probe.database, publisher)).toMatchObject({ count: 10 });
    expect(await publishStored(probe.database, publisher)).toEqual({ count: 0, ends: new Map() });
    expect(published).toEqual(Array.from({ length: 1_210 }, (_, index) => index + 1));
  });
});

describe('tidying up', () => {
  it('removes what is published and says whether something else is pending', async () => {
    const [one, two] = [await emit(2), await emit(3)];
    expect(await tidyUp(probe.database, positionsOf(one))).toBe(true);
    expect(await pending()).toBe(3);
    expect(await tidyUp(probe.database, positionsOf(two))).toBe(false);
    expect(await pending()).toBe(0);
    expect(await tidyUp(probe.database, [])).toBe(false);
  });
});

describe('the relay', () => {
  const relays: Relay[] = [];
  afterEach(() => Promise.all(relays.splice(0).map((relay) => relay.stop())));
  function start(publisher: Publisher, { pollMs, nudge }: { pollMs: number; nudge?: RelayNudge }): Relay {
    const relay = createRelay({
      database: probe.database,
      url: probe.url,
      publisher,
      log: silent,
      pollMs,
      ...(nudge && { nudge }),
    });
    relays.push(relay);
    relay.start();
    return relay;
  }
  /** It leads, knows where the log ends, and will not look again by itself. */
  async function begin(
    publisher: Publisher,
    published: readonly number[],
    options: { pollMs: number; nudge?: RelayNudge } = { pollMs: 600_000 },
  ): Promise<Relay> {
    await emit();
    const relay = start(publisher, options);
    await eventually(() => expect(published).toEqual([1]));
    return relay;
  }

  it('publishes what it is told without looking, and removes the rows when it looks or stops', async () => {
    const { published, publisher } = recorder();
    const relay = await begin(publisher, published);
    relay.wake(await emit(2));
    relay.wake(await emit(3));
    await eventually(() => expect(published).toEqual([1, 2, 3, 4, 5, 6]));
    expect(await pending()).toBe(5);
    relay.wake();
    await eventually(async () => expect(await pending()).toBe(0));
    relay.wake(await emit());
    await eventually(() => expect(published).toHaveLength(7));
    expect(await pending()).toBe(1);
    await relay.stop();
    expect(await pending()).toBe(0);
  });

  it('given a hole before what it is told, then it reads what is missing first', async () => {
    const { published, publisher } = recorder();
    const relay = await begin(publisher, published);
    await emit(2);
    relay.wake(await emit(2));
    await eventually(() => expect(published).toEqual([1, 2, 3, 4, 5]));
  });

  it('given that it is told of something while it looks, then that comes afterwards, and all of it', async () => {
    const [entered, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let isGated = false;
    const { published, publisher } = recorder(async () => {
      if (!isGated) return;
      entered.resolve();
      await gate.promise;
    });
    const relay = await begin(publisher, published);
    isGated = true;
    await emit(2);
    relay.wake(await emit(2));
    await entered.promise;
    for (let number = 0; number < 3; number += 1) relay.wake(await emit());
    gate.resolve();
    await eventually(() => expect(published).toEqual([1, 2, 3, 4, 5, 6, 7, 8]));
  });

  it('given that another relay published what it was told, then it goes on behind that', async () => {
    const { published, publisher } = recorder();
    const [entered, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow = recorder(() => {
      entered.resolve();
      return gate.promise;
    });
    let knowsEnd = false;
    const relay = await begin(
      {
        get knowsEnd() {
          return knowsEnd;
        },
        publish: (publications) => publisher.publish(publications),
      },
      published,
    );
    const appended = await emit(2);
    const other = publishStored(probe.database, slow.publisher);
    await entered.promise;
    relay.wake(appended);
    // It finds the rows, and waits for who has them.
    await eventually(async () => expect(await waitingForLocks()).toBe(1));
    gate.resolve();
    await other;
    // What it may publish from memory now is only what nobody has.
    knowsEnd = true;
    relay.wake(await emit());
    await eventually(() =>
      expect([published, slow.published]).toEqual([
        [1, 4],
        [2, 3],
      ]),
    );
  });

  it('given a stream whose end is not known, then it publishes only what it has claimed', async () => {
    const { published, publisher } = recorder();
    const relay = await begin({ ...publisher, knowsEnd: false }, published);
    relay.wake(await emit(2));
    await eventually(() => expect(published).toEqual([1, 2, 3]));
    await eventually(async () => expect(await pending()).toBe(0));
  });

  it('given that publishing fails, then nothing of it is lost', async () => {
    const { published, publisher } = recorder();
    let failures = 0;
    const failing: Publisher = {
      knowsEnd: true,
      publish: (publications) => (failures-- > 0 ? broken.publish(publications) : publisher.publish(publications)),
    };
    const relay = await begin(failing, published);
    failures = 3;
    relay.wake(await emit(2));
    await eventually(() => expect(published).toEqual([1, 2, 3]));
  });

  it('hears from a process whose relay does not lead', async () => {
    const listeners = new Set<() => void>();
    const nudge: RelayNudge = {
      send: () => listeners.forEach((heard) => heard()),
      listen(heard) {
        listeners.add(heard);
        return () => listeners.delete(heard);
      },
    };
    const { published, publisher } = recorder();
    await begin(publisher, published, { pollMs: 600_000, nudge });
    const other = start(publisher, { pollMs: 600_000, nudge });
    other.wake(await emit(2));
    await eventually(() => expect(published).toEqual([1, 2, 3]));
  });

  it('keeps the order of a log that this process and others write to, and publishes each event once', async () => {
    const { published, publisher } = recorder();
    const both = [start(publisher, { pollMs: 20 }), start(publisher, { pollMs: 20 })];
    for (let number = 0; number < 200; number += 1) {
      const appended = await emit();
      // Each process wakes its own relay; one of them leads. The third process has none.
      both[number % 3]?.wake(appended);
    }
    await eventually(() => expect(published).toHaveLength(200));
    await Promise.all(both.map((relay) => relay.stop()));
    expect(published).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(await pending()).toBe(0);
  });
});
