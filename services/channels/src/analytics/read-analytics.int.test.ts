import {
  pricingAnalyticsWanted,
  type AnalyticsGranularity,
  type Envelope,
  type PricingAnalyticsRead,
} from '@fenster/contracts';
import { sql, transact, type Ctx } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createProviders } from '../providers/providers.js';
import { SECRET_KEY, startChannels, type Channels } from '../testing/channels.js';
import { providerOptions } from '../testing/provider-options.js';
import { startTemplateStub } from '../testing/template-stub.js';
import { analyticsWantedConsumer } from './analytics-wanted.consumer.js';
import { readSome } from './read-analytics.js';

let channels: Channels;
let graph: Awaited<ReturnType<typeof startTemplateStub>>;
let points: object[];
let now: Date;
beforeAll(async () => {
  graph = await startTemplateStub();
  channels = await startChannels({ channel: { apiBaseUrl: graph.url } });
  // Read on demand here, and never by the service itself.
  await channels.pause();
});
afterAll(async () => {
  await channels?.resume();
  await channels?.stop();
  await graph?.stop();
});
beforeEach(async () => {
  await sql`delete from analytics_reading`.execute(system());
  await sql`delete from outbox`.execute(system());
  graph.calls.length = 0;
  graph.onCall = () => ({ status: 200, body: { pricing_analytics: { data: [{ data_points: points }] } } });
  points = [POINT];
  now = new Date('2026-11-22T12:00:00Z');
});

const MARCH_2026 = Date.parse('2026-03-01T00:00:00+01:00') / 1_000;
const POINT = {
  start: MARCH_2026,
  end: MARCH_2026 + 86_400,
  country: 'DE',
  phone_number: '4930901820',
  tier: '0:MAX',
  pricing_type: 'REGULAR',
  pricing_category: 'MARKETING',
  volume: 3,
  cost: 0.3393,
};
const system = () => channels.database.system().getKysely();
const app = { providers: createProviders(providerOptions()), secretKey: SECRET_KEY };
const ctx = (): Ctx => ({
  database: channels.database,
  now: () => now,
  log: createLogger('test', 'silent'),
  wakeRelay() {},
  origin: { actor: { kind: 'system' }, correlationId: 'test' },
});
const want = (month: string, granularity: AnalyticsGranularity = 'DAILY', workspaceId = channels.workspaceId) =>
  transact(ctx(), (tx) =>
    analyticsWantedConsumer(() => {}).subscriptions[0]!.handle(tx, [
      {
        id: newId(),
        name: pricingAnalyticsWanted.name,
        version: 1,
        workspaceId,
        seq: 1,
        entityId: workspaceId,
        occurredAt: now.toISOString(),
        recordedAt: now.toISOString(),
        actor: { kind: 'system' },
        correlationId: newId(),
        dataClass: 'operational',
        data: { month, granularity },
      } satisfies Envelope,
    ]),
  );
async function told(): Promise<PricingAnalyticsRead[]> {
  const { rows } = await sql<{ envelope: string }>`select envelope from outbox order by seq`.execute(system());
  return rows.map(({ envelope }) => (JSON.parse(envelope) as Envelope<PricingAnalyticsRead>).data);
}
const asked = () => graph.calls.map(({ path, query }) => `${path}?${query['fields']}`);

