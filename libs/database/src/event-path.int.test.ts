import { connectNats, type NatsConnection } from '@fenster/messaging';
import { newId, systemClock } from '@fenster/runtime';
import { jetstream } from '@nats-io/jetstream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.js';
import { startTestNats, type TestNats } from '../../../test/support/test-nats.js';
import { defineConsumer, on, type BatchHandler } from './consumer.js';
import { sql } from './database.js';
import { createEventPath, type EventPath } from './event-path.js';
import { countPending, rebuildStream } from './rebuild.js';
import { createProbe, probeHappened, SERVICE, silent, type Probe } from './testing/probe.js';
import { transact } from './transact.js';

let probe: Probe;
let nats: TestNats;
let connection: NatsConnection;
let path: EventPath;
let workspaceId: string;
/** What the consumer's committed transactions have seen, by workspace. */
const effects = async () =>
  (await probe.database.forTenant(workspaceId).execute<{ text: string }[]>('select text from note order by id')).map(
    (row) => Number(row.text),
  );

beforeAll(async () => {
  [probe, nats] = await Promise.all([createProbe(), startTestNats()]);
});
beforeEach(async () => {
  workspaceId = newId();
  connection = await connectNats({ url: nats.url, name: 'test', log: silent });
});
afterEach(async () => {
  await path.stop();
  await connection.close();
});
afterAll(async () => {
  await nats.stop();
  await probe.close();
});

/** Stores one row per event, so that a repeated or lost effect shows. */
const store: BatchHandler<typeof probeHappened> = async (tx, events) => {
  for (const event of events) {
    await tx.em.execute('insert into note (workspace_id, id, text) values (?, ?, ?)', [
      event.workspaceId,
      newId(),
      String(event.data.number),
    ]);
  }
};

async function startPath(handle: BatchHandler<typeof probeHappened> = store, name = `probe-${newId()}`): Promise<void> {
  const consumer = defineConsumer({ name, filter: 'probe.note.written.>', subscriptions: [on(probeHappened, handle)] });
  path = createEventPath({
    deadLetterDays: 30,
    service: SERVICE,
    database: probe.database,
    databaseUrl: probe.url,
    connection,
    consumers: [consumer],
    now: systemClock,
    log: silent,
  });
  await path.start();
}

const emit = (...numbers: number[]) =>
  transact(probe.ctx(workspaceId), async (tx) => {
    for (const number of numbers) tx.emit(probeHappened, { entityId: newId(), data: { number } });
  });

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('the event path', () => {
  it('carries every event to its consumer once and in order', async () => {
    await startPath();
    for (let start = 0; start < 300; start += 10) await emit(...upTo(10).map((number) => start + number));
    await eventually(async () => expect(await effects()).toEqual(upTo(300)));
    await eventually(async () => expect(await countPending(probe.database)).toBe(0));
  });

  it('has the effect of an event once, however often the stream holds it', async () => {
    await startPath();
    await emit(1, 2);
    await eventually(async () => expect(await effects()).toEqual([1, 2]));
    const again = await probe.database
      .forTenant(workspaceId)
      .execute<{ envelope: string; seq: string }[]>('select seq, envelope from outbox order by seq');
    for (const row of [...again, ...again.toReversed()]) {
      const envelope = { ...(JSON.parse(row.envelope) as object), seq: Number(row.seq) };
      await jetstream(connection).publish(`probe.note.written.v1.${workspaceId}`, JSON.stringify([envelope, envelope]));
    }
    await emit(3);
    await eventually(async () => expect(await effects()).toEqual([1, 2, 3]));
  });

  it('sets a poison event aside with its reason and goes on with the others', async () => {
    await startPath(async (tx, events) => {
      if (events.some((event) => event.data.number === 2)) throw new Error('cannot digest 2');
      await store(tx, events);
    });
    await jetstream(connection).publish(`probe.note.written.v1.${workspaceId}`, 'not JSON');
    await jetstream(connection).publish(
      `probe.note.written.v1.${workspaceId}`,
      JSON.stringify([{ name: 'probe.note.written', workspaceId }]),
    );
    await emit(1, 2, 3);
    await eventually(async () => expect(await effects()).toEqual([1, 3]));
    const { rows } = await sql<{ reason: string }>`select reason from dead_letter order by occurred_at, id`.execute(
      probe.database.system().getKysely(),
    );
    expect(rows.map((row) => row.reason)).toEqual(
      expect.arrayContaining(['not JSON', 'does not fit the schema of its event', 'Error: could not be handled']),
    );
  });

  it('tries again, without moving on, what failed for want of the database', async () => {
    let failures = 3;
    await startPath(async (tx, events) => {
      failures -= 1;
      if (failures >= 0) throw Object.assign(new Error('gone away'), { code: '57P01' });
      await store(tx, events);
    });
    await emit(1);
    await emit(2);
    await eventually(async () => expect(await effects()).toEqual([1, 2]));
  });

  it('goes on where it was after a restart, without repeating or losing anything', async () => {
    const name = `probe-${newId()}`;
    await startPath(store, name);
    await emit(...upTo(20));
    await eventually(async () => expect(await effects()).toEqual(upTo(20)));
    await path.stop();
    await emit(20, 21);
    await startPath(store, name);
    await emit(22);
    await eventually(async () => expect(await effects()).toEqual(upTo(23)));
  });

  it('lets several instances of one consumer run without doubling or reordering effects', async () => {
    const name = `probe-${newId()}`;
    await startPath(store, name);
    const first = path;
    await startPath(store, name);
    for (const number of upTo(100)) await emit(number);
    await eventually(async () => expect(await effects()).toEqual(upTo(100)));
    await first.stop();
  });

  it('rebuilds a lost stream from the database, and consumers neither miss nor repeat an event', async () => {
    const [early, late] = [`probe-${newId()}`, `probe-${newId()}`];
    await startPath(store, early);
    await emit(...upTo(50));
    await eventually(async () => expect(await effects()).toEqual(upTo(50)));
    expect(await rebuildStream(SERVICE, probe.database, connection)).toBeGreaterThanOrEqual(50);
    await emit(50);
    await eventually(async () => expect(await effects()).toEqual(upTo(51)));
    await path.stop();

    // A consumer that never saw the old stream gets the whole history from the new one.
    await probe.database.forTenant(workspaceId).execute('delete from note');
    const own: BatchHandler<typeof probeHappened> = (tx, events) =>
      store(
        tx,
        events.filter((event) => event.workspaceId === workspaceId),
      );
    await startPath(own, late);
    await eventually(async () => expect(await effects()).toEqual(upTo(51)));
  });
});
