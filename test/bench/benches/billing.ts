import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { channelStatusReceived, messageQueued, subjectOf, type EventDefinition } from '@fenster/contracts';
import { migrate, provisionDatabase } from '@fenster/database';
import { connectNats, createPublisher, ensureStream } from '@fenster/messaging';
import { createLogger, newId } from '@fenster/runtime';
import type { Bench, Measurement, Settings, Target } from '../harness/bench.js';
import type { Environment } from '../harness/environment.js';
import { Samples } from '../harness/statistics.js';
import { measureList } from './inbox-world.js';
import { startServer } from '../harness/processes.js';

const DATABASE = 'bench_billing';
const MARKETS = ['Germany', 'France', 'Italy', 'Spain', 'Other'];
const CATEGORIES = ['service', 'utility', 'marketing'];
const GROUPS = MARKETS.length * CATEGORIES.length;
const DAYS = 90;
const FIRST_DAY = '2026-08-01';
const PERIOD = { from: FIRST_DAY, to: '2026-10-31' };
/** Of the sums by day: entries with the same of everything are one row. */
const CHANNELS = 4;
const MEMBERS = 20;
const EXPENSIVE_SHOWN = 10;
const ENTRIES_AT_ONCE = 1_000_000;
const RATED = 20_000;
const EVENTS_PER_PUBLICATION = 20;
const RATED_POLL_MS = 50;
const RATED_PATIENCE_MS = 120_000;

const REPORT = `{ costReport(input: { period: { from: "${PERIOD.from}", to: "${PERIOD.to}" }, groupBy: [MARKET, CATEGORY] }) {
  rows { keys { dimension value } figures { amount { amountMicros currency } paidMessages freeMessages } }
} }`;
const EXPENSIVE = `{ expensiveConversations(month: "2026-10", currency: "EUR", first: ${EXPENSIVE_SHOWN}) {
  conversation { id } amount { amountMicros } paidMessages
} }`;
const GROUP_BY = `select market, category, currency, sum(amount_micros) as amount,
  sum(messages) filter (where free_reason is null) as paid, sum(messages) filter (where free_reason is not null) as free
  from charge where booked_on between '${PERIOD.from}' and '${PERIOD.to}' group by 1, 2, 3 order by 1, 2, 3`;

export const billing: Bench = {
  name: 'billing',
  title: 'a cost report by market and category over the entries of a quarter; and statuses rated a second',
  headline: 'p50_ms',
  isLessBetter: true,
  preparationMs: 1_800_000,
  targets: ['p50_ms of us below 100 over 10,000,000 entries', 'rated_per_s of us at least 2,000'],
  contenders(environment, settings) {
    let world: Promise<LedgerWorld> | undefined;
    const prepared = () => (world ??= createLedgerWorld(environment, settings.entries));
    return [
      {
        name: 'us',
        description:
          'billing in a process of its own: GraphQL, row-level security, sums that are kept with every entry',
        start: async () => startBilling(environment, settings, await prepared()),
        warmUp: measureReport,
        async measure(target, given, run) {
          const report = await measureReport(target, given, run);
          const expensive = await measureExpensive(target, given, run);
          const rated = await measureRating(environment, (await prepared()).workspaceId);
          return {
            figures: { ...report.figures, expensive_p50_ms: expensive.figures['p50_ms']!, ...rated.figures },
            verdict: rated.verdict,
            notes: [...report.notes, ...rated.notes],
          };
        },
      },
      {
        name: 'plain',
        description: 'the same question as one GROUP BY over the ledger, asked of PostgreSQL by its administrator',
        async start() {
          await prepared();
          return {
            webhook: { url: '', secret: '', template: '' },
            sockets: () => [],
            processes: { postgres: environment.postgresPid },
          };
        },
        measure: (_target, { measureMs }) => measurePlain(environment, measureMs),
      },
    ];
  },
};

const progress = (line: string) => void process.stderr.write(`${line}\n`);

/** One after the other: how long somebody waits for it. */
const measureReport = measureList(REPORT, { text: '"MARKET"', times: GROUPS }, 1);
const measureExpensive = measureList(EXPENSIVE, { text: '"paidMessages"', times: EXPENSIVE_SHOWN }, 1);

