import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ERROR_CODES } from './graph/graph-error.js';
import { SCENARIOS } from './scenarios.js';
import { APP_SECRET, HOUR_MS, NUMBER, PHONE, startSandbox, WABA, type TestSandbox } from './testing/start-sandbox.js';

let sandbox: TestSandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
  await sandbox.write();
});
afterEach(() => sandbox.stop());

const told = () => sandbox.statuses().map(({ status }) => status);
/** One after the other, so that the order in which they arrive is the one in which they left. */
async function tellAll(count: number) {
  for (const wait of sandbox.time.waiting()) {
    const before = told().length;
    sandbox.time.advance(Math.max(0, wait - (sandbox.time.now().getTime() - startedAt)));
    await expect.poll(() => told().length).toBeGreaterThan(before);
  }
  await expect.poll(() => told().length).toBe(count);
}
let startedAt = 0;
async function send(parts: object = {}) {
  startedAt = sandbox.time.now().getTime();
  return sandbox.send(parts);
}

describe('scenarios', () => {
  it('are listed with what they do, and each has a name of its own', async () => {
    const { body } = await sandbox.call('GET', '/sandbox/scenarios');
    expect(body).toEqual({ active: [], known: SCENARIOS.map(({ name, description }) => ({ name, description })) });
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
    for (const { description } of SCENARIOS) expect(description).not.toBe('');
  });

  it('are switched on for a number, a person, a type or a number of times', async () => {
    await sandbox.switchOn('error-131000', { to: `+${PHONE}`, type: 'image', times: 1 });
    expect((await send()).status).toBe(200);
    const image = { type: 'image', image: { link: 'https://example.com/a.jpg' } };
    expect((await send(image)).body.error.code).toBe(131000);
    expect((await send(image)).status).toBe(200);
    await sandbox.switchOn('error-131000', { phoneNumberId: '1' });
    expect((await send()).status).toBe(200);
    await sandbox.switchOn('error-131000');
    expect((await send()).body.error.code).toBe(131000);
    await sandbox.switchOff('error-131000');
    expect((await send()).status).toBe(200);
  });

  it('are refused when they do not exist or are told wrongly', async () => {
    expect((await sandbox.switchOn('sunshine')).status).toBe(404);
    expect((await sandbox.switchOn('error-424242')).status).toBe(404);
    expect((await sandbox.switchOn('error-131000', { times: 0 })).status).toBe(400);
    expect((await sandbox.switchOn('error-131000', { unknown: 1 })).status).toBe(400);
  });
});

describe('every error', () => {
  it.each(ERROR_CODES)('%i is the answer to a send', async (code) => {
    await sandbox.switchOn(`error-${code}`, { via: 'response' });
    const { status, body } = await send();
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.error.code).toBe(code);
    expect(sandbox.time.waiting()).toEqual([]);
  });

  it('may come as a status instead, without a price and without contacts', async () => {
    await sandbox.switchOn('not-on-whatsapp');
    const { body } = await send();
    await sandbox.deliverStatuses(1);
    expect(sandbox.statuses()).toEqual([
      {
        id: body.messages[0].id,
        status: 'failed',
        timestamp: expect.any(String),
        recipient_id: PHONE,
        errors: [expect.objectContaining({ code: 131026, title: 'Message undeliverable' })],
      },
    ]);
    expect(sandbox.values().at(-1)).not.toHaveProperty('contacts');
  });

  it('may come both ways', async () => {
    await sandbox.switchOn('error-131047', { via: 'both' });
    expect((await send()).body.error.code).toBe(131047);
    await sandbox.deliverStatuses(1);
    expect(told()).toEqual(['failed']);
  });

  it('of the token or the account concerns all calls', async () => {
    await sandbox.switchOn('token-expired');
    expect((await sandbox.graph('GET', NUMBER)).body.error).toMatchObject({ code: 190, error_subcode: 463 });
    expect((await sandbox.graph('GET', `${WABA}/message_templates`)).status).toBe(401);
    await sandbox.switchOff('token-expired');
    expect((await sandbox.graph('GET', NUMBER)).status).toBe(200);
  });

  it('takes nothing from the free messages of the month', async () => {
    await sandbox.switchOn('not-on-whatsapp', { times: 5 });
    for (let i = 0; i < 7; i++) await send();
    await sandbox.deliverStatuses(5 + 2 * 3);
    const types = sandbox.statuses().flatMap(({ status, pricing }) => (status === 'delivered' ? [pricing?.type] : []));
    expect(types).toEqual(['free_customer_service', 'free_customer_service']);
  });
});

