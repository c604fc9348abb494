import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NUMBER, PHONE, startReceiver, startSandbox, WABA } from '../testing/start-sandbox.js';

let receiver: Awaited<ReturnType<typeof startReceiver>>;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
const KEY = 'd360-key';

beforeAll(async () => {
  receiver = await startReceiver();
  const dialog360 = { apiKey: KEY, platformSecret: 'platform-secret' };
  const number = {
    phoneNumberId: NUMBER,
    displayPhoneNumber: '4930901820',
    wabaId: WABA,
    accessToken: 'token',
    dialog360,
  };
  sandbox = await startSandbox({ NUMBERS: JSON.stringify([number]), ASSUME_WINDOW: 'true' });
});
afterAll(async () => {
  await sandbox.stop();
  await receiver.stop();
});

async function call(method: string, path: string, body?: object, key = KEY) {
  const response = await fetch(`${sandbox.url}${path}`, {
    method,
    headers: { 'd360-api-key': key, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
const text = { messaging_product: 'whatsapp', to: `+${PHONE}`, type: 'text', text: { body: 'Servus' } };

describe('the paths of 360dialog', () => {
  it('need the key of a number', async () => {
    expect((await call('POST', '/messages', text, 'another')).status).toBe(401);
    expect((await call('GET', '/v1/configs/webhook', undefined, 'another')).status).toBe(401);
  });

  it('take messages as Meta does, and post what becomes of them with its own signature and headers', async () => {
    const headers = { 'X-Fenster': 'swordfish' };
    expect((await call('POST', '/v1/configs/webhook', { url: receiver.url, headers })).status).toBe(200);
    expect((await call('GET', '/v1/configs/webhook')).body).toEqual({ url: receiver.url, headers });
    const { status, body } = await call('POST', '/messages', text);
    expect(status).toBe(200);
    const [{ id }] = body['messages'] as [{ id: string }];
    sandbox.time.advance(1_200);
    await expect.poll(() => receiver.received.length).toBeGreaterThan(0);
    const [first] = receiver.received;
    expect(first!.body.entry[0]!.changes[0]!.value.statuses).toMatchObject([{ id }]);
    expect(first!.headers['x-fenster']).toBe('swordfish');
    expect(first!.headers).not.toHaveProperty('x-hub-signature-256');
    expect(first!.headers['x-360dialog-signature']).toBe(
      `sha256=${createHmac('sha256', 'platform-secret').update(first!.raw).digest('hex')}`,
    );
  });

  it('know files and the profile', async () => {
    const form = new FormData();
    form.set('messaging_product', 'whatsapp');
    form.set('type', 'text/plain');
    form.set('file', new Blob(['hi'], { type: 'text/plain' }), 'a.txt');
    const answer = await fetch(`${sandbox.url}/media`, {
      method: 'POST',
      headers: { 'd360-api-key': KEY },
      body: form,
    });
    const { id } = (await answer.json()) as { id: string };
    const { body } = await call('GET', `/${id}`);
    const { pathname, search } = new URL(body['url'] as string);
    const file = await fetch(`${sandbox.url}${pathname}${search}`, { headers: { 'd360-api-key': KEY } });
    expect(await file.text()).toBe('hi');
    expect((await call('GET', '/whatsapp_business_profile?fields=about')).status).toBe(200);
    expect((await call('GET', '/nonsense')).status).toBeGreaterThanOrEqual(400);
  });

  it('list templates as 360dialog does, take new ones, and delete them in all languages', async () => {
    const { total } = (await call('GET', '/v1/configs/templates')).body as { total: number };
    const example = { example: { body_text: [['Anna']] } };
    for (const language of ['de', 'en']) {
      const components = [{ type: 'BODY', text: 'Servus {{1}}, bis bald!', ...example }];
      const template = { name: 'abholung', language, category: 'UTILITY', components };
      expect((await call('POST', '/v1/configs/templates', template)).status).toBe(200);
    }
    const last = await call('GET', `/v1/configs/templates?limit=5&offset=${total + 1}`);
    expect(last.body).toMatchObject({
      waba_templates: [{ name: 'abholung', language: 'en', status: 'pending', category: 'UTILITY' }],
      count: 1,
      total: total + 2,
    });
    expect((await call('GET', '/v1/configs/templates?offset=-1')).status).toBe(400);
    expect((await call('DELETE', '/v1/configs/templates/abholung')).status).toBe(200);
    expect((await call('GET', '/v1/configs/templates')).body).toMatchObject({ total });
  });

  it('take examples of files in pieces, without naming an app', async () => {
    const { body } = await call('POST', '/uploads?file_length=2&file_type=image/png');
    const answer = await fetch(`${sandbox.url}/${body['id'] as string}`, {
      method: 'POST',
      headers: { 'd360-api-key': KEY, file_offset: '0', 'content-type': 'image/png' },
      body: 'hi',
    });
    expect(await answer.json()).toHaveProperty('h');
  });

  it('do not know that key at Meta’s', async () => {
    const response = await fetch(`${sandbox.url}/v26.0/${NUMBER}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
    });
    expect(response.status).toBe(401);
  });
});
