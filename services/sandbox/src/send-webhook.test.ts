import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sendWebhook } from './send-webhook.js';

let received: { raw: Buffer; signature: unknown }[] = [];
let status = 200;
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  received.push({ raw: Buffer.concat(chunks), signature: request.headers['x-hub-signature-256'] });
  response.writeHead(status).end(status === 200 ? 'ok' : 'no');
});
let url = '';
let folder = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/whatsapp`;
  folder = await mkdtemp(join(tmpdir(), 'send-webhook-'));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  received = [];
  status = 200;
});

async function run(...args: string[]) {
  const lines: string[] = [];
  return { code: await sendWebhook(args, (line) => lines.push(line)), output: lines.join('\n') };
}

describe('send-webhook', () => {
  it('posts a signed text message', async () => {
    const result = await run(
      '--url',
      url,
      '--secret',
      's',
      '--phone-number-id',
      '1',
      '--from',
      '+436601234567',
      '--text',
      'Grüß Gott',
    );
    expect(result).toEqual({ code: 0, output: 'HTTP 200 ok' });
    const [{ raw, signature }] = received as [(typeof received)[number]];
    expect(signature).toBe(`sha256=${createHmac('sha256', 's').update(raw).digest('hex')}`);
    expect(JSON.parse(raw.toString()).entry[0].changes[0].value).toMatchObject({
      metadata: { phone_number_id: '1' },
      contacts: [{ profile: { name: 'Anna Bauer' }, wa_id: '436601234567', user_id: expect.stringMatching(/^AT\./) }],
      messages: [{ from: '436601234567', type: 'text', text: { body: 'Grüß Gott' } }],
    });
  });

  it('posts the bytes of a file as they are', async () => {
    const bytes = Buffer.concat([Buffer.from('{ "object" :\n'), Buffer.from([0xff]), Buffer.from('}')]);
    await writeFile(join(folder, 'body.json'), bytes);
    expect((await run('--url', url, '--secret', 's', '--file', join(folder, 'body.json'))).code).toBe(0);
    expect(received[0]?.raw.equals(bytes)).toBe(true);
  });

  it('fails when the webhook is refused or nobody answers', async () => {
    status = 401;
    expect(await run('--url', url, '--secret', 's', '--phone-number-id', '1')).toEqual({
      code: 1,
      output: 'HTTP 401 no',
    });
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const nowhere = `http://127.0.0.1:${(gone.address() as AddressInfo).port}/`;
    await new Promise((resolve) => gone.close(resolve));
    expect(await run('--url', nowhere, '--secret', 's', '--phone-number-id', '1')).toEqual({
      code: 1,
      output: `No answer from ${nowhere}: ECONNREFUSED`,
    });
  });

  it.each([[[]], [['--url', 'x']], [['--url', 'x', '--secret', 's']], [['--nonsense']]])(
    'explains itself for %j',
    async (args) => {
      const result = await run(...args);
      expect(result.code).toBe(2);
      expect(result.output).toContain('--phone-number-id');
    },
  );

  it('runs without anything installed', async () => {
    for (const file of ['send-webhook.ts', 'webhook-body.ts']) {
      const source = await readFile(new URL(`./${file}`, import.meta.url), 'utf8');
      const imports = [...source.matchAll(/from '([^']+)'/g)].map((match) => match[1]);
      expect(imports.filter((name) => !name?.startsWith('node:') && name !== './webhook-body.js')).toEqual([]);
    }
  });
});