async function measurePlain(environment: Environment, measureMs: number): Promise<Measurement> {
  const samples = new Samples();
  const end = performance.now() + measureMs;
  do {
    const startedAt = performance.now();
    const rows = await environment.query<object>(DATABASE, GROUP_BY);
    if (rows.length !== GROUPS) throw new Error(`${rows.length} groups instead of ${GROUPS}.`);
    samples.add(performance.now() - startedAt);
  } while (performance.now() < end);
  const { p50_ms, p99_ms } = samples.summary();
  return { figures: { p50_ms, p99_ms }, verdict: { lost: 0, duplicated: 0, reordered: 0 }, notes: [] };
}

/** Messages are queued and delivered, as fast as NATS takes it; until each has its charge. */
async function measureRating(environment: Environment, workspaceId: string): Promise<Measurement> {
  const connection = await connectNats({
    url: environment.natsUrl,
    name: 'bench',
    log: createLogger('bench', 'silent'),
  });
  try {
    const count = async () => {
      const [row] = await environment.query<{ messages: string }>(
        DATABASE,
        `select coalesce(sum(messages), 0) as messages from contact_cost where workspace_id = '${workspaceId}'`,
      );
      return Number(row!.messages);
    };
    const before = await count();
    const messages = Array.from({ length: RATED }, () => newId());
    const conversations = Array.from({ length: RATED / 10 }, () => newId());
    const [channelId, contactId, threadId] = [newId(), newId(), newId()];
    const occurredAt = '2026-10-15T12:00:00.000Z';
    const about = (index: number) => ({ messageId: messages[index]!, channelId });
    const queued = messages.map((_, index) => ({
      ...about(index),
      threadId,
      conversationId: conversations[index % conversations.length]!,
      contactId,
      seq: index + 1,
      to: { phone: '+491701234567' },
      type: 'text',
      text: 'x',
    }));
    const delivered = messages.map((messageId, index) => ({
      ...about(index),
      providerMessageId: `wamid.${messageId}`,
      status: 'delivered',
      occurredAt,
      recipientCountry: 'DE',
      pricing: { model: 'PMP', category: 'service', type: 'regular', billable: true },
      account: { currency: 'EUR', timeZone: 'Europe/Berlin', portfolioId: 'bench' },
      errors: [],
    }));
    const startedAt = performance.now();
    await Promise.all([publish(messageQueued, queued), publish(channelStatusReceived, delivered)]);
    const deadline = performance.now() + RATED_PATIENCE_MS;
    while ((await count()) - before < RATED && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, RATED_POLL_MS));
    }
    const elapsedMs = performance.now() - startedAt;
    const rated = (await count()) - before;
    return {
      figures: { rated_per_s: (rated / elapsedMs) * 1_000 },
      verdict: { lost: Math.max(0, RATED - rated), duplicated: Math.max(0, rated - RATED), reordered: 0 },
      notes: [],
    };

    async function publish(event: EventDefinition, data: readonly object[]): Promise<void> {
      const publisher = createPublisher(connection);
      const now = new Date().toISOString();
      const envelopes = data.map((each, index) => ({
        id: newId(),
        name: event.name,
        version: event.version,
        workspaceId,
        seq: index + 1,
        entityId: messages[index]!,
        occurredAt,
        recordedAt: now,
        actor: { kind: 'system' },
        correlationId: 'bench',
        dataClass: event.dataClass,
        data: each,
      }));
      for (let from = 0; from < envelopes.length; from += EVENTS_PER_PUBLICATION * 20) {
        const some = envelopes.slice(from, from + EVENTS_PER_PUBLICATION * 20);
        const publications = [];
        for (let at = 0; at < some.length; at += EVENTS_PER_PUBLICATION) {
          const part = some.slice(at, at + EVENTS_PER_PUBLICATION);
          publications.push({
            id: newId(),
            subject: subjectOf(event, workspaceId),
            data: Buffer.from(JSON.stringify(part)),
          });
        }
        await publisher.publish(publications);
      }
    }
  } finally {
    await connection.close();
  }
}

interface LedgerWorld {
  databaseUrl: string;
  workspaceId: string;
  actor: object;
}

