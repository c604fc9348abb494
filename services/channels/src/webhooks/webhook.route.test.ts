import { createHttpServer, createLogger, type HttpServer } from '@fenster/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import type { AppDirectory } from '../provider-apps/app-directory.js';
import { createProviders } from '../providers/providers.js';
import { post } from '../testing/channels.js';
import { providerOptions } from '../testing/provider-options.js';
import { OverdueError, OverloadedError } from './group-commit.js';
import { webhookRoute } from './webhook.route.js';

let server: HttpServer | undefined;
afterEach(() => server?.stop());

async function givenStore(store: () => Promise<void>): Promise<string> {
  const apps: AppDirectory = {
    signerOf: async () => ({ appId: '1', kind: 'WHATSAPP_CLOUD', workspaceId: '2' }),
    isVerifyToken: async () => false,
    reload: async () => {},
    start: async () => {},
    stop: () => {},
  };
  const providers = createProviders(providerOptions());
  const webhookUrl = () => 'http://127.0.0.1/webhooks';
  const open = () => Promise.reject(new Error('not in this test'));
  const options = { secretKey: Buffer.alloc(32), now: () => new Date(), webhookUrl, open };
  const route = webhookRoute('WHATSAPP_CLOUD', { ...options, apps, providers, store });
  server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    log: createLogger('test', 'silent'),
    routes: { 'POST /webhooks/whatsapp': route },
  });
  await server.start();
  return server.url;
}

describe('the answer to a webhook', () => {
  it.each([
    ['too much waits', () => new OverloadedError()],
    ['the store does not answer in time', () => new OverdueError()],
    ['PostgreSQL refuses connections', () => Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
    ['PostgreSQL shuts down', () => Object.assign(new Error('terminating'), { code: '57P01' })],
    ['the disk is full', () => Object.assign(new Error('full'), { code: '53100' })],
  ])('is 503 with Retry-After when %s', async (_case, error) => {
    const url = await givenStore(() => Promise.reject(error()));
    const { status, headers, text } = await post(url, {});
    expect({ status, text, retryAfter: headers['retry-after'] }).toEqual({
      status: 503,
      text: 'cannot store now',
      retryAfter: '1',
    });
  });

  it('is 500 and says nothing when something unforeseen happens', async () => {
    const url = await givenStore(() => Promise.reject(new Error('a detail')));
    const { status, text } = await post(url, {});
    expect(status).toBe(500);
    expect(JSON.parse(text)).toEqual({ error: 'internal error', correlationId: expect.any(String) as string });
  });

  it('is not given before the store has said that it is durable', async () => {
    let end = () => {};
    let isAnswered = false;
    const stored = new Promise<void>((resolve) => (end = resolve));
    let reached = () => {};
    const isReached = new Promise<void>((resolve) => (reached = resolve));
    const url = await givenStore(async () => {
      reached();
      await stored;
    });
    const answer = post(url, {}).then(({ status }) => {
      isAnswered = true;
      return status;
    });
    await isReached;
    expect(isAnswered).toBe(false);
    end();
    expect(await answer).toBe(200);
  });
});
