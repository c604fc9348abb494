import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { afterAll, describe, expect, it } from 'vitest';
import { describeAdapter } from '../../testing/adapter.contract.js';
import { graphAnswers, graphWebhooks } from '../../testing/graph-fixture.js';
import { createWhatsApp360DialogProvider, type Dialog360Credentials } from './whatsapp-360dialog.provider.js';

const credentials = (apiBaseUrl: string): Dialog360Credentials => ({
  apiBaseUrl,
  phoneNumberId: '106540352242922',
  apiKey: 'key-1',
});
const digest = (rawBody: Buffer, secret: string) => createHmac('sha256', secret).update(rawBody).digest('hex');
const url = 'https://hooks.example/webhooks/360dialog?app=1';

const common = {
  create: createWhatsApp360DialogProvider,
  credentials,
  impossible: [
    () => credentials('ftp://127.0.0.1'),
    (apiBaseUrl: string) => ({ ...credentials(apiBaseUrl), apiKey: 'a\r\nx-admin: 1' }),
  ],
  ...graphAnswers,
};

for (const prefix of ['', 'sha256=']) {
  describeAdapter(`360dialog with a signature that begins "${prefix}"`, {
    ...common,
    webhooks: {
      secret: 'platform-secret',
      otherSecrets: ['platform-secret2', 'Platform-secret'],
      sign: ({ rawBody }, secret) => ({
        rawBody,
        headers: { 'x-360dialog-signature': `${prefix}${digest(rawBody, secret as string)}` },
        url,
      }),
      header: 'x-360dialog-signature',
      covers: { body: true, url: false },
      samples: graphWebhooks(),
    },
  });
}

describeAdapter('360dialog with a secret header', {
  ...common,
  webhooks: {
    secret: { header: 'X-Fenster', value: 'swordfish' },
    otherSecrets: [
      { header: 'X-Fenster', value: 'Swordfish' },
      { header: 'X-Fenster', value: 'swordfishes' },
    ],
    sign: ({ rawBody }, secret) => ({ rawBody, headers: { 'x-fenster': (secret as { value: string }).value }, url }),
    header: 'x-fenster',
    covers: { body: false, url: false },
    samples: graphWebhooks(),
  },
});

describe('360dialog', () => {
  const dispatcher = new Agent();
  afterAll(() => dispatcher.destroy());
  const provider = createWhatsApp360DialogProvider({ dispatcher, timeoutMs: 5_000, maxResponseBytes: 65_536 });

  it('takes neither kind of secret for the other', () => {
    const rawBody = Buffer.from('{}');
    const secret = { header: 'x-360dialog-signature', value: digest(rawBody, 'platform-secret') };
    const request = { rawBody, headers: { 'x-360dialog-signature': secret.value }, url };
    expect(provider.verify(request, ['another', { header: 'x-fenster', value: secret.value }])).toBeUndefined();
    expect(provider.verify({ ...request, headers: { 'x-fenster': 'platform-secret' } }, ['platform-secret'])).toBe(
      undefined,
    );
  });

  it('takes no header for a secret that is empty', () => {
    const request = { rawBody: Buffer.from('{}'), headers: { 'x-fenster': '' }, url };
    expect(provider.verify(request, [{ header: 'x-fenster', value: '' }])).toBeUndefined();
  });

  it('needs no signature of Meta, and takes none', () => {
    const rawBody = Buffer.from('{}');
    const headers = { 'x-hub-signature-256': `sha256=${digest(rawBody, 'platform-secret')}` };
    expect(provider.verify({ rawBody, headers, url }, ['platform-secret'])).toBeUndefined();
  });

  it('asks its own host for everything, with the key of the number and no id of the number in any path', async () => {
    const asked: { line: string; key: unknown }[] = [];
    const server = createServer((request, response) => {
      const { method, url: target = '', headers } = request;
      asked.push({ line: `${method} ${target}`, key: headers['d360-api-key'] });
      request.resume();
      if (target === '/4711') {
        response.end(
          JSON.stringify({ url: 'https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=4711&ext=1' }),
        );
      } else if (target.startsWith('/whatsapp_business/attachments/')) response.end('bytes');
      else if (target === '/media') response.end(JSON.stringify({ id: '815' }));
      else if (target === '/messages') response.end(JSON.stringify(graphAnswers.accepted.body));
      else response.end(JSON.stringify({ data: [{ about: 'Räder' }] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const here = credentials(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const { signal } = new AbortController();
    const content = { kind: 'text', body: 'Servus' } as const;
    await provider.send({ messageId: '1', to: graphAnswers.to, content }, here);
    const upload = { mimeType: 'text/plain', fileName: 'a.txt', sizeBytes: 2, content: [Buffer.from('hi')] };
    expect(await provider.uploadMedia({ ...upload, content: asyncOf(upload.content) }, here, signal)).toEqual({
      kind: 'uploaded',
      providerMediaId: '815',
    });
    const fetched = await provider.fetchMedia('4711', here, signal);
    expect(fetched.kind === 'content' && (await fetched.content.toArray()).join('')).toBe('bytes');
    expect(await provider.readNumber(here)).toEqual({ kind: 'answered', value: { profile: { about: 'Räder' } } });
    await new Promise((resolve) => server.close(resolve).closeAllConnections());
    expect(asked.map(({ line }) => line.replace(/fields=.*/, ''))).toEqual([
      'POST /messages',
      'POST /media',
      'GET /4711',
      'GET /whatsapp_business/attachments/?mid=4711&ext=1',
      'GET /whatsapp_business_profile?',
    ]);
    expect(new Set(asked.map(({ key }) => key))).toEqual(new Set(['key-1']));
  });
});

async function* asyncOf<T>(values: readonly T[]) {
  yield* values;
}
