import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { sql } from '@fenster/database';
import { createJobRunner, findJob, readFile, writeMicros, type Job } from '@fenster/jobs';
import { createDiskObjectStore, type ObjectStore } from '@fenster/object-store';
import { newId } from '@fenster/runtime';
import { extractText, getDocumentProxy } from 'unpdf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { statusReceivedConsumer } from '../messages/status-received.consumer.js';
import { statementJob } from '../statements/statement.job.js';
import { billingUnderTest, NOW, personOf, SECRET_KEY, type BillingUnderTest } from '../testing/billing-under-test.js';
import { channel, queued, REGULAR_SERVICE, status, testMessage } from '../testing/events.js';
import { channelsConsumer } from '../channels/channels.consumer.js';
import { messageQueuedConsumer } from '../messages/message-queued.consumer.js';
import { costJobs } from './cost-jobs.js';
import { exportJob } from './export.job.js';
import type { StartCostExportInput } from './export.types.js';

let billing: BillingUnderTest;
let store: ObjectStore;
let directory: string;
const workspaceId = newId();
const permissions = ['cost:read', 'cost:manage', 'conversation:read', 'conversation:read_all'] as const;
const finance = personOf(workspaceId, [...permissions, 'contact:read', 'team:read']);
const withoutContacts = personOf(workspaceId, permissions);
/** With so many lines that its files are more than a stream keeps. */
const many = personOf(newId(), permissions);
const MANY = 4_000;
const ALL = { from: '2026-09-01', to: '2026-12-31' };
const OCTOBER = { from: '2026-10-01', to: '2026-10-31' };

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fenster-objects-'));
  store = await createDiskObjectStore(directory);
  billing = await billingUnderTest();
  const channelId = newId();
  const first = testMessage({ workspaceId, channelId });
  await billing.handle(channelsConsumer, channel(first));
  for (let index = 0; index < 30; index += 1) {
    const message = testMessage({ workspaceId, channelId });
    await billing.deliver(
      message,
      {
        occurredAt: new Date(Date.UTC(2026, 9, 1 + index, 22, 30)).toISOString(),
        pricing: { ...REGULAR_SERVICE, category: ['marketing', 'utility', 'service'][index % 3]! },
        recipientCountry: index % 5 === 0 ? 'FR' : 'DE',
      },
      { teamId: newId() },
    );
  }
  // October is closed, and then one of its messages turns out to be something else.
  await billing.handle(messageQueuedConsumer(billing.books), queued(first));
  const delivery = { occurredAt: '2026-10-05T10:00:00.000Z' };
  const said = (category: string) => ({ ...delivery, pricing: { ...REGULAR_SERVICE, category } });
  await billing.handle(statusReceivedConsumer(billing.books), status(first, 'delivered', said('service')));
  await billing.database.system().execute(
    `insert into closed_period (workspace_id, month, last_day, closed_by, closed_at)
       values (?, '2026-10', '2026-10-31', ?, now())`,
    [workspaceId, newId()],
  );
  const earlier = { occurredAt: '2026-10-05T09:00:00.000Z', pricing: { ...REGULAR_SERVICE, category: 'marketing' } };
  await billing.handle(statusReceivedConsumer(billing.books), status(first, 'sent', earlier));
  // On its way: expected, and not charged.
  const onItsWay = testMessage({ workspaceId, channelId });
  await billing.handle(messageQueuedConsumer(billing.books), queued(onItsWay));
  const sent = { occurredAt: '2026-11-20T10:00:00.000Z', pricing: { ...REGULAR_SERVICE, category: 'marketing' } };
  await billing.handle(statusReceivedConsumer(billing.books), status(onItsWay, 'sent', sent));
  await billing.database.system().execute(
    `insert into charge (workspace_id, id, message_id, conversation_id, amount_micros, currency, category, local_date,
         booked_on, template, trace, recorded_at)
       select ?, md5(n::text)::uuid, md5('m' || n)::uuid, md5('c' || n % 50)::uuid, n, 'EUR', 'service', day, day, '=cmd()', '[]', ?
       from generate_series(1, ${MANY}) as n cross join lateral (select date '2026-10-01' + n % 30 as day) as of_day`,
    [many.workspaceId, NOW],
  );
});
afterAll(async () => {
  await billing?.stop();
  await store?.close();
  rmSync(directory, { recursive: true, force: true });
});

