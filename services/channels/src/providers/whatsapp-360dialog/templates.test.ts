import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TemplateDraft } from '../provider.js';
import { createWhatsApp360DialogProvider } from './whatsapp-360dialog.provider.js';

interface Asked {
  line: string;
  query: Record<string, string>;
  key: IncomingMessage['headers'][string];
  body: unknown;
}

const dispatcher = new Agent();
const { templates } = createWhatsApp360DialogProvider({ dispatcher, timeoutMs: 5_000, maxResponseBytes: 65_536 });
const api = templates!;
const asked: Asked[] = [];
let answer: (call: Asked) => { status?: number; body: object };
const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const isJson = request.headers['content-type'] === 'application/json';
  const call: Asked = {
    line: `${request.method} ${pathname}`,
    query: Object.fromEntries(searchParams),
    key: request.headers['d360-api-key'],
    body: isJson ? JSON.parse(text) : text,
  };
  asked.push(call);
  const { status = 200, body } = answer(call);
  response.writeHead(status).end(JSON.stringify(body));
});
const account = { accountId: '102290129340398', appId: 'unused' };
const credentials = { apiBaseUrl: '', phoneNumberId: '106540352242922', apiKey: 'key-1' };

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  credentials.apiBaseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await dispatcher.destroy();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  asked.length = 0;
});

const listed = (over: object = {}) => ({
  id: '594425479261596',
  name: 'termin',
  language: 'de',
  status: 'approved',
  category: 'UTILITY',
  components: [{ type: 'BODY', text: 'Bis {{1}}!', example: { body_text: [['morgen']] } }],
  rejected_reason: null,
  ...over,
});
/** A list as its users show it, in pages of this size. */
const list = (all: readonly object[], size = 250) => {
  answer = ({ query }) => {
    const offset = Number(query['offset']);
    const page = all.slice(offset, offset + size);
    return { body: { waba_templates: page, count: page.length, total: all.length, limit: size, offset } };
  };
};
const draft: TemplateDraft = {
  name: 'termin',
  language: 'de',
  category: 'UTILITY',
  parameterFormat: 'POSITIONAL',
  definition: {
    body: { text: 'Bis {{1}}!', examples: [{ name: '1', value: 'morgen' }] },
    buttons: [],
    unknownParts: [],
  },
  exampleHandles: [],
};