async function startBilling(environment: Environment, { profileTo }: Settings, world: LedgerWorld): Promise<Target> {
  const connection = await connectNats({
    url: environment.natsUrl,
    name: 'bench',
    log: createLogger('bench', 'silent'),
  });
  for (const stream of ['channels', 'conversation']) await ensureStream(connection, stream);
  await connection.close();
  const env = {
    ACTOR: JSON.stringify(world.actor),
    DATABASE_URL: world.databaseUrl,
    NATS_URL: environment.natsUrl,
    JWKS_URL: 'http://127.0.0.1:1/never-asked',
    PORT: '0',
    LOG_LEVEL: 'silent',
    SECRET_KEY: randomBytes(32).toString('base64'),
    OBJECT_STORE_DIRECTORY: join(environment.folder, 'objects'),
    ...(profileTo !== undefined && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileTo}` }),
  };
  const server = await startServer('servers/billing.server.ts', { env, isPinned: false });
  return {
    webhook: { url: `${server.url}/graphql`, secret: '', template: '' },
    sockets: () => [],
    processes: { billing: server.pid, postgres: environment.postgresPid },
  };
}

/** A ledger of so many entries over a quarter, and its sums by day. */
async function createLedgerWorld(environment: Environment, entries: number): Promise<LedgerWorld> {
  const { migrations } = await import('@fenster/billing');
  const password = randomBytes(12).toString('hex');
  const databaseUrl = await provisionDatabase({
    adminUrl: environment.postgresAdminUrl,
    service: 'billing',
    password,
    database: DATABASE,
  });
  await migrate('billing', databaseUrl, migrations);
  const workspaceId = newId();
  const one = (values: readonly string[], seed: string) =>
    `(array[${values.map((value) => `'${value}'`).join(', ')}])[1 + (${seed}) % ${values.length}]`;
  const ids = (count: number) => Array.from({ length: count }, () => newId());
  const channels = ids(CHANNELS);
  const members = ids(MEMBERS);
  const began = performance.now();
  const seconds = () => `${Math.round((performance.now() - began) / 1_000)} s`;
  // As a restore does: an index over all at once is built in a fraction of the time that row after row takes.
  const indexes = await environment.query<{ name: string; definition: string }>(
    DATABASE,
    `select indexname as name, indexdef as definition from pg_indexes
     where tablename = 'charge' and not exists (select from pg_constraint where conname = indexname)`,
  );
  for (const { name } of indexes) await environment.query(DATABASE, `drop index ${name}`);
  for (let from = 1; from <= entries; from += ENTRIES_AT_ONCE) {
    const to = Math.min(entries, from + ENTRIES_AT_ONCE - 1);
    await environment.query(
      DATABASE,
      `insert into charge (workspace_id, id, message_id, conversation_id, contact_id, channel_id, author_id, amount_micros,
         currency, category, market, free_reason, local_date, booked_on, regime, price_book_version, trace, recorded_at)
       select '${workspaceId}', uuidv7(), uuidv7(), conversation_id, conversation_id,
         ${one(channels, 'n')}::uuid, ${one(members, 'n / 7')}::uuid, case when n % 4 = 0 then 0 else 45600 end, 'EUR',
         ${one(CATEGORIES, 'n')}, ${one(MARKETS, 'n / 3')}, case when n % 4 = 0 then 'SERVICE_ALLOWANCE' end,
         day, day, '2026-10', 'bench', '[]', now()
       from (
         select n, date '${FIRST_DAY}' + n % ${DAYS} as day, md5((n / 5)::text)::uuid as conversation_id
         from generate_series(${from}, ${to}) n
       ) as entry`,
    );
    progress(`ledger: ${to} of ${entries} entries, ${seconds()}`);
  }
  for (const { definition } of indexes) await environment.query(DATABASE, definition);
  await environment.query(
    DATABASE,
    `insert into cost_by_day
     select workspace_id, booked_on, local_date, channel_id, author_id, team_id, template, newsletter_id, line, category,
       market, free_reason, currency, sum(amount_micros), sum(messages), 0, 0
     from charge group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13`,
  );
  await environment.query(
    DATABASE,
    `insert into conversation_month
     select workspace_id, to_char(booked_on, 'YYYY-MM'), conversation_id, currency, sum(amount_micros), sum(messages)
     from charge where free_reason is null group by 1, 2, 3, 4`,
  );
  await environment.query(DATABASE, 'vacuum analyze');
  const [size] = await environment.query<{ size: string }>(
    DATABASE,
    'select pg_size_pretty(pg_database_size(current_database())) as size',
  );
  progress(`ledger: ready, ${size!.size}, ${seconds()}`);
  const actor = {
    kind: 'member',
    id: newId(),
    workspaceId,
    role: 'finance',
    permissions: ['cost:read', 'conversation:read', 'conversation:read_all'],
    teamIds: [],
    channelIds: [],
  };
  return { databaseUrl, workspaceId, actor };
}
