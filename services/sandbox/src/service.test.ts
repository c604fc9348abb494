import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  APP_SECRET,
  HOUR_MS,
  NUMBER,
  OTHER_NUMBER,
  PHONE,
  START,
  startSandbox,
  type TestSandbox,
} from './testing/start-sandbox.js';
import { bsuidOf } from './webhook-body.js';
import { retryDelayMs } from './webhook-sender.js';

const ORDER = ['sent', 'delivered', 'read'];

let sandbox: TestSandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.stop());

const pricingTypes = () =>
  sandbox.statuses().flatMap(({ status, pricing }) => (status === 'delivered' ? [pricing?.type] : []));

describe('a customer writes', () => {
  it('posts a signed webhook in the shape of 2026 and answers with its wamid', async () => {
    const answer = await sandbox.write({ from: { phone: `+${PHONE}`, name: 'Anna Bauer', username: 'anna' } });
    expect(answer).toEqual({ status: 200, body: { wamids: [expect.stringMatching(/^wamid\./)], webhookStatus: 200 } });
    const [webhook] = sandbox.receiver.received;
    const digest = createHmac('sha256', APP_SECRET).update(webhook!.raw).digest('hex');
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

  it('calls a Brazilian phone by the number of one digit less, however it is dialled', async () => {
    await sandbox.write({ from: { phone: '+5531987654321' } });
    expect(sandbox.values()[0]?.contacts).toMatchObject([{ wa_id: '553187654321' }]);
    const to = '+5531987654321';
    const { body } = await sandbox.graph('POST', `${NUMBER}/messages`, {
      messaging_product: 'whatsapp',
      to,
      type: 'text',
      text: { body: 'Olá' },
    });
    expect(body).toMatchObject({ contacts: [{ input: to, wa_id: '553187654321' }] });
  });

  it('leaves the phone out where only the user id is known', async () => {
    await sandbox.write({ from: { bsuid: 'CH.123', username: 'max' } });
    expect(sandbox.values()[0]?.contacts).toEqual([{ profile: { username: 'max' }, user_id: 'CH.123' }]);
    expect(sandbox.inbound()[0]).not.toHaveProperty('from');
    expect(sandbox.inbound()[0]?.from_user_id).toBe('CH.123');
  });

  it('batches several messages in one webhook', async () => {
    const { body } = await sandbox.write({ count: 3 });
    expect(sandbox.receiver.received).toHaveLength(1);
    expect(sandbox.inbound().map((message) => message.id)).toEqual(body.wamids);
    expect(new Set(body.wamids).size).toBe(3);
  });

  it('passes raw messages on, with their own id and time', async () => {
    const message = {
      id: 'wamid.SAME',
      timestamp: '1795000000',
      type: 'image',
      image: { id: '1', mime_type: 'image/jpeg', sha256: 'x' },
    };
    expect((await sandbox.write({ text: undefined, message })).body.wamids).toEqual(['wamid.SAME']);
    expect(sandbox.inbound()[0]).toMatchObject(message);
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
    expect((await sandbox.write(parts)).status).toBe(status);
    expect(sandbox.receiver.received).toEqual([]);
  });

  it('refuses what no browser page may send, what is no JSON and what is too large', async () => {
    expect((await sandbox.post('/sandbox/inbound', '{}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await sandbox.post('/sandbox/inbound', '{')).status).toBe(400);
    expect((await sandbox.post('/sandbox/inbound', `"${'x'.repeat(1_100_000)}"`)).status).toBe(413);
  });
});

describe('the business answers', () => {
  it('is accepted, then sent, delivered and read, with price, ids and recipient', async () => {
    await sandbox.write();
    const answer = await sandbox.send({ biz_opaque_callback_data: 'our-id' });
    expect(answer).toEqual({
      status: 200,
      body: {
        messaging_product: 'whatsapp',
        contacts: [{ input: `+${PHONE}`, wa_id: PHONE }],
        messages: [{ id: expect.stringMatching(/^wamid\./) }],
      },
    });
    expect(sandbox.time.waiting()).toEqual([150, 400, 1_200]);
    await sandbox.deliverStatuses(3);
    const common = {
      id: answer.body.messages[0].id,
      recipient_id: PHONE,
      recipient_user_id: bsuidOf(PHONE),
      biz_opaque_callback_data: 'our-id',
    };
    const pricing = { billable: false, pricing_model: 'PMP', type: 'free_customer_service', category: 'service' };
    expect(sandbox.statuses().toSorted((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status))).toEqual([
      { ...common, status: 'sent', timestamp: '1795255200', pricing },
      { ...common, status: 'delivered', timestamp: '1795255200', pricing },
      { ...common, status: 'read', timestamp: '1795255201' },
    ]);
    expect(sandbox.values()[1]?.contacts).toEqual([{ wa_id: PHONE, user_id: bsuidOf(PHONE) }]);
  });

  it('is free while the allowance of the number lasts, then charged, and free again next month', async () => {
    await sandbox.write();
    for (let i = 0; i < 3; i++) await sandbox.send();
    await sandbox.deliverStatuses(9);
    expect(pricingTypes().toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
      'free_customer_service',
      'free_customer_service',
      'regular',
    ]);
    expect(
      sandbox.statuses().flatMap(({ pricing }) => (pricing?.type === 'regular' ? [pricing.billable] : [])),
    ).toEqual([true, true]);

    sandbox.time.advance(11 * 24 * HOUR_MS);
    await sandbox.write();
    await sandbox.send();
    await sandbox.deliverStatuses(12);
    expect(pricingTypes().at(-1)).toBe('free_customer_service');
  });

  it('counts each number by itself', async () => {
    await sandbox.write();
    for (let i = 0; i < 3; i++) await sandbox.send();
    await sandbox.write({ phoneNumberId: OTHER_NUMBER });
    expect((await sandbox.send({}, { number: OTHER_NUMBER, token: 'token-2' })).status).toBe(200);
    await sandbox.deliverStatuses(12);
    const others = sandbox.values().filter((value) => value.metadata.phone_number_id === OTHER_NUMBER);
    const types = others.flatMap((value) => value.statuses ?? []).flatMap(({ pricing }) => pricing?.type ?? []);
    expect(types).toEqual(['free_customer_service', 'free_customer_service']);
  });

  it('reaches a person by user id, and then shows no phone', async () => {
    await sandbox.write({ from: { bsuid: 'CH.123', username: 'max' } });
    const answer = await sandbox.send({ to: undefined, recipient: 'CH.123' });
    expect(answer.body.contacts).toEqual([{ input: 'CH.123', user_id: 'CH.123' }]);
    await sandbox.deliverStatuses(3);
    for (const status of sandbox.statuses()) {
      expect(status).not.toHaveProperty('recipient_id');
      expect(status.recipient_user_id).toBe('CH.123');
    }
    const delivered = sandbox.values().find((value) => value.statuses?.[0]?.status === 'delivered');
    expect(delivered?.contacts).toEqual([{ profile: { username: 'max' }, user_id: 'CH.123' }]);
  });

  it('is refused outside 24 hours, to the millisecond, per number and person', async () => {
    expect((await sandbox.send()).body.error).toMatchObject({
      code: 131047,
      error_data: { messaging_product: 'whatsapp' },
    });
    await sandbox.write();
    expect((await sandbox.send({}, { number: OTHER_NUMBER, token: 'token-2' })).body.error.code).toBe(131047);
    expect((await sandbox.send({ to: '+4915112345679' })).body.error.code).toBe(131047);
    sandbox.time.advance(24 * HOUR_MS - 1);
    expect((await sandbox.send()).status).toBe(200);
    sandbox.time.advance(1);
    expect((await sandbox.send()).body.error.code).toBe(131047);
  });

  it('lets replies through to strangers when told to assume that they wrote elsewhere', async () => {
    expect((await sandbox.send()).body.error.code).toBe(131047);
    const trusting = await startSandbox({ ASSUME_WINDOW: 'true' });
    expect((await trusting.send()).status).toBe(200);
    await trusting.stop();
  });

  it('counts the window from when the customer wrote, not from when it arrived, and not from reactions', async () => {
    const old = String(START.getTime() / 1_000 - 25 * 3_600);
    await sandbox.write({ text: undefined, message: { type: 'text', text: { body: 'spät' }, timestamp: old } });
    await sandbox.write({
      text: undefined,
      message: { type: 'reaction', reaction: { message_id: 'wamid.X', emoji: '👍' } },
    });
    expect((await sandbox.send()).body.error.code).toBe(131047);
    await sandbox.write();
    await sandbox.write({ text: undefined, message: { type: 'text', text: { body: 'spät' }, timestamp: old } });
    expect((await sandbox.send()).status).toBe(200);
  });

  it('takes a reaction, which costs nothing and is only ever sent', async () => {
    await sandbox.write();
    expect((await sandbox.send({ type: 'reaction', reaction: { message_id: 'wamid.X', emoji: '👍' } })).status).toBe(
      200,
    );
    expect((await sandbox.send({ type: 'reaction', reaction: { emoji: '👍' } })).body.error.code).toBe(100);
    await sandbox.deliverStatuses(1);
    expect(sandbox.statuses().map(({ status, pricing }) => [status, pricing])).toEqual([['sent', undefined]]);
  });

  it('tells what the business writes in its phone app, which opens no window', async () => {
    await sandbox.write({ echo: true });
    const { field, value } = JSON.parse(sandbox.receiver.received.at(-1)!.raw.toString()).entry[0].changes[0];
    expect(field).toBe('smb_message_echoes');
    expect(value).toMatchObject({ message_echoes: [{ to: PHONE, type: 'text' }] });
    expect((await sandbox.send()).body.error.code).toBe(131047);
  });

  it('may send a template at any time, for the price of utility', async () => {
    expect(
      (await sandbox.send({ type: 'template', template: { name: 'hello_world', language: { code: 'en_US' } } })).status,
    ).toBe(200);
    await sandbox.deliverStatuses(3);
    expect(sandbox.statuses()[0]?.pricing).toEqual({
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
    await sandbox.write();
    const answer = await sandbox.send(parts, how);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toMatchObject({ message: expect.any(String), fbtrace_id: expect.any(String), ...error });
    expect(sandbox.time.waiting()).toEqual([]);
  });

  it('may mark messages as read, which sends nothing', async () => {
    const body = { messaging_product: 'whatsapp', status: 'read', message_id: 'wamid.X' };
    const answer = await sandbox.post(`/v26.0/${NUMBER}/messages`, body, { authorization: 'Bearer token-1' });
    expect(answer).toEqual({ status: 200, body: { success: true } });
    expect(sandbox.time.waiting()).toEqual([]);
  });
});

describe('a webhook that is not taken', () => {
  it('is repeated at once, then ever less often, until it is', async () => {
    sandbox.receiver.answer = 503;
    expect((await sandbox.write()).body.webhookStatus).toBe(503);
    const pauses: number[] = [];
    for (let attempts = 1; attempts <= 5; attempts++) {
      await expect.poll(() => sandbox.time.waiting().length).toBe(1);
      expect(sandbox.receiver.received).toHaveLength(attempts);
      const [pause] = sandbox.time.waiting();
      pauses.push(pause!);
      if (attempts === 5) sandbox.receiver.answer = 200;
      sandbox.time.advance(pause!);
    }
    await expect.poll(() => sandbox.receiver.received.length).toBe(6);
    expect(pauses).toEqual([0, 500, 1_000, 2_000, 4_000]);
    expect(new Set(sandbox.receiver.received.map((webhook) => webhook.raw.toString())).size).toBe(1);
    await sandbox.write();
    expect(sandbox.time.waiting()).toEqual([]);
  });

  it('pauses no longer than half a minute', () => {
    expect(retryDelayMs(50)).toBe(30_000);
  });

  it('is given up after seven days', async () => {
    sandbox.receiver.answer = 500;
    await sandbox.write();
    await expect.poll(() => sandbox.time.waiting()).toEqual([0]);
    sandbox.time.advance(7 * 24 * HOUR_MS);
    await expect.poll(() => sandbox.receiver.received.length).toBe(2);
    sandbox.receiver.answer = 200;
    await sandbox.write();
    expect(sandbox.time.waiting()).toEqual([]);
  });

  it('is repeated when nobody listened', async () => {
    await sandbox.receiver.stop();
    expect((await sandbox.write()).body.webhookStatus).toBeNull();
    await expect.poll(() => sandbox.time.waiting()).toEqual([0]);
  });

  it('shares a bounded number of connections with all others', async () => {
    sandbox.receiver.answer = 'hold';
    const answers = Array.from({ length: 10 }, () => sandbox.write());
    let arrived = 0;
    while (arrived < 10) {
      await expect.poll(() => sandbox.receiver.received.length).toBe(Math.min(10, arrived + 4));
      expect(sandbox.receiver.held.length).toBeLessThanOrEqual(4);
      arrived += sandbox.receiver.held.length;
      for (const response of sandbox.receiver.held.splice(0)) response.end();
    }
    expect((await Promise.all(answers)).map((answer) => answer.body.webhookStatus)).toEqual(Array(10).fill(200));
  });
});

describe('stopping', () => {
  it('leaves nothing behind', async () => {
    await sandbox.write();
    await sandbox.send();
    sandbox.receiver.answer = 503;
    await sandbox.write();
    await expect.poll(() => sandbox.time.waiting().length).toBe(4);
    const { url } = sandbox;
    await sandbox.stopService();
    expect(sandbox.time.waiting()).toEqual([]);
    await expect(fetch(`${url}/health/live`)).rejects.toThrow('fetch failed');
  });
});
