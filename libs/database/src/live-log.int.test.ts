import { connectNats, type NatsConnection } from '@fenster/messaging';
import { newId, systemClock } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestNats, type TestNats } from '../../../test/support/test-nats.js';
import { createEventPath, type EventPath } from './event-path.js';
import { createLiveLog, type LiveLog, type LogItem } from './live-log.js';
import { createProbe, probeHappened, SERVICE, silent, type Probe } from './testing/probe.js';
import { transact } from './transact.js';

let probe: Probe;
let nats: TestNats;
let connection: NatsConnection;
let path: EventPath;
let liveLog: LiveLog;

beforeAll(async () => {
  [probe, nats] = await Promise.all([createProbe(), startTestNats()]);
  connection = await connectNats({ url: nats.url, name: 'test', log: silent });
  path = createEventPath({
    deadLetterDays: 30,
    service: SERVICE,
    database: probe.database,
    databaseUrl: probe.url,
    connection,
    consumers: [],
    now: systemClock,
    log: silent,
  });
  await path.start();
  liveLog = createLiveLog({ database: probe.database, connection, log: silent });
  liveLog.start();
});
afterAll(async () => {
  await liveLog.stop();
  await path.stop();
  await connection.close();
  await nats.stop();
  await probe.close();
});

const emit = (workspaceId: string, count = 1) =>
  transact({ ...probe.ctx(workspaceId), wakeRelay: path.wakeRelay }, async (tx) => {
    for (let number = 0; number < count; number += 1) tx.emit(probeHappened, { entityId: newId(), data: { number } });
  });

const show = (item: LogItem) =>
  item.kind === 'events' ? item.envelopes.map((envelope) => envelope.seq) : [`${item.kind} ${item.seq}`];

/** Takes `count` items, doing `meanwhile` when the log says that it is live. */
async function follow(
  workspaceId: string,
  after: number | undefined,
  count: number,
  meanwhile?: () => Promise<unknown>,
) {
  const ended = new AbortController();
  const items: (string | number)[] = [];
  for await (const item of liveLog.follow(workspaceId, after, ended.signal)) {
    items.push(...show(item));
    if (item.kind === 'live') await meanwhile?.();
    if (items.length >= count) break;
  }
  ended.abort();
  return items;
}

describe('following the log', () => {
  it('without a position starts live', async () => {
    const workspaceId = newId();
    await emit(workspaceId, 2);
    expect(await follow(workspaceId, undefined, 3, () => emit(workspaceId, 2))).toEqual(['live 2', 3, 4]);
  });

  it('with a position replays, says so, and goes on live', async () => {
    const workspaceId = newId();
    await emit(workspaceId, 4);
    expect(await follow(workspaceId, 2, 4, () => emit(workspaceId))).toEqual([3, 4, 'live 4', 5]);
    expect(await follow(workspaceId, 0, 6)).toEqual([1, 2, 3, 4, 5, 'live 5']);
    expect(await follow(workspaceId, 5, 1)).toEqual(['live 5']);
  });

  it('starts at the beginning of an empty log', async () => {
    const workspaceId = newId();
    expect(await follow(workspaceId, undefined, 2, () => emit(workspaceId))).toEqual(['live 0', 1]);
  });

  it('says plainly when a position cannot be replayed', async () => {
    const workspaceId = newId();
    await emit(workspaceId, 5);
    expect(await follow(workspaceId, 99, 2)).toEqual(['gap 5', 'live 5']);
    await probe.database.system().execute('delete from outbox where workspace_id = ? and seq <= 3', [workspaceId]);
    expect(await follow(workspaceId, 1, 2)).toEqual(['gap 5', 'live 5']);
    expect(await follow(workspaceId, 3, 3)).toEqual([4, 5, 'live 5']);
    await probe.database.system().execute('delete from outbox where workspace_id = ?', [workspaceId]);
    expect(await follow(workspaceId, 3, 2)).toEqual(['gap 5', 'live 5']);
  });

  it('finds what NATS never delivered, in the middle and at the end', async () => {
    const workspaceId = newId();
    await emit(workspaceId);
    const lose = () =>
      probe.database.system().transactional(async (em) => {
        await transact(probe.ctx(workspaceId), async (tx) =>
          tx.emit(probeHappened, { entityId: newId(), data: { number: 0 } }),
        );
        await em.execute('select 1');
      });
    // The relay is stopped for a moment, and what it would have published is taken out of its queue.
    await path.stop();
    const items = await follow(workspaceId, undefined, 4, async () => {
      await lose();
      await lose();
      await probe.database.system().execute('delete from outbox_pending');
      path = createEventPath({
        deadLetterDays: 30,
        service: SERVICE,
        database: probe.database,
        databaseUrl: probe.url,
        connection,
        consumers: [],
        now: systemClock,
        log: silent,
      });
      await path.start();
      await emit(workspaceId);
    });
    expect(items).toEqual(['live 1', 2, 3, 4]);
    const last = await follow(workspaceId, undefined, 2, async () => {
      await path.stop();
      await lose();
      await probe.database.system().execute('delete from outbox_pending');
    });
    expect(last).toEqual(['live 4', 5]);
  });

  it('lets followers of one workspace run at their own pace and ends at once when told', async () => {
    const workspaceId = newId();
    const ended = new AbortController();
    const idle = liveLog.follow(workspaceId, undefined, ended.signal);
    expect(await idle.next()).toMatchObject({ value: { kind: 'live' } });
    const waiting = idle.next();
    ended.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it('tells tenants apart', async () => {
    const [ours, theirs] = [newId(), newId()];
    expect(
      await follow(ours, undefined, 2, async () => {
        await emit(theirs, 3);
        await emit(ours);
        path.wakeRelay();
      }),
    ).toEqual(['live 0', 1]);
  });
});