describe('what a provider counted', () => {
  it('is read by the calendar of the account as soon as somebody wants a month, and told with our channels', async () => {
    await want('2026-03');
    expect(await readSome(ctx(), app)).toBe(2);
    const fields = 'metric_types(COST,VOLUME).dimensions(PRICING_CATEGORY,PRICING_TYPE,COUNTRY,PHONE,TIER)';
    // March has an hour less there.
    const end = Date.parse('2026-04-01T00:00:00+02:00') / 1_000;
    expect(asked()).toContain(
      `419561257915477?pricing_analytics.start(${MARCH_2026}).end(${end}).granularity(DAILY).${fields}`,
    );
    expect((await told()).find(({ month }) => month === '2026-03')).toMatchObject({
      accountId: '419561257915477',
      granularity: 'DAILY',
      part: 1,
      parts: 1,
      currency: 'EUR',
      timeZone: 'Europe/Berlin',
      points: [
        {
          startsAt: '2026-02-28T23:00:00.000Z',
          endsAt: '2026-03-01T23:00:00.000Z',
          channelId: channels.channelId,
          country: 'DE',
          category: 'MARKETING',
          type: 'REGULAR',
          tier: '0:MAX',
          messages: 3,
          costMicros: 339_300,
        },
      ],
    });
    expect(await readSome(ctx(), app)).toBe(0);
    now = new Date(now.getTime() + 1_000);
    await want('2026-03', 'MONTHLY');
    expect(await readSome(ctx(), app)).toBe(1);
    expect((await told()).at(-1)).toMatchObject({ month: '2026-03', granularity: 'MONTHLY' });
  });

  it('is read also where there is much that nobody can read: other providers, disabled channels, months to come', async () => {
    const unreadable = Array.from({ length: 5 }, (_, index) => `elsewhere-${index}`);
    for (const account of unreadable) {
      await sql`
        insert into analytics_reading (workspace_id, account_id, month, granularity, wanted_at)
        values (${channels.workspaceId}, ${account}, '2026-03', 'DAILY', ${new Date(now.getTime() - 60_000)})
      `.execute(system());
    }
    await want('2027-01');
    await want('2026-03');
    // With the month that is.
    expect(await readSome(ctx(), app)).toBe(2);
    expect((await told()).map(({ month }) => month)).toContain('2026-03');
  });

  it('is read daily of the month that is, and of the one before until its statuses have come', async () => {
    const monthsOf = async () => (await told()).map(({ month }) => month).toSorted();
    await readSome(ctx(), app);
    expect(await monthsOf()).toEqual(['2026-11']);
    now = new Date('2026-12-05T12:00:00Z');
    await readSome(ctx(), app);
    expect(await monthsOf()).toEqual(['2026-11', '2026-11', '2026-12']);
    await readSome(ctx(), app);
    now = new Date('2026-12-20T12:00:00Z');
    await readSome(ctx(), app);
    expect(await monthsOf()).toEqual(['2026-11', '2026-11', '2026-12', '2026-12']);
  });

  it('is told in parts where it is much, and asked for in slices by half hours', async () => {
    points = Array.from({ length: 150 }, (_, index) => ({ ...POINT, volume: index }));
    await want('2026-03', 'HALF_HOUR');
    await readSome(ctx(), app);
    expect(asked().filter((each) => each.includes('HALF_HOUR'))).toHaveLength(16);
    const parts = (await told()).filter(({ month }) => month === '2026-03');
    expect(parts.map(({ part, parts: of, points: some }) => [part, of, some.length])).toEqual([
      [1, 3, 1_000],
      [2, 3, 1_000],
      [3, 3, 400],
    ]);
    expect(new Set(parts.map(({ readingId }) => readingId)).size).toBe(1);
  });

  it('is nothing where nothing was delivered, and has no cost where a partner is billed', async () => {
    graph.onCall = () => ({ status: 200, body: { id: '419561257915477' } });
    await readSome(ctx(), app);
    expect(await told()).toMatchObject([{ parts: 1, points: [] }]);
    await want('2026-11');
    const { cost: _hidden, phone_number: _other, ...rest } = POINT;
    points = [rest];
    graph.onCall = () => ({ status: 200, body: { pricing_analytics: { data: [{ data_points: points }] } } });
    await sql`update analytics_reading set read_at = null`.execute(system());
    await readSome(ctx(), app);
    const [point] = (await told()).at(-1)!.points;
    expect(point).not.toHaveProperty('costMicros');
    expect(point).not.toHaveProperty('channelId');
  });

  it.each<[string, () => { status: number; body: object }]>([
    ['refused', () => ({ status: 400, body: { error: { code: 200, message: 'no' } } })],
    ['half unreadable', () => ({ status: 200, body: { pricing_analytics: { data: [{ data_points: [POINT, {}] }] } } })],
  ])('is not told where it is %s, and asked for again later', async (_what, onCall) => {
    const { onCall: works } = graph;
    graph.onCall = onCall;
    expect(await readSome(ctx(), app)).toBe(1);
    expect(await readSome(ctx(), app)).toBe(0);
    expect(await told()).toEqual([]);
    graph.onCall = works;
    now = new Date(now.getTime() + 11 * 60_000);
    expect(await readSome(ctx(), app)).toBe(1);
    expect(await told()).toHaveLength(1);
  });

  it('is of the workspace that wants it only', async () => {
    await want('2026-03', 'DAILY', newId());
    await readSome(ctx(), app);
    expect((await told()).map(({ month }) => month)).toEqual(['2026-11']);
  });
});
