import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { alertRaised, templateCategoryChanged, type AlertKind, type TemplateCategoryChanged } from '@fenster/contracts';
import { readLog, sql, transact } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { createPublicFetch, type PublicFetch } from '@fenster/runtime/public-fetch';
import { SMTPServer } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { channelsConsumer } from '../channels/channels.consumer.js';
import { messageFailedConsumer } from '../messages/message-failed.consumer.js';
import { messageQueuedConsumer } from '../messages/message-queued.consumer.js';
import { billingUnderTest, NOW, personOf, SECRET_KEY, type BillingUnderTest } from '../testing/billing-under-test.js';
import { channel, envelope, failed, queued, REGULAR_SERVICE, testMessage } from '../testing/events.js';
import { deliverAlerts, type AlertDeliveries } from './deliver-alerts.js';
import { createMailer, type Mailer } from './mailer.js';
import { WEBHOOK_LIMITS } from './send-webhook.js';
import { templateDriftsConsumer } from './template-drifts.consumer.js';
import { workOutUsualCosts } from './usual-cost.js';

const PRICE = 45_600;
const HOUR_MS = 3_600_000;
const ALERT = `id kind trace { fact value } template { id } conversation { id } channel { id } budgetId
  amount { amountMicros } acknowledgedAt acknowledgedBy { id }
  deliveries { destinationId state attempts problem nextAttemptAt }`;
const ALERTS = `query ($first: Int! = 50, $after: String, $kind: AlertKind, $isAcknowledged: Boolean) {
  alerts(first: $first, after: $after, kind: $kind, isAcknowledged: $isAcknowledged) { nodes { ${ALERT} } nextPage } }`;
const DESTINATION = `id kind address alerts language removedAt lastDeliveredAt failingSince deadSince problem`;
const WEBHOOK = `mutation ($input: CreateAlertWebhookInput!) { result: createAlertWebhook(input: $input) {
  ... on AlertWebhookCreated { secret destination { ${DESTINATION} } } ... on UserError { code } ... on InvalidInput { field } } }`;
const EMAIL = `mutation ($input: CreateAlertEmailInput!) { result: createAlertEmail(input: $input) {
  ... on AlertDestination { ${DESTINATION} } ... on UserError { code } ... on InvalidInput { field } } }`;
const change = (name: string, type: string) => `mutation ($id: ID!) { result: ${name}(id: $id) {
  ... on ${type} { id } ... on UserError { code } } }`;
const ACKNOWLEDGE = change('acknowledgeAlert', 'Alert');
const REMOVE = change('removeAlertDestination', 'AlertDestination');

interface ShownAlert {
  id: string;
  kind: AlertKind;
  trace: { fact: string; value: string }[];
  deliveries: {
    destinationId: string;
    state: string;
    attempts: number;
    problem: string | null;
    nextAttemptAt: string;
  }[];
}
type Page = { alerts: { nodes: ShownAlert[]; nextPage: string | null } };
type Made = { result: { secret?: string | null; id?: string; destination?: { id: string }; code?: string } };

let billing: BillingUnderTest;
let hooks: Receiver;
let mails: MailReceiver;
beforeAll(async () => {
  [billing, hooks, mails] = await Promise.all([billingUnderTest(), receiver(), mailReceiver()]);
});
afterAll(async () => {
  await Promise.all([billing?.stop(), hooks?.stop(), mails?.stop()]);
});

type Receiver = Awaited<ReturnType<typeof receiver>>;

