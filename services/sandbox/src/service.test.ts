import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Service } from '@fenster/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNetwork } from './network.js';
import { loadConfig } from './config.js';
import { createService } from './service.js';
import { bsuidOf } from './webhook-body.js';
import { retryDelayMs, type Schedule } from './webhook-sender.js';

const START = new Date('2026-11-21T10:00:00Z');
const NUMBER = '106540352242922';
const OTHER_NUMBER = '207777777777777';
const PHONE = '4915112345678';
const HOUR_MS = 3_600_000;
const ORDER = ['sent', 'delivered', 'read'];

/** Time that only moves when a test moves it. */
function manualTime() {
  let now = START.getTime();
  const tasks = new Set<{ at: number; task: () => void }>();
  const schedule: Schedule = (delayMs, task) => {
    const entry = { at: now + delayMs, task };
    tasks.add(entry);
    return () => tasks.delete(entry);
  };
  return {
    clock: () => new Date(now),
    schedule,
    /** Milliseconds until each task that waits. */
    waiting: () => [...tasks].map((entry) => entry.at - now).sort((a, b) => a - b),
    advance(byMs: number) {
      const until = now + byMs;
      for (;;) {
        const [next] = [...tasks].filter((entry) => entry.at <= until).sort((a, b) => a.at - b.at);
        if (!next) break;
        tasks.delete(next);
        now = Math.max(now, next.at);
        next.task();
      }
      now = until;
    },
  };
}

interface Status {
  id: string;
  status: string;
  timestamp: string;
  recipient_user_id: string;
  pricing?: { type: string; billable: boolean };
}
interface Value {
  metadata: { phone_number_id: string };
  contacts: object[];
  messages?: { id: string; from_user_id: string }[];
  statuses?: Status[];
}
interface Received {
  headers: IncomingHttpHeaders;
  raw: Buffer;
  body: { entry: [{ changes: [{ value: Value }] }] };
}
/** Every answer of the sandbox, of either endpoint. */
interface Answer {
  wamids: string[];
  webhookStatus: number | null;
  messages: [{ id: string }];
  contacts: object[];
  error: { code: number };
}