describe('templates at 360dialog', () => {
  it('are listed page by page, with the key of the number and no account in the path', async () => {
    list([listed(), listed({ id: '2', language: 'en-US', status: 'REJECTED', rejected_reason: 'PROMOTIONAL' })], 1);
    const first = await api.list(account, credentials);
    expect(first).toMatchObject({
      kind: 'answered',
      value: {
        templates: [
          {
            providerTemplateId: '594425479261596',
            name: 'termin',
            language: 'de',
            status: 'APPROVED',
            category: 'UTILITY',
            definition: { body: { text: 'Bis {{1}}!' } },
          },
        ],
        after: '1',
      },
    });
    const last = await api.list(account, credentials, '1');
    expect(last).toMatchObject({
      value: { templates: [{ language: 'en_US', status: 'REJECTED', rejection: { reason: 'PROMOTIONAL' } }] },
    });
    expect(last).not.toHaveProperty('value.after');
    expect(asked.map(({ line, query: { offset }, key }) => [line, offset, key])).toEqual([
      ['GET /v1/configs/templates', '0', 'key-1'],
      ['GET /v1/configs/templates', '1', 'key-1'],
    ]);
  });

  it('end where a page is not full, where nobody says how many there are', async () => {
    answer = () => ({ body: { waba_templates: [listed()] } });
    expect(await api.list(account, credentials)).not.toHaveProperty('value.after');
    answer = () => ({ body: { waba_templates: Array.from({ length: 250 }, () => listed()) } });
    expect(await api.list(account, credentials)).toHaveProperty('value.after', '250');
  });

  it('are not taken for deleted where the list cannot be read, or is shorter than it says', async () => {
    for (const body of [{}, { waba_templates: null }, { waba_templates: [], total: 3 }]) {
      answer = () => ({ body });
      expect(await api.list(account, credentials)).toMatchObject({ kind: 'unreachable' });
    }
  });

  it.each([
    ['the id of Meta where both are told', { id: 'aBc1WT', external_id: '594425479261596' }, '594425479261596'],
    ['its own where Meta’s is not', { id: 'aBc1WT' }, 'aBc1WT'],
  ])('have %s', async (_what, ids, providerTemplateId) => {
    list([listed(ids)]);
    expect(await api.list(account, credentials)).toMatchObject({ value: { templates: [{ providerTemplateId }] } });
  });

  it.each(['created', 'submitted', 'SUBMITTED', 'pending'])('wait for review while they are %s', async (status) => {
    list([listed({ status })]);
    expect(await api.list(account, credentials)).toMatchObject({ value: { templates: [{ status: 'PENDING' }] } });
  });

  it('are submitted in Meta’s words', async () => {
    answer = () => ({ status: 201, body: { id: '77', status: 'submitted', category: 'MARKETING' } });
    expect(await api.create(account, draft, credentials)).toEqual({
      kind: 'answered',
      value: { providerTemplateId: '77', status: 'PENDING', category: 'MARKETING' },
    });
    const components = [{ type: 'BODY', text: 'Bis {{1}}!', example: { body_text: [['morgen']] } }];
    expect(asked).toMatchObject([{ line: 'POST /v1/configs/templates', key: 'key-1' }]);
    expect(asked[0]!.body).toEqual({ name: 'termin', language: 'de', category: 'UTILITY', components });
  });

  it('are looked up where the answer to a submission does not name them', async () => {
    const all = [listed({ language: 'en' }), listed({ id: '78', status: 'submitted' })];
    list(all);
    const page = answer;
    answer = (call) => (call.line.startsWith('POST') ? { body: { success: true } } : page(call));
    expect(await api.create(account, draft, credentials)).toMatchObject({
      kind: 'answered',
      value: { providerTemplateId: '78', status: 'PENDING', category: 'UTILITY' },
    });
    all.length = 1;
    expect(await api.create(account, draft, credentials)).toMatchObject({ kind: 'unreachable' });
  });

  it('are refused in the partner’s words, too', async () => {
    answer = () => ({ status: 400, body: { meta: { success: false, developer_message: 'Name is too long' } } });
    expect(await api.create(account, draft, credentials)).toMatchObject({
      kind: 'refused',
      explanation: 'Name is too long',
    });
  });

  it('cannot be changed', async () => {
    expect(await api.edit('77', draft, credentials)).toMatchObject({ kind: 'refused' });
    expect(asked).toEqual([]);
  });

  it('are deleted by name, unless that deleted other languages, too', async () => {
    const asLanguage = (language: string) => ({ name: 'termin', language, providerTemplateId: '1' });
    const all = [listed(), listed({ id: '2', language: 'en' }), listed({ id: '3', name: 'angebot' })];
    list(all);
    const deletions = () => asked.filter(({ line }) => line.startsWith('DELETE')).map(({ line }) => line);
    expect(await api.remove(account, asLanguage('de'), credentials)).toMatchObject({ kind: 'refused' });
    expect(deletions()).toEqual([]);
    all.splice(1, 1);
    expect(await api.remove(account, asLanguage('de'), credentials)).toEqual({ kind: 'answered', value: true });
    expect(deletions()).toEqual(['DELETE /v1/configs/templates/termin']);
    all.splice(0, 1);
    expect(await api.remove(account, asLanguage('de'), credentials)).toEqual({ kind: 'answered', value: true });
    expect(deletions()).toHaveLength(1);
  });

  it('get their examples through the partner’s own app', async () => {
    answer = ({ line }) => ({ body: line.endsWith('/uploads') ? { id: 'upload:1' } : { h: '4::aW' } });
    const content = (async function* () {
      yield Buffer.from('png');
    })();
    const file = { mimeType: 'image/png', fileName: 'a.png', sizeBytes: 3, content };
    const { signal } = new AbortController();
    expect(await api.uploadExample(account, file, credentials, signal)).toEqual({ kind: 'answered', value: '4::aW' });
    expect(asked.map(({ line }) => line)).toEqual(['POST /uploads', 'POST /upload:1']);
  });
});