describe('statuses', () => {
  it('come out of order, with the times at which they happened', async () => {
    await sandbox.switchOn('statuses-out-of-order');
    await send();
    await tellAll(3);
    expect(told()).toEqual(['read', 'delivered', 'sent']);
    expect(sandbox.statuses().map(({ timestamp }) => Number(timestamp) - startedAt / 1_000)).toEqual([1, 0, 0]);
  });

  it('come twice, late, or not at all', async () => {
    await sandbox.switchOn('statuses-duplicated', { times: 1 });
    await send();
    await sandbox.deliverStatuses(6);
    await sandbox.switchOn('statuses-none', { times: 1 });
    await send();
    expect(sandbox.time.waiting()).toEqual([]);
    await sandbox.switchOn('statuses-late', { times: 1, delayMs: HOUR_MS });
    await send();
    expect(sandbox.time.waiting()).toEqual([HOUR_MS + 150, HOUR_MS + 400, HOUR_MS + 1_200]);
    sandbox.time.advance(2 * HOUR_MS);
    await expect.poll(() => sandbox.statuses().length).toBe(9);
    expect(
      sandbox
        .statuses()
        .slice(6)
        .map(({ timestamp }) => Number(timestamp)),
    ).not.toContain(Math.floor(sandbox.time.now().getTime() / 1_000));
  });

  it('overtake the answer to the send', async () => {
    await sandbox.switchOn('statuses-before-response');
    sandbox.receiver.answer = 'hold';
    let isAnswered = false;
    const answer = send().then((result) => {
      isAnswered = true;
      return result;
    });
    for (const status of ['sent', 'delivered', 'read']) {
      await expect.poll(told).toContain(status);
      expect(isAnswered).toBe(false);
      for (const response of sandbox.receiver.held.splice(0)) response.end();
    }
    expect((await answer).body.messages[0].id).toBe(sandbox.statuses()[0]?.id);
  });
});

describe('the answer to a send', () => {
  it('gets lost, though the message is on its way', async () => {
    await sandbox.switchOn('response-lost');
    await expect(send()).rejects.toThrow('fetch failed');
    await sandbox.deliverStatuses(3);
  });

  it('breaks off before anything was taken', async () => {
    await sandbox.switchOn('connection-reset');
    await expect(send()).rejects.toThrow('fetch failed');
    expect(sandbox.time.waiting()).toEqual([]);
  });

  it('is a page of a proxy', async () => {
    await sandbox.switchOn('unreadable-response');
    const { status, body } = await send();
    expect([status, body.text]).toEqual([502, expect.stringContaining('<html>')]);
    expect(sandbox.time.waiting()).toEqual([]);
  });

  it('is slow', async () => {
    await sandbox.switchOn('slow-response', { delayMs: 5_000 });
    const answer = send();
    await expect.poll(() => sandbox.time.waiting()).toContain(5_000);
    sandbox.time.advance(5_000);
    expect((await answer).status).toBe(200);
  });
});

describe('webhooks', () => {
  const raw = () => sandbox.receiver.received.at(-1)!;
  const isRightlySigned = () =>
    raw().headers['x-hub-signature-256'] ===
    `sha256=${createHmac('sha256', APP_SECRET).update(raw().raw).digest('hex')}`;

  it('are badly signed', async () => {
    expect(isRightlySigned()).toBe(true);
    await sandbox.switchOn('webhooks-badly-signed', { times: 1 });
    await sandbox.write();
    expect(isRightlySigned()).toBe(false);
    await sandbox.write();
    expect(isRightlySigned()).toBe(true);
  });

  it('are escaped, and signed as they are', async () => {
    await sandbox.switchOn('webhooks-escaped');
    await sandbox.write({ text: 'Grüße 🚲' });
    expect(raw().raw.toString()).toContain(String.raw`Gr\u00fc\u00dfe \ud83d\udeb2`);
    expect(isRightlySigned()).toBe(true);
    expect(sandbox.inbound().at(-1)).toMatchObject({ text: { body: 'Grüße 🚲' } });
  });

  it('come twice', async () => {
    await sandbox.switchOn('webhooks-duplicated', { times: 1 });
    await sandbox.write();
    await expect.poll(() => sandbox.inbound().length).toBe(3);
    expect(sandbox.inbound()[1]).toEqual(sandbox.inbound()[2]);
  });

  it('are held back, and let go', async () => {
    await sandbox.switchOn('webhooks-held');
    expect((await sandbox.write()).body.webhookStatus).toBeNull();
    expect(sandbox.inbound()).toHaveLength(1);
    await sandbox.switchOff('webhooks-held');
    await expect.poll(() => sandbox.inbound().length).toBe(2);
  });

  it('share a POST, or come with the newest first', async () => {
    await sandbox.switchOn('webhooks-batched', { delayMs: 1_000 });
    await sandbox.write({ text: 'eins' });
    await sandbox.write({ text: 'zwei' });
    sandbox.time.advance(1_000);
    await expect.poll(() => sandbox.inbound().length).toBe(3);
    expect(sandbox.receiver.received).toHaveLength(2);
    await sandbox.switchOff('webhooks-batched');
    await sandbox.switchOn('webhooks-reversed', { delayMs: 1_000 });
    await sandbox.write({ text: 'drei' });
    await sandbox.write({ text: 'vier' });
    const posts = sandbox.receiver.received.length;
    sandbox.time.advance(1_000);
    await expect.poll(() => sandbox.receiver.received.length).toBe(posts + 2);
  });
});