/** What stands for channels: takes webhooks and answers as told. */
async function startReceiver() {
  const received: Received[] = [];
  const held: ServerResponse[] = [];
  const receiver = { received, held, answer: 200 as number | 'hold', url: '', stop: async () => {} };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    received.push({ headers: request.headers, raw, body: JSON.parse(raw.toString()) as Received['body'] });
    if (receiver.answer === 'hold') held.push(response);
    else response.writeHead(receiver.answer).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/whatsapp`;
  receiver.stop = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return receiver;
}

let receiver: Awaited<ReturnType<typeof startReceiver>>;
let time: ReturnType<typeof manualTime>;
let sandbox: Service;

beforeEach(async () => {
  receiver = await startReceiver();
  time = manualTime();
  const number = { displayPhoneNumber: '4930901820', wabaId: '419561257915477' };
  const config = loadConfig({
    LOG_LEVEL: 'silent',
    CALLBACK_URL: receiver.url,
    APP_SECRET: 'app-secret',
    NUMBERS: JSON.stringify([
      { ...number, phoneNumberId: NUMBER, accessToken: 'token-1', freeServiceMessages: 2 },
      { ...number, phoneNumberId: OTHER_NUMBER, accessToken: 'token-2' },
    ]),
    WEBHOOK_CONCURRENCY: '4',
  });
  sandbox = await createService(config, { clock: time.clock, schedule: time.schedule });
  await sandbox.start();
});

afterEach(async () => {
  await sandbox.stop();
  await receiver.stop();
});

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${sandbox.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Answer };
}

const send = (parts: object = {}, how: { number?: string; token?: string; path?: string } = {}) =>
  post(
    how.path ?? `/v26.0/${how.number ?? NUMBER}/messages`,
    { messaging_product: 'whatsapp', to: `+${PHONE}`, type: 'text', text: { body: 'Guten Tag' }, ...parts },
    { authorization: `Bearer ${how.token ?? 'token-1'}` },
  );
const write = (parts: object = {}) =>
  post('/sandbox/inbound', {
    phoneNumberId: NUMBER,
    from: { phone: `+${PHONE}`, name: 'Anna Bauer' },
    text: 'Hallo',
    ...parts,
  });

const values = () => receiver.received.map((webhook) => webhook.body.entry[0].changes[0].value);
const inbound = () => values().flatMap((value) => value.messages ?? []);
const statuses = () => values().flatMap((value) => value.statuses ?? []);
const pricingTypes = () => statuses().flatMap(({ status, pricing }) => (status === 'delivered' ? [pricing?.type] : []));

/** Lets all statuses of what was sent fall due, and waits until as many have arrived in all. */
async function deliverStatuses(total: number) {
  time.advance(1_200);
  await expect.poll(() => statuses().length).toBe(total);
}

describe('a customer writes', () => {
  it('posts a signed webhook in the shape of 2026 and answers with its wamid', async () => {
    const answer = await write({ from: { phone: `+${PHONE}`, name: 'Anna Bauer', username: 'anna' } });
    expect(answer).toEqual({ status: 200, body: { wamids: [expect.stringMatching(/^wamid\./)], webhookStatus: 200 } });
    const [webhook] = receiver.received;
    const digest = createHmac('sha256', 'app-secret').update(webhook!.raw).digest('hex');
    expect(webhook?.headers['x-hub-signature-256']).toBe(`sha256=${digest}`);
    expect(webhook?.body).toEqual({
      object: 'whatsapp_business_account',
      entry: [
        {
          id: '419561257915477',
          changes: [
            {
              field: 'messages',
              value: {
                messaging_product: 'whatsapp',
                metadata: { display_phone_number: '4930901820', phone_number_id: NUMBER },
                contacts: [
                  { profile: { name: 'Anna Bauer', username: 'anna' }, wa_id: PHONE, user_id: bsuidOf(PHONE) },
                ],
                messages: [
                  {
                    from: PHONE,
                    from_user_id: bsuidOf(PHONE),
                    id: answer.body.wamids[0],
                    timestamp: String(START.getTime() / 1_000),
                    type: 'text',
                    text: { body: 'Hallo' },
                  },
                ],
              },
            },
          ],
        },
      ],
    });
  });

  it('keeps one user id per phone, with the country before it', () => {
    expect(bsuidOf(PHONE)).toBe(bsuidOf(PHONE));
    expect(bsuidOf(PHONE)).toMatch(/^DE\.\d{20}$/);
    expect(bsuidOf('436601234567')).toMatch(/^AT\./);
    expect(bsuidOf('4915112345679')).not.toBe(bsuidOf(PHONE));
  });

  it('leaves the phone out where only the user id is known', async () => {
    await write({ from: { bsuid: 'CH.123', username: 'max' } });
    expect(values()[0]?.contacts).toEqual([{ profile: { username: 'max' }, user_id: 'CH.123' }]);
    expect(inbound()[0]).not.toHaveProperty('from');
    expect(inbound()[0]?.from_user_id).toBe('CH.123');
  });

  it('batches several messages in one webhook', async () => {
    const { body } = await write({ count: 3 });
    expect(receiver.received).toHaveLength(1);
    expect(inbound().map((message) => message.id)).toEqual(body.wamids);
    expect(new Set(body.wamids).size).toBe(3);
  });

  it('passes raw messages on, with their own id and time', async () => {
    const message = {
      id: 'wamid.SAME',
      timestamp: '1795000000',
      type: 'image',
      image: { id: '1', mime_type: 'image/jpeg', sha256: 'x' },
    };
    expect((await write({ text: undefined, message })).body.wamids).toEqual(['wamid.SAME']);
    expect(inbound()[0]).toMatchObject(message);
  });

  it.each<[string, object, number]>([
    ['neither text nor message', { text: undefined }, 400],
    ['text and message', { message: {} }, 400],
    ['nobody', { from: { name: 'x' } }, 400],
    ['a phone that is none', { from: { phone: 'anna' } }, 400],
    ['too many messages', { count: 1_001 }, 400],
    ['an unknown key', { txt: 'x' }, 400],
    ['a number that is not configured', { phoneNumberId: '1' }, 404],
  ])('refuses %s', async (_name, parts, status) => {
    expect((await write(parts)).status).toBe(status);
    expect(receiver.received).toEqual([]);
  });

  it('refuses what no browser page may send, what is no JSON and what is too large', async () => {
    expect((await post('/sandbox/inbound', '{}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post('/sandbox/inbound', '{')).status).toBe(400);
    expect((await post('/sandbox/inbound', `"${'x'.repeat(1_100_000)}"`)).status).toBe(413);
  });
});

describe('the business answers', () => {
  it('is accepted, then sent, delivered and read, with price, ids and recipient', async () => {
    await write();
    const answer = await send({ biz_opaque_callback_data: 'our-id' });
    expect(answer).toEqual({
      status: 200,
      body: {
        messaging_product: 'whatsapp',
        contacts: [{ input: `+${PHONE}`, wa_id: PHONE }],
        messages: [{ id: expect.stringMatching(/^wamid\./) }],
      },
    });
    expect(time.waiting()).toEqual([150, 400, 1_200]);
    await deliverStatuses(3);
    const common = {
      id: answer.body.messages[0].id,
      recipient_id: PHONE,
      recipient_user_id: bsuidOf(PHONE),
      biz_opaque_callback_data: 'our-id',
    };
    const pricing = { billable: false, pricing_model: 'PMP', type: 'free_customer_service', category: 'service' };
    expect(statuses().toSorted((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status))).toEqual([
      { ...common, status: 'sent', timestamp: '1795255200', pricing },
      { ...common, status: 'delivered', timestamp: '1795255200', pricing },
      { ...common, status: 'read', timestamp: '1795255201' },
    ]);
    expect(values()[1]?.contacts).toEqual([{ wa_id: PHONE, user_id: bsuidOf(PHONE) }]);
  });

  it('is free while the allowance of the number lasts, then charged, and free again next month', async () => {
    await write();
    for (let i = 0; i < 3; i++) await send();
    await deliverStatuses(9);
    expect(pricingTypes().toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
      'free_customer_service',
      'free_customer_service',
      'regular',
    ]);
    expect(statuses().flatMap(({ pricing }) => (pricing?.type === 'regular' ? [pricing.billable] : []))).toEqual([
      true,
      true,
    ]);

    time.advance(11 * 24 * HOUR_MS);
    await write();
    await send();
    await deliverStatuses(12);
    expect(pricingTypes().at(-1)).toBe('free_customer_service');
  });

  it('counts each number by itself', async () => {
    await write();
    for (let i = 0; i < 3; i++) await send();
    await write({ phoneNumberId: OTHER_NUMBER });
    expect((await send({}, { number: OTHER_NUMBER, token: 'token-2' })).status).toBe(200);
    await deliverStatuses(12);
    const others = values().filter((value) => value.metadata.phone_number_id === OTHER_NUMBER);
    const types = others.flatMap((value) => value.statuses ?? []).flatMap(({ pricing }) => pricing?.type ?? []);
    expect(types).toEqual(['free_customer_service', 'free_customer_service']);
  });

  it('reaches a person by user id, and then shows no phone', async () => {
    await write({ from: { bsuid: 'CH.123', username: 'max' } });
    const answer = await send({ to: undefined, recipient: 'CH.123' });
    expect(answer.body.contacts).toEqual([{ input: 'CH.123', user_id: 'CH.123' }]);
    await deliverStatuses(3);
    for (const status of statuses()) {
      expect(status).not.toHaveProperty('recipient_id');
      expect(status.recipient_user_id).toBe('CH.123');
    }
    const delivered = values().find((value) => value.statuses?.[0]?.status === 'delivered');
    expect(delivered?.contacts).toEqual([{ profile: { username: 'max' }, user_id: 'CH.123' }]);
  });

  it('is refused outside 24 hours, to the millisecond, per number and person', async () => {
    expect((await send()).body.error).toMatchObject({ code: 131047, error_data: { messaging_product: 'whatsapp' } });
    await write();
    expect((await send({}, { number: OTHER_NUMBER, token: 'token-2' })).body.error.code).toBe(131047);
    expect((await send({ to: '+4915112345679' })).body.error.code).toBe(131047);
    time.advance(24 * HOUR_MS - 1);
    expect((await send()).status).toBe(200);
    time.advance(1);
    expect((await send()).body.error.code).toBe(131047);
  });

  it('lets replies through to strangers when told to assume that they wrote elsewhere', () => {
    const number = {
      phoneNumberId: '1',
      displayPhoneNumber: '49',
      wabaId: '1',
      accessToken: 't',
      freeServiceMessages: 0,
    };
    const call = { kind: 'message', to: { phone: '4915112345678' }, type: 'text' } as never;
    expect(createNetwork(() => START).accept(number, call)).toMatchObject({ code: 131047 });
    expect(createNetwork(() => START, { assumeWindow: true }).accept(number, call)).toHaveProperty('wamid');
  });

  it('counts the window from when the customer wrote, not from when it arrived, and not from reactions', async () => {
    const old = String(START.getTime() / 1_000 - 25 * 3_600);
    await write({ text: undefined, message: { type: 'text', text: { body: 'spät' }, timestamp: old } });
    await write({ text: undefined, message: { type: 'reaction', reaction: { message_id: 'wamid.X', emoji: '👍' } } });
    expect((await send()).body.error.code).toBe(131047);
    await write();
    await write({ text: undefined, message: { type: 'text', text: { body: 'spät' }, timestamp: old } });
    expect((await send()).status).toBe(200);
  });

  it('may send a template at any time, for the price of utility', async () => {
    expect((await send({ type: 'template', template: { name: 'termin', language: { code: 'de' } } })).status).toBe(200);
    await deliverStatuses(3);
    expect(statuses()[0]?.pricing).toEqual({
      billable: true,
      pricing_model: 'PMP',
      type: 'regular',
      category: 'utility',
    });
  });

  it.each<[string, object, object, number, object]>([
    ['a wrong token', {}, { token: 'wrong' }, 401, { code: 190, type: 'OAuthException' }],
    ['an empty token', {}, { token: '' }, 401, { code: 190 }],
    [
      'the token of another number',
      {},
      { token: 'token-2' },
      400,
      { code: 100, error_subcode: 33, type: 'GraphMethodException' },
    ],
    ['an unknown number', {}, { number: '1' }, 400, { code: 100, error_subcode: 33 }],
    ['a text that is too long', { text: { body: 'x'.repeat(4_097) } }, {}, 400, { code: 100 }],
    ['a missing text', { text: undefined }, {}, 400, { code: 131008 }],
    ['no version in the path', {}, { path: `/${NUMBER}/messages` }, 404, { code: 2500 }],
  ])('gets the error of the Graph API for %s', async (_name, parts, how, status, error) => {
    await write();
    const answer = await send(parts, how);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toMatchObject({ message: expect.any(String), fbtrace_id: expect.any(String), ...error });
    expect(time.waiting()).toEqual([]);
  });

  it('may mark messages as read, which sends nothing', async () => {
    const body = { messaging_product: 'whatsapp', status: 'read', message_id: 'wamid.X' };
    const answer = await post(`/v26.0/${NUMBER}/messages`, body, { authorization: 'Bearer token-1' });
    expect(answer).toEqual({ status: 200, body: { success: true } });
    expect(time.waiting()).toEqual([]);
  });
});

describe('a webhook that is not taken', () => {
  it('is repeated at once, then ever less often, until it is', async () => {
    receiver.answer = 503;
    expect((await write()).body.webhookStatus).toBe(503);
    const pauses: number[] = [];
    for (let attempts = 1; attempts <= 5; attempts++) {
      await expect.poll(() => time.waiting().length).toBe(1);
      expect(receiver.received).toHaveLength(attempts);
      const [pause] = time.waiting();
      pauses.push(pause!);
      if (attempts === 5) receiver.answer = 200;
      time.advance(pause!);
    }
    await expect.poll(() => receiver.received.length).toBe(6);
    expect(pauses).toEqual([0, 500, 1_000, 2_000, 4_000]);
    expect(new Set(receiver.received.map((webhook) => webhook.raw.toString())).size).toBe(1);
    await write();
    expect(time.waiting()).toEqual([]);
  });

  it('pauses no longer than half a minute', () => {
    expect(retryDelayMs(50)).toBe(30_000);
  });

  it('is given up after seven days', async () => {
    receiver.answer = 500;
    await write();
    await expect.poll(() => time.waiting()).toEqual([0]);
    time.advance(7 * 24 * HOUR_MS);
    await expect.poll(() => receiver.received.length).toBe(2);
    receiver.answer = 200;
    await write();
    expect(time.waiting()).toEqual([]);
  });

  it('is repeated when nobody listened', async () => {
    await receiver.stop();
    expect((await write()).body.webhookStatus).toBeNull();
    await expect.poll(() => time.waiting()).toEqual([0]);
  });

  it('shares a bounded number of connections with all others', async () => {
    receiver.answer = 'hold';
    const answers = Array.from({ length: 10 }, () => write());
    let arrived = 0;
    while (arrived < 10) {
      await expect.poll(() => receiver.received.length).toBe(Math.min(10, arrived + 4));
      expect(receiver.held.length).toBeLessThanOrEqual(4);
      arrived += receiver.held.length;
      for (const response of receiver.held.splice(0)) response.end();
    }
    expect((await Promise.all(answers)).map((answer) => answer.body.webhookStatus)).toEqual(Array(10).fill(200));
  });
});

describe('stopping', () => {
  it('leaves nothing behind', async () => {
    await write();
    await send();
    receiver.answer = 503;
    await write();
    await expect.poll(() => time.waiting().length).toBe(4);
    const { url } = sandbox;
    await sandbox.stop();
    expect(time.waiting()).toEqual([]);
    await expect(fetch(`${url}/health/live`)).rejects.toThrow('fetch failed');
  });
});