/** Whoever is told by webhook: answers by path, 204 if nothing else is said. */
async function receiver() {
  const received: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];
  const answers = new Map<string, number>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const path = request.url!;
      received.push({ path, headers: request.headers, body });
      response.writeHead(answers.get(path) ?? 204, { location: '/elsewhere' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers,
    at: (path: string) => received.filter((each) => each.path === path),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type MailReceiver = Awaited<ReturnType<typeof mailReceiver>>;

/** A server that takes mail in, but knows nobody whose address begins with `nobody`. */
async function mailReceiver() {
  const received: { from: string; to: string[]; raw: string }[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: ({ address }, _session, done) =>
      done(address.startsWith('nobody') ? Object.assign(new Error('No such user'), { responseCode: 550 }) : null),
    onData(stream, { envelope: { mailFrom, rcptTo } }, done) {
      let raw = '';
      stream.on('data', (chunk: Buffer) => (raw += chunk.toString()));
      stream.on('end', () => {
        received.push({ from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address), raw });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    to: (address: string) => received.filter(({ to }) => to.includes(address)),
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** A workspace with a number, and those who are told. */
async function begin() {
  const workspaceId = newId();
  const first = testMessage({ workspaceId });
  const { channelId } = first;
  const person = personOf(workspaceId);
  await billing.handle(channelsConsumer, channel(first));
  let now = NOW;
  const deliveries: AlertDeliveries = {
    ctx: { ...billing.ctx, now: () => now },
    secretKey: SECRET_KEY,
    fetch: createPublicFetch({ allowLoopback: true, ...WEBHOOK_LIMITS }),
    mailer: undefined,
  };
  const ask = async <Data>(source: string, variables: Record<string, unknown> = {}, actor = person) => {
    const { data, errors } = await billing.ask<Data>(actor, source, variables);
    expect(errors).toBeUndefined();
    return data;
  };
  return {
    workspaceId,
    channelId,
    person,
    ask,
    alerts: async (variables = {}, actor = person) => (await ask<Page>(ALERTS, variables, actor)).alerts,
    async drift(changed: Partial<TemplateCategoryChanged> = {}) {
      const data = {
        templateId: newId(),
        name: 'order_update',
        language: 'de',
        from: 'UTILITY',
        to: 'MARKETING',
        phase: 'DONE',
        ...changed,
      } as const;
      const event = envelope(templateCategoryChanged, first, data);
      await billing.handle(templateDriftsConsumer, event);
      return event;
    },
    async send(count = 1) {
      const messages = Array.from({ length: count }, () => testMessage({ workspaceId, channelId }));
      await billing.handle(messageQueuedConsumer(billing.books), ...messages.map((message) => queued(message)));
      return messages;
    },
    /** So many more of the free messages of the number. */
    taken: (count: number) =>
      sql`
        insert into allowance_month as known (workspace_id, channel_id, month, taken, charged)
        values (${workspaceId}, ${channelId}, '2026-11', ${count}, 0)
        on conflict (workspace_id, channel_id, month) do update set taken = known.taken + excluded.taken
      `.execute(billing.database.system().getKysely()),
    async webhook(path: string, alerts: AlertKind[] = ['TEMPLATE_CATEGORY_CHANGED'], more = {}) {
      const input = { url: `${hooks.url}${path}`, alerts, idempotencyKey: newId(), ...more };
      const { result } = await ask<Made>(WEBHOOK, { input });
      return { id: result.destination!.id, secret: result.secret! };
    },
    async destination(id: string) {
      const query = `{ alertDestinations { ${DESTINATION} } }`;
      const { alertDestinations } = await ask<{ alertDestinations: { id: string }[] }>(query);
      return alertDestinations.find((each) => each.id === id);
    },
    deliver: (more: Partial<AlertDeliveries> = {}) => deliverAlerts({ ...deliveries, ...more }),
    later: (ms: number) => (now = new Date(now.getTime() + ms)),
  };
}

describe('an alert', () => {
  it('is raised once for what a template became, however often that is told', async () => {
    const { drift, alerts, workspaceId } = await begin();
    const event = await drift();
    await billing.handle(templateDriftsConsumer, event, event);
    await drift({ from: 'MARKETING', to: 'UTILITY' });
    const { nodes } = await alerts();
    expect(nodes).toMatchObject([
      {
        kind: 'TEMPLATE_CATEGORY_CHANGED',
        template: { id: event.data.templateId },
        conversation: null,
        channel: null,
        budgetId: null,
        amount: null,
        acknowledgedAt: null,
      },
    ]);
    expect(nodes[0]!.trace).toContainEqual({ fact: 'to', value: 'MARKETING' });
    const log = await readLog(billing.database.forTenant(workspaceId), 0, 100);
    const raised = log.filter(({ name }) => name === alertRaised.name);
    const data = { alertId: nodes[0]!.id, kind: 'TEMPLATE_CATEGORY_CHANGED', templateId: event.data.templateId };
    expect(raised.map((each) => each.data)).toEqual([data]);
  });

  it('is raised at each share of a budget and where it stops, and not again after it fell', async () => {
    const { ask, alerts, send, workspaceId, channelId } = await begin();
    await billing.deliver(testMessage({ workspaceId, channelId }), { pricing: REGULAR_SERVICE });
    const input = { name: 'All', currency: 'EUR', limitMicros: 3 * PRICE, warnPercents: [60, 100], atLimit: 'STOP' };
    const create = 'mutation ($input: CreateBudgetInput!) { createBudget(input: $input) { ... on Budget { id } } }';
    const { createBudget } = await ask<{ createBudget: { id: string } }>(create, {
      input: { ...input, idempotencyKey: newId() },
    });
    await send();
    const [last] = await send();
    await billing.handle(messageFailedConsumer(billing.books), failed(last!, 'rejected'));
    await send();
    const stopped = (await alerts({ kind: 'BUDGET_STOPPED' })).nodes;
    expect(stopped).toMatchObject([{ budgetId: createBudget.id, amount: { amountMicros: 3 * PRICE } }]);
    const warnings = (await alerts({ kind: 'BUDGET_WARNING' })).nodes;
    // The share of 100 % is not told beside the stop; it is when it falls to 60 % and rises again: never.
    expect(warnings.map(({ trace }) => trace.find(({ fact }) => fact === 'percent')?.value)).toEqual(['60']);
  });

  it('is raised when the free messages of a number are nearly used up and when they are, once for each in a month', async () => {
    const { alerts, taken, send, channelId } = await begin();
    await taken(798);
    await send(1);
    expect((await alerts()).nodes).toEqual([]);
    await send(1);
    await taken(199);
    const [last] = await send(1);
    await billing.handle(messageFailedConsumer(billing.books), failed(last!, 'rejected'));
    await send(1);
    const { nodes } = await alerts();
    expect(nodes.map(({ kind }) => kind).toSorted()).toEqual(['ALLOWANCE_NEARLY_USED', 'ALLOWANCE_USED_UP']);
    expect(nodes).toMatchObject([{ channel: { id: channelId } }, { channel: { id: channelId } }]);
  });

  it('is raised for a conversation that costs much more than others do', async () => {
    const { alerts, workspaceId, channelId } = await begin();
    const system = billing.database.system().getKysely();
    const cost = (conversationId: string, micros: number) =>
      sql`
        insert into conversation_cost (workspace_id, conversation_id, currency, amount_micros, messages)
        values (${workspaceId}, ${conversationId}, 'EUR', ${micros}, 1)
      `.execute(system);
    const begunAt = (at: Date, index: number) => {
      const time = at.getTime().toString(16).padStart(12, '0');
      return `${time.slice(0, 8)}-${time.slice(8)}-7${index.toString(16).padStart(3, '0')}-8000-000000000000`;
    };
    const yesterday = new Date(NOW.getTime() - 24 * HOUR_MS);
    for (let index = 0; index < 50; index += 1) await cost(begunAt(yesterday, index), 100_000 + index);
    // Nobody knows any more what these were, and free ones say nothing.
    for (let index = 0; index < 60; index += 1) {
      await cost(begunAt(new Date(NOW.getTime() - 40 * 24 * HOUR_MS), index), 9_000_000);
      await cost(begunAt(yesterday, 100 + index), 0);
    }
    const dear = begunAt(yesterday, 900);
    const below = begunAt(yesterday, 901);
    await workOutUsualCosts(billing.ctx);
    await cost(dear, 1_000_000);
    await cost(below, 100_000);
    const deliver = (conversationId: string) =>
      billing.deliver(testMessage({ workspaceId, channelId, conversationId }), { pricing: REGULAR_SERVICE });
    await deliver(below);
    await deliver(dear);
    await deliver(dear);
    const { nodes } = await alerts({ kind: 'UNUSUAL_CONVERSATION_COST' });
    expect(nodes).toMatchObject([
      { kind: 'UNUSUAL_CONVERSATION_COST', conversation: { id: dear }, amount: { amountMicros: 1_000_000 + PRICE } },
    ]);
    const trace = Object.fromEntries(nodes[0]!.trace.map(({ fact, value }) => [fact, value]));
    expect(trace).toMatchObject({ usualMicros: '100024', conversations: '50', times: '10', floorMicros: '1000000' });
  });

  it('is of a workspace, looked at by people who manage costs, and by the first of them', async () => {
    const { drift, alerts, ask, workspaceId, person } = await begin();
    await drift();
    await drift();
    const { nodes } = await alerts();
    const { id } = nodes[1]!;
    expect(await ask(ACKNOWLEDGE, { id }, personOf())).toEqual({ result: { code: 'NOT_FOUND' } });
    const key = { ...person, kind: 'api_key' } as const;
    expect(await ask(ACKNOWLEDGE, { id }, key)).toEqual({ result: { code: 'BEYOND_API_KEY' } });
    const reader = personOf(workspaceId, ['cost:read', 'conversation:read', 'conversation:read_all']);
    expect((await billing.ask(reader, ACKNOWLEDGE, { id })).errors).toMatchObject([{ code: 'FORBIDDEN' }]);
    await ask(ACKNOWLEDGE, { id });
    await ask(ACKNOWLEDGE, { id }, personOf(workspaceId));
    expect((await alerts({ isAcknowledged: true })).nodes).toMatchObject([{ id, acknowledgedBy: { id: person.id } }]);
    expect((await alerts({ isAcknowledged: false })).nodes).toHaveLength(1);
    expect((await alerts({}, personOf())).nodes).toEqual([]);
    const page = await alerts({ first: 1 });
    const next = await alerts({ first: 1, after: page.nextPage });
    expect([...page.nodes, ...next.nodes].map((each) => each.id)).toEqual(nodes.map((each) => each.id));
    expect(next.nextPage).toBeNull();
  });
});

describe('a webhook', () => {
  it('gets each alert that it wants, signed, in its language, with nothing of people in it', async () => {
    const { webhook, drift, deliver, alerts, destination } = await begin();
    const { id, secret } = await webhook('/signed', ['TEMPLATE_CATEGORY_CHANGED'], { language: 'DE' });
    await webhook('/other', ['BUDGET_STOPPED']);
    const { data } = await drift();
    await deliver();
    await deliver();
    const [alert] = (await alerts()).nodes;
    const [posted] = hooks.at('/signed');
    // Its own check of the time would compare with the clock of this machine.
    const { 'webhook-id': webhookId, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = posted!.headers;
    const signedAt = new Date(Number(timestamp) * 1_000);
    expect(new Webhook(secret).sign(String(webhookId), signedAt, posted!.body)).toBe(signature);
    expect([webhookId, signedAt]).toEqual([alert!.id, NOW]);
    expect(JSON.parse(posted!.body)).toMatchObject({
      type: 'alert.raised',
      data: { alertId: alert!.id, templateId: data.templateId, subject: 'Vorlage order_update ist jetzt MARKETING' },
    });
    expect(hooks.at('/signed')).toHaveLength(1);
    expect(hooks.at('/other')).toEqual([]);
    expect(alert!.deliveries).toMatchObject([{ destinationId: id, state: 'DELIVERED', attempts: 1, problem: null }]);
    expect(await destination(id)).toMatchObject({ lastDeliveredAt: NOW.toISOString(), failingSince: null });
  });

  it('is tried again with pauses after a failure, and given up after a day; the next alert is tried nevertheless', async () => {
    const { webhook, drift, deliver, alerts, destination, later } = await begin();
    const { id } = await webhook('/down');
    hooks.answers.set('/down', 503);
    await drift();
    await deliver();
    await deliver();
    expect(hooks.at('/down')).toHaveLength(1);
    expect((await alerts()).nodes[0]!.deliveries).toMatchObject([
      { state: 'PENDING', attempts: 1, problem: 'STATUS_503' },
    ]);
    expect(await destination(id)).toMatchObject({ failingSince: NOW.toISOString(), deadSince: null });
    for (let attempt = 2; attempt <= 10; attempt += 1) {
      later(24 * HOUR_MS);
      await deliver();
    }
    expect(new Set(hooks.at('/down').map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(hooks.at('/down')).toHaveLength(8);
    expect((await alerts()).nodes[0]!.deliveries).toMatchObject([{ state: 'GIVEN_UP', attempts: 8 }]);
    expect(await destination(id)).toMatchObject({ deadSince: expect.any(String), problem: 'STATUS_503' });
    hooks.answers.delete('/down');
    await drift();
    await deliver();
    expect(await destination(id)).toMatchObject({ deadSince: null, failingSince: null, problem: null });
  });

  it('that is gone for good is not tried again, and one that was removed gets nothing more', async () => {
    const { webhook, drift, deliver, alerts, ask, later } = await begin();
    await webhook('/gone');
    const { id } = await webhook('/removed');
    hooks.answers.set('/gone', 410);
    hooks.answers.set('/removed', 500);
    await drift();
    await deliver();
    expect(await ask(REMOVE, { id }, personOf())).toEqual({ result: { code: 'NOT_FOUND' } });
    await ask(REMOVE, { id });
    await drift();
    later(24 * HOUR_MS);
    await deliver();
    const states = (await alerts()).nodes.map(({ deliveries }) => deliveries.map(({ state }) => state).toSorted());
    expect(states.toSorted((a, b) => a.length - b.length)).toEqual([['GIVEN_UP'], ['CANCELLED', 'GIVEN_UP']]);
    expect(hooks.at('/removed')).toHaveLength(1);
    expect(await ask(REMOVE, { id })).toEqual({ result: { code: 'NOT_FOUND' } });
  });

  it('gets it once from any number of processes, and again from another one if a process dies', async () => {
    const { workspaceId, webhook, drift, deliver, alerts, later } = await begin();
    await webhook('/once');
    await drift();
    // As long as a process claims it, others pass it by.
    await transact(billing.ctx, async (tx) => {
      await sql`select from alert_delivery where workspace_id = ${workspaceId} for update`.execute(tx.sql);
      await deliver();
    });
    expect(hooks.at('/once')).toEqual([]);
    await Promise.all([deliver(), deliver(), deliver()]);
    expect(hooks.at('/once')).toHaveLength(1);

    await drift();
    let die = () => {};
    const dying: PublicFetch = () => new Promise((_resolve, reject) => (die = () => reject(new Error('gone'))));
    const died = deliver({ fetch: dying });
    await expect
      .poll(async () => (await alerts()).nodes.filter(({ deliveries }) => deliveries[0]!.attempts === 1))
      .toHaveLength(2);
    await deliver();
    expect(hooks.at('/once')).toHaveLength(1);
    later(HOUR_MS);
    await deliver();
    expect(hooks.at('/once')).toHaveLength(2);
    // It was only slow: what it says now counts no more.
    die();
    await died;
    expect((await alerts()).nodes.map(({ deliveries }) => deliveries[0]!.state)).toEqual(['DELIVERED', 'DELIVERED']);
  });

  it('reaches nothing of ours, and follows nobody elsewhere', async () => {
    const { webhook, drift, deliver, alerts } = await begin();
    await webhook('/inside');
    await drift();
    await deliver({ fetch: createPublicFetch({ allowLoopback: false, ...WEBHOOK_LIMITS }) });
    expect(hooks.at('/inside')).toEqual([]);
    expect((await alerts()).nodes[0]!.deliveries).toMatchObject([{ problem: 'UNREACHABLE' }]);
    await webhook('/moved', ['TEMPLATE_CATEGORY_CHANGED']);
    hooks.answers.set('/moved', 302);
    await drift();
    await deliver();
    expect(hooks.at('/moved')).toHaveLength(1);
    expect(hooks.at('/elsewhere')).toEqual([]);
  });

  it('has a secret that is told once, and is kept sealed', async () => {
    const { ask, workspaceId, person } = await begin();
    const input = { url: `${hooks.url}/secret`, alerts: ['BUDGET_STOPPED'], idempotencyKey: 'key' };
    const made = await ask<Made>(WEBHOOK, { input });
    expect(made.result.secret).toMatch(/^whsec_[\w+/]{43}=$/);
    expect((await ask<Made>(WEBHOOK, { input })).result).toMatchObject({
      secret: null,
      destination: made.result.destination,
    });
    const { rows } = await sql<{ text: string }>`
      select encode(sealed_secret, 'hex') as text from alert_destination where workspace_id = ${workspaceId}
    `.execute(billing.database.system().getKysely());
    expect(rows).toHaveLength(1);
    expect(rows[0]!.text).not.toContain(Buffer.from(made.result.secret!.slice(6), 'base64').toString('hex'));
    const other = { ...input, url: `${hooks.url}/other` };
    expect((await ask<Made>(WEBHOOK, { input: other })).result).toEqual({ code: 'IDEMPOTENCY_CONFLICT' });
    const key = { ...person, kind: 'api_key' } as const;
    expect((await ask<Made>(WEBHOOK, { input }, key)).result).toEqual({ code: 'BEYOND_API_KEY' });
  });

  it.each([
    ['without TLS', { url: 'http://example.com/alerts' }, 'url'],
    ['with a password', { url: 'https://user:password@example.com' }, 'url'],
    ['of another kind', { url: 'file:///etc/passwd' }, 'url'],
    ['too long', { url: `https://example.com/${'x'.repeat(2_000)}` }, 'url'],
    ['for no alert', { alerts: [] }, 'alerts'],
  ])('is refused %s', async (_what, wrong, field) => {
    const { ask } = await begin();
    const input = { url: 'https://example.com', alerts: ['BUDGET_WARNING'], idempotencyKey: newId(), ...wrong };
    expect(await ask(WEBHOOK, { input })).toEqual({ result: { code: 'INVALID_INPUT', field } });
  });
});

describe('an e-mail', () => {
  const from = 'Fenster <fenster@example.com>';
  let mailer: Mailer;
  beforeAll(() => {
    mailer = createMailer({ url: mails.url, from });
  });
  afterAll(() => mailer?.close());

  it('says what there is, to each address that wants it', async () => {
    const { ask, taken, send, deliver, alerts } = await begin();
    const address = `finance-${newId()}@example.com`;
    const input = { address, alerts: ['ALLOWANCE_NEARLY_USED'], language: 'EN', idempotencyKey: newId() };
    expect(await ask(EMAIL, { input })).toMatchObject({ result: { kind: 'EMAIL', address } });
    await taken(799);
    await send(1);
    await deliver({ mailer });
    await deliver({ mailer });
    const [mail, ...more] = mails.to(address);
    expect(more).toEqual([]);
    expect(mail).toMatchObject({ from: 'fenster@example.com', to: [address] });
    expect(mail!.raw).toContain('Subject: Free messages of Kundendienst are nearly used up');
    expect(mail!.raw).toContain('Auto-Submitted: auto-generated');
    expect(mail!.raw.replaceAll(/\s+/g, ' ')).toContain(`Message-ID: <${(await alerts()).nodes[0]!.id}.`);
  });

  it('to nobody is given up at once; one that cannot leave now is tried again', async () => {
    const { ask, drift, deliver, alerts } = await begin();
    const made = async (address: string) => {
      const input = { address, alerts: ['TEMPLATE_CATEGORY_CHANGED'], idempotencyKey: newId() };
      return (await ask<Made>(EMAIL, { input })).result.id!;
    };
    const nobody = await made('nobody@example.com');
    await drift();
    await deliver({ mailer });
    expect((await alerts()).nodes[0]!.deliveries).toMatchObject([
      { destinationId: nobody, state: 'GIVEN_UP', problem: 'EENVELOPE_550' },
    ]);
    await ask(REMOVE, { id: nobody });
    await made(`late-${newId()}@example.com`);
    await drift();
    const away = createMailer({ url: 'smtp://127.0.0.1:1', from });
    await deliver({ mailer: away });
    away.close();
    expect((await alerts({ first: 1 })).nodes[0]!.deliveries).toMatchObject([{ state: 'PENDING', attempts: 1 }]);
  });

  it('is refused where it makes no sense', async () => {
    const { ask } = await begin();
    const input = { address: 'finance', alerts: ['BUDGET_WARNING'], idempotencyKey: newId() };
    expect(await ask(EMAIL, { input })).toEqual({ result: { code: 'INVALID_INPUT', field: 'address' } });
  });
});