const FIELDS = `id kind state position total failure period { from to } fileName downloadUrl createdBy { id }`;
const START = `mutation ($input: StartCostExportInput!) { startCostExport(input: $input) {
  __typename ... on CostExport { ${FIELDS} } ... on UserError { code } ... on InvalidInput { field } } }`;
const STATEMENT = `mutation ($input: StartCostStatementInput!) { startCostStatement(input: $input) {
  __typename ... on CostExport { id } ... on UserError { code } ... on InvalidInput { field } } }`;
const CANCEL = `mutation ($id: ID!) { cancelCostExport(id: $id) { __typename ... on CostExport { state } } }`;
const EXPORT = `query ($id: ID!) { costExport(id: $id) { ${FIELDS} } }`;

async function start(input: Partial<StartCostExportInput> = {}, actor = finance): Promise<string> {
  const { data, errors } = await billing.ask<{ startCostExport: { id: string } }>(actor, START, {
    input: { period: ALL, format: 'CSV', idempotencyKey: newId(), ...input },
  });
  expect(errors).toBeUndefined();
  return data.startCostExport.id;
}

const find = (id: string, of = workspaceId) =>
  findJob({ sql: billing.database.system().getKysely() } as Parameters<typeof findJob>[0], of, id);

function runner(into: ObjectStore, pageSize: number) {
  const files = { store: into, secretKey: SECRET_KEY };
  return createJobRunner({
    jobs: costJobs,
    ctx: billing.ctx,
    definitions: [exportJob({ ...files, pageSize }), statementJob(files)],
    concurrency: 1,
    pollMs: 10,
  });
}

/** Does all that waits, as a process would. */
async function finish(id: string, of = workspaceId): Promise<Job> {
  const jobs = runner(store, 100);
  jobs.start();
  try {
    await eventually(async () => expect((await find(id, of))!.endedAt).not.toBeNull());
  } finally {
    await jobs.stop();
  }
  return (await find(id, of))!;
}

async function contentOf({ workspaceId: of, resultFileId }: Job): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const bytes of readFile({ ctx: billing.ctx, store, secretKey: SECRET_KEY }, of, resultFileId!)) {
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

type Line = Record<string, string>;
const lines = (csv: Buffer, delimiter = ','): Line[] =>
  parse(csv, { columns: true, delimiter, bom: true, record_delimiter: '\r\n' }) as Line[];
const exported = async (input: Partial<StartCostExportInput> = {}, actor = finance) =>
  contentOf(await finish(await start(input, actor), actor.workspaceId));

interface Entry {
  id: string;
  amount_micros: string;
  expected_micros: string;
  booked_on: string;
}
const entries = (where = 'true') =>
  billing.database
    .system()
    .execute<Entry[]>(
      `select id, amount_micros, expected_micros, booked_on::text from charge where workspace_id = ? and ${where} order by booked_on, id`,
      [workspaceId],
    );
const microsOf = (text: string) => BigInt(text.replace(/[.,]/, ''));
const sum = (values: readonly bigint[]) => values.reduce((so, value) => so + value, 0n);

describe('an export of costs', () => {
  it('has each entry of the ledger once, by its own id, and the same money', async () => {
    const told = lines(await exported());
    const ledger = await entries();
    expect(told.map(({ lineId }) => lineId)).toEqual(ledger.map(({ id }) => id));
    expect(told.map(({ amount }) => amount)).toEqual(ledger.map((each) => writeMicros(BigInt(each.amount_micros))));
    expect(sum(told.map(({ expectedAmount }) => microsOf(expectedAmount!)))).toBe(
      sum(ledger.map(({ expected_micros }) => BigInt(expected_micros))),
    );
    expect(told.some(({ trace }) => /provider\.category=marketing; .*rate/.test(trace!))).toBe(true);
  });

  it('is of one period, and the same when it is asked for again', async () => {
    const first = await exported({ period: OCTOBER });
    expect(lines(first).map(({ lineId }) => lineId)).toEqual(
      (await entries(`booked_on <= '2026-10-31'`)).map(({ id }) => id),
    );
    expect((await exported({ period: OCTOBER })).equals(first)).toBe(true);
  });

  it('writes numbers as Germans do, begins with a mark if asked to, and runs nothing', async () => {
    const german = await exported({ numberFormat: 'GERMAN', withByteOrderMark: true });
    expect(german.subarray(0, 3).toString('hex')).toBe('efbbbf');
    const told = lines(german, ';');
    expect(told.map(({ amount }) => amount!.replace(',', '.'))).toEqual(
      lines(await exported()).map(({ amount }) => amount),
    );
    expect(told.every(({ amount }) => /^-?\d+,\d{6}$/.test(amount!))).toBe(true);
    expect(told.some(({ amount }) => amount!.startsWith('-0,'))).toBe(true);
    expect((await exported())[0]).not.toBe(0xef);
    expect(lines(await exported({}, many)).every(({ template }) => template === "'=cmd()")).toBe(true);
  });

  it('tells FOCUS what is charged, day and month where the account is, and corrections of closed months', async () => {
    const told = lines(await exported({ columns: 'FOCUS' }));
    const charged = await entries('(amount_micros <> 0 or messages <> 0)');
    expect(told.map(({ x_LineId }) => x_LineId)).toEqual(charged.map(({ id }) => id));
    expect(told.map(({ BilledCost }) => BilledCost)).toEqual(
      charged.map((each) => writeMicros(BigInt(each.amount_micros))),
    );
    // 22:30 UTC is half past midnight in Berlin: the day after.
    expect(told[0]).toMatchObject({
      ChargeCategory: 'Usage',
      ChargeClass: '',
      ChargePeriodStart: '2026-10-01T22:00:00Z',
      ChargePeriodEnd: '2026-10-02T22:00:00Z',
      BillingPeriodStart: '2026-09-30T22:00:00Z',
      BillingPeriodEnd: '2026-10-31T23:00:00Z',
      BillingCurrency: 'EUR',
      PricingQuantity: '1',
    });
    const corrections = told.filter(({ ChargeClass }) => ChargeClass === 'Correction');
    expect(corrections.length).toBeGreaterThan(1);
    expect(corrections.every(({ BillingPeriodStart }) => BillingPeriodStart === '2026-10-31T23:00:00Z')).toBe(true);
    for (const name of FOCUS_MANDATORY) expect(told[0]).toHaveProperty(name);
  });

  it('does not tell what was recorded after it was asked for', async () => {
    const id = await start();
    const before = (await entries()).length;
    await sql`update job set created_at = ${new Date(NOW.getTime() - 1)} where id = ${id}`.execute(
      billing.database.system().getKysely(),
    );
    expect(lines(await contentOf(await finish(id)))).toHaveLength(0);
    expect(lines(await exported())).toHaveLength(before);
  });

  it('is written while its lines are still being counted, and says in the end how many there were', async () => {
    const id = await start();
    const job = (await find(id))!;
    let end = () => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    const { database } = billing.ctx;
    const slow: typeof database = Object.assign(Object.create(database) as typeof database, {
      readForTenant: async (...question: Parameters<typeof database.readForTenant>) => {
        const rows = await database.readForTenant(...question);
        // Counted when all else is done.
        if (Object.hasOwn(rows[0] ?? {}, 'count')) await ended;
        return rows;
      },
    });
    const steps: { position: number; total?: number | null }[] = [];
    await exportJob({ store, secretKey: SECRET_KEY, pageSize: 10 }).run({
      job: job as never,
      ctx: { ...billing.ctx, database: slow },
      signal: new AbortController().signal,
      commit: async (work) => void steps.push(await work({} as never)),
    });
    end();
    const count = (await entries()).length;
    expect(steps.length).toBeGreaterThan(3);
    expect(steps[0]).toEqual({ position: 0, total: undefined });
    expect(steps.at(-1)).toEqual({ position: count, total: count });
    expect(lines(await contentOf(job))).toHaveLength(count);
  });

  it('names contacts and teams to those only who see them', async () => {
    const id = await start();
    await finish(id);
    const urlFor = async (actor: typeof finance) =>
      (await billing.ask<{ costExport: { downloadUrl: string | null } }>(actor, EXPORT, { id })).data.costExport
        .downloadUrl;
    expect(await urlFor(finance)).toMatch(/^http:\/\/files\.test\/files\?token=/);
    for (const one of ['contact:read', 'team:read'] as const) {
      expect(await urlFor(personOf(workspaceId, [...permissions, one]))).toBeNull();
    }
    const told = lines(await exported({}, withoutContacts));
    expect(Object.keys(told[0]!)).not.toEqual(expect.arrayContaining(['contactId']));
    expect(Object.keys(told[0]!)).not.toEqual(expect.arrayContaining(['teamId']));
  });

  it('is nobody’s of another workspace', async () => {
    const id = await start();
    const other = personOf(newId());
    expect((await billing.ask(other, EXPORT, { id })).errors).toEqual([{ code: 'NOT_FOUND' }]);
    expect((await billing.ask(other, CANCEL, { id })).data).toEqual({ cancelCostExport: { __typename: 'NotFound' } });
    const told = parse(await exported({}, finance), { columns: true, record_delimiter: '\r\n' }) as Line[];
    expect(told.length).toBeGreaterThan(0);
    const { data } = await billing.ask<{ costExports: { nodes: unknown[] } }>(
      other,
      '{ costExports { nodes { id } nextPage } }',
    );
    expect(data.costExports.nodes).toEqual([]);
  });

  it('is the same after its process died in the middle of it', async () => {
    const whole = await exported({}, many);
    expect(lines(whole)).toHaveLength(MANY);
    const id = await start({}, many);
    const positions: number[] = [];
    const dying: ObjectStore = {
      ...store,
      async put(_key, content) {
        for await (const _ of content) {
          positions.push((await find(id, many.workspaceId))!.position);
          if (positions.length === 3) throw new Error('the process died here');
        }
      },
    };
    const first = runner(dying, 100);
    first.start();
    await eventually(() => expect(positions).toHaveLength(3));
    await first.stop();
    expect(positions[2]).toBeGreaterThan(0);
    expect((await find(id, many.workspaceId))!.state).toBe('WAITING');
    // The clock of these tests stands still.
    await sql`update job set due_at = ${NOW} where id = ${id}`.execute(billing.database.system().getKysely());
    const job = await finish(id, many.workspaceId);
    expect(job).toMatchObject({ state: 'COMPLETED', failure: null, position: MANY, total: MANY });
    expect((await contentOf(job)).equals(whole)).toBe(true);
  });

  it('reads no more than what the store has taken, and some pages', async () => {
    const sizeBytes = (await exported({}, many)).length;
    const id = await start({}, many);
    let taken = 0;
    let mostAhead = 0;
    const attentive: ObjectStore = {
      ...store,
      async put(_key, content) {
        for await (const bytes of content) {
          const { position } = (await find(id, many.workspaceId))!;
          mostAhead = Math.max(mostAhead, position - (taken / sizeBytes) * MANY);
          taken += bytes.length;
        }
      },
    };
    const jobs = runner(attentive, 100);
    jobs.start();
    await eventually(async () => expect((await find(id, many.workspaceId))!.state).toBe('COMPLETED'));
    await jobs.stop();
    expect(taken).toBeGreaterThan(sizeBytes);
    expect(mostAhead).toBeLessThan(MANY / 5);
  });

  it('ends where it is cancelled, and leaves nothing', async () => {
    const id = await start({}, many);
    const slow: ObjectStore = {
      ...store,
      async put(_key, content) {
        for await (const _ of content) await billing.ask(many, CANCEL, { id });
      },
    };
    const jobs = runner(slow, 100);
    jobs.start();
    try {
      await eventually(async () => expect((await find(id, many.workspaceId))!.state).toBe('CANCELLED'));
    } finally {
      await jobs.stop();
    }
    const { data } = await billing.ask<{ costExport: object }>(many, EXPORT, { id });
    expect(data.costExport).toMatchObject({
      state: 'CANCELLED',
      fileName: 'costs-ledger-2026-09-01-2026-12-31.csv',
      downloadUrl: null,
    });
    const files = await billing.database
      .system()
      .execute('select state from stored_file where id = ?', [(await find(id, many.workspaceId))!.resultFileId]);
    expect(files).toEqual([{ state: 'PENDING' }]);
    expect((await billing.ask(many, CANCEL, { id })).data).toEqual({ cancelCostExport: { __typename: 'NotFound' } });
  });

  it.each<[string, object]>([
    ['period', { period: { from: '2026-02-30', to: '2026-03-01' } }],
    ['numberFormat', { columns: 'FOCUS', numberFormat: 'GERMAN' }],
    ['numberFormat', { format: 'XLSX', numberFormat: 'GERMAN' }],
    ['numberFormat', { format: 'XLSX', withByteOrderMark: true }],
  ])('refuses a wrong %s', async (field, input) => {
    const { data } = await billing.ask(finance, START, {
      input: { period: ALL, format: 'CSV', idempotencyKey: newId(), ...input },
    });
    expect(data).toEqual({ startCostExport: { __typename: 'InvalidInput', code: 'INVALID_INPUT', field } });
  });

  it('is started once by one key', async () => {
    const idempotencyKey = newId();
    expect(await start({ idempotencyKey })).toBe(await start({ idempotencyKey }));
  });
});

/** Of FOCUS 1.2. */
const FOCUS_MANDATORY = [
  'BilledCost',
  'BillingAccountId',
  'BillingAccountName',
  'BillingCurrency',
  'BillingPeriodEnd',
  'BillingPeriodStart',
  'ChargeCategory',
  'ChargeClass',
  'ChargeDescription',
  'ChargePeriodEnd',
  'ChargePeriodStart',
  'ContractedCost',
  'EffectiveCost',
  'InvoiceIssuerName',
  'ListCost',
  'PricingQuantity',
  'PricingUnit',
  'ProviderName',
  'PublisherName',
  'ServiceCategory',
  'ServiceName',
];

describe('a statement', () => {
  async function words(month: string, language: 'de' | 'en'): Promise<string> {
    const { data } = await billing.ask<{ startCostStatement: { id: string } }>(finance, STATEMENT, {
      input: { month, language: language.toUpperCase(), idempotencyKey: newId() },
    });
    const pdf = await contentOf(await finish(data.startCostStatement.id));
    const { text } = await extractText(await getDocumentProxy(new Uint8Array(pdf)), { mergePages: true });
    return text.replace(/\s+/g, ' ');
  }

  it('says what the ledger says, in German', async () => {
    const [{ total }] = (await billing.database
      .system()
      .execute(
        `select sum(amount_micros)::float8 as total from charge where workspace_id = ? and booked_on <= '2026-10-31'`,
        [workspaceId],
      )) as [{ total: number }];
    const said = await words('2026-10', 'de');
    const money = new Intl.NumberFormat('de-DE', { style: 'currency', currency: 'EUR', maximumFractionDigits: 6 });
    for (const each of [
      'WhatsApp-Kosten Oktober 2026',
      'Dieser Monat ist abgeschlossen',
      `Betrag ${money.format(total / 1e6)}`.replace(/\s+/g, ' '),
      'Nach Markt',
      'Germany',
      'France',
      '2. Oktober 2026',
    ]) {
      expect(said).toContain(each);
    }
  });

  it('says in English that a month is open, what is expected, and how it was before', async () => {
    const said = await words('2026-11', 'en');
    for (const each of [
      'WhatsApp costs, November 2026',
      'still open',
      'The month before',
      'Expected, not charged yet',
      'By category',
    ]) {
      expect(said).toContain(each);
    }
    expect(await words('2025-01', 'en')).toContain('Nothing is booked in this month.');
  });

  it('is of a month', async () => {
    const { data } = await billing.ask(finance, STATEMENT, {
      input: { month: '2026-13', language: 'DE', idempotencyKey: newId() },
    });
    expect(data).toEqual({ startCostStatement: { __typename: 'InvalidInput', code: 'INVALID_INPUT', field: 'month' } });
  });
});
