import crypto from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo, Socket } from 'node:net';
import type { OutgoingContent } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import fc from 'fast-check';
import { Agent } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type {
  OpenedWebhook,
  OutgoingMessage,
  Provider,
  ProviderCredentials,
  RejectionClass,
  WebhookRequest,
  WebhookSecret,
} from '../providers/provider.js';
import type { ProviderOptions } from '../providers/provider-options.js';

export interface Answer {
  status: number;
  body: string | object;
  headers?: Record<string, string>;
}

/** What the contract has to know of an adapter, in the words of its provider. */
export interface AdapterFixture<C extends ProviderCredentials> {
  create(options: ProviderOptions): Provider<C>;
  credentials(apiBaseUrl: string): C;
  /** Credentials that the provider cannot even be asked with. */
  impossible: readonly ((apiBaseUrl: string) => C)[];
  webhooks: {
    secret: WebhookSecret;
    /** Others of the same kind. */
    otherSecrets: readonly WebhookSecret[];
    /** As the provider posts it. */
    sign(webhook: Webhook, secret: WebhookSecret): WebhookRequest;
    /** Where the signature is, if it is not in the body. */
    header?: string;
    covers: { body: boolean; url: boolean };
    /** Bodies, and what they say. */
    samples: readonly Webhook[];
  };
  to: OutgoingMessage['to'];
  /** What else is asked of the provider on the way. */
  onTheWay?(request: IncomingMessage): Answer | undefined;
  accepted: Answer;
  acceptedId: string;
  rejected: readonly (Answer & { class: RejectionClass; reason: string })[];
}

export interface Webhook {
  name: string;
  rawBody: Buffer;
  query?: string;
  /** Where only the receiver can read it. */
  opened?: OpenedWebhook;
  kinds: readonly ('message' | 'status' | 'other' | 'rejected')[];
}

type Posted = [Buffer, string, OpenedWebhook | undefined];

const file = { mediaId: newId(), mediaKind: 'IMAGE' } as const;
/** One of each kind, within everybody's limits. */
const CONTENTS: { [Kind in OutgoingContent['kind']]: Omit<Extract<OutgoingContent, { kind: Kind }>, 'kind'> } = {
  text: { body: 'Ihr Fahrrad ist fertig' },
  media: file,
  location: { latitude: 48.1, longitude: 11.5 },
  contacts: { cards: [{ name: 'Anna' }] },
  buttons: { body: 'Wann?', buttons: [{ id: '1', title: 'Heute' }] },
  list: { body: 'Wann?', button: 'Tage', sections: [{ rows: [{ id: '1', title: 'Heute' }] }] },
  link: { body: 'Hier', label: 'Zur Seite', url: 'https://radhaus.example' },
  locationRequest: { body: 'Wo?' },
  contactInfoRequest: { body: 'Wie?' },
  addressRequest: { body: 'Wohin?', country: 'IN' },
  flow: { body: 'Termin', flowId: '1', label: 'Buchen' },
  product: { catalogId: '1', productId: '2' },
  products: { header: 'Räder', body: 'Neu', catalogId: '1', sections: [{ title: 'A', productIds: ['1'] }] },
  catalog: { body: 'Alles' },
  productCarousel: { body: 'Neu', catalogId: '1', productIds: ['1', '2'] },
  template: {
    templateId: newId(),
    name: 'hello_world',
    language: 'en_US',
    category: 'UTILITY',
    text: 'Welcome',
    body: [],
    buttons: [],
  },
  carousel: { body: 'Neu', cards: [1, 2].map((n) => ({ media: file, label: 'Los', url: `https://a.example/${n}` })) },
};

/** What every adapter owes to those who call it. */
export function describeAdapter<C extends ProviderCredentials>(name: string, fixture: AdapterFixture<C>): void {
  describe(`${name}, as any adapter,`, () => {
    describeVerify(fixture);
    describeParse(fixture);
    describeSend(fixture);

    it('has templates, and a profile, where its capabilities say so', () => {
      const { capabilities, templates, profile } = fixture.create({
        dispatcher: new Agent(),
        timeoutMs: 1,
        maxResponseBytes: 1,
      });
      expect(templates !== undefined).toBe(capabilities.templates);
      expect(capabilities.contentKinds.includes('template')).toBe(capabilities.templates);
      expect(profile !== undefined).toBe(capabilities.businessProfile);
    });
  });
}

function describeVerify<C extends ProviderCredentials>({ create, webhooks }: AdapterFixture<C>): void {
  const provider = create({ dispatcher: new Agent(), timeoutMs: 1_000, maxResponseBytes: 1_000 });
  const { secret, otherSecrets, sign, header, covers } = webhooks;
  const [sample] = webhooks.samples;
  const signed = sign(sample!, secret);
  const verify = (change: Partial<WebhookRequest>, secrets: readonly WebhookSecret[] = [secret]) =>
    provider.verify({ ...signed, ...change }, secrets);
  const withHeader = (value: string | undefined) => ({ headers: { ...signed.headers, [header!]: value } });

  it('knows who signed, of several', () => {
    expect(verify({})).toBe(0);
    expect(verify({}, [...otherSecrets, secret])).toBe(otherSecrets.length);
    expect(verify({}, [secret, secret])).toBe(0);
  });

  it('takes no request for signed by somebody else, or by nobody', () => {
    expect(verify({}, otherSecrets)).toBeUndefined();
    expect(verify({}, [])).toBeUndefined();
    expect(verify({}, ['', { header: 'x-nothing', value: '' }])).toBeUndefined();
    for (const other of otherSecrets) expect(provider.verify(sign(sample!, other), [secret])).toBeUndefined();
    // Who guesses that nothing was configured signs with nothing.
    if (typeof secret === 'string') expect(provider.verify(sign(sample!, ''), [''])).toBeUndefined();
  });

  it.runIf(covers.body)('refuses a body of which any byte is another one', () => {
    for (let at = 0; at < signed.rawBody.length; at += 1) {
      const rawBody = Buffer.from(signed.rawBody);
      rawBody[at]! ^= 1;
      expect(verify({ rawBody }), `byte ${at}`).toBeUndefined();
    }
    expect(verify({ rawBody: Buffer.alloc(0) })).toBeUndefined();
    expect(verify({ rawBody: signed.rawBody.subarray(0, -1) })).toBeUndefined();
  });

  it.runIf(covers.url)('refuses another address than that which it was told', () => {
    for (const url of [
      `${signed.url}&a=1`,
      signed.url.replace('https:', 'http:'),
      signed.url.replace('example', 'test'),
    ]) {
      expect(verify({ url })).toBeUndefined();
    }
  });

  it.runIf(header)('refuses a header that is missing, malformed, or another one in any character', () => {
    const right = signed.headers[header!] as string;
    expect(verify(withHeader(undefined))).toBeUndefined();
    for (let at = 0; at < right.length; at += 1) {
      const wrong = right.slice(0, at) + (right[at] === 'a' ? 'b' : 'a') + right.slice(at + 1);
      expect(verify(withHeader(wrong)), `character ${at}`).toBeUndefined();
    }
    for (const wrong of ['', ' ', right.slice(0, -1), `${right}0`, right.slice(0, 2), `${right}, ${right}`]) {
      expect(verify(withHeader(wrong))).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (any) => {
        expect(verify(withHeader(any))).toBeUndefined();
      }),
    );
  });

  it('compares in constant time, whether it is right or wrong', () => {
    const { timingSafeEqual } = crypto;
    const compare = vi.spyOn(crypto, 'timingSafeEqual');
    syncBuiltinESMExports();
    try {
      expect(verify({})).toBe(0);
      const once = compare.mock.calls.length;
      expect(once).toBeGreaterThan(0);
      expect(verify({}, [otherSecrets[0]!])).toBeUndefined();
      expect(compare.mock.calls.length).toBeGreaterThan(once);
    } finally {
      compare.mockRestore();
      syncBuiltinESMExports();
    }
    expect(crypto.timingSafeEqual).toBe(timingSafeEqual);
  });
}

function describeParse<C extends ProviderCredentials>({ create, webhooks: { samples } }: AdapterFixture<C>): void {
  const provider = create({ dispatcher: new Agent(), timeoutMs: 1_000, maxResponseBytes: 1_000 });
  const receivedAt = new Date('2026-11-22T10:00:00Z');
  const parse = (rawBody: Buffer, query = '', opened?: OpenedWebhook) =>
    provider.parse({ rawBody, query: new URLSearchParams(query), receivedAt, ...(opened && { opened }) });

  it.each(samples)('makes of every element an item or a rejection: $name', ({ rawBody, query, opened, kinds }) => {
    const { items, rejected } = parse(rawBody, query, opened);
    expect([...items.map(({ kind }) => kind), ...rejected.map(() => 'rejected')]).toEqual(kinds);
    for (const item of items) {
      if (item.kind !== 'other') expect(item.address).not.toBe('');
    }
  });

  it.each(samples)('says the same, by the same keys, whenever it comes: $name', ({ rawBody, query, opened }) => {
    const [first, again] = [parse(rawBody, query, opened), parse(Buffer.from(rawBody), query, opened)];
    expect(again).toEqual(first);
    const keys = first.items.map(({ dedupeKey }) => dedupeKey);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('reports only statuses that its capabilities name', () => {
    const told = samples.flatMap(({ rawBody, query, opened }) =>
      parse(rawBody, query, opened).items.flatMap((item) => (item.kind === 'status' ? item.status : [])),
    );
    expect(told.length).toBeGreaterThan(0);
    expect(provider.capabilities.statuses).toEqual(expect.arrayContaining(told));
  });

  it('never throws, and what it says can be stored', () => {
    const damaged = fc
      .tuple(fc.constantFrom(...samples), fc.nat(), fc.nat(255), fc.string({ unit: 'binary', maxLength: 20 }))
      .map(([{ rawBody, opened }, at, byte, query]): Posted => {
        const body = Buffer.from(rawBody);
        body[at % body.length] = byte;
        return [body, query, opened];
      });
    const anything = fc
      .tuple(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 20 }))
      .map(([bytes, query]): Posted => [Buffer.from(bytes), query, undefined]);
    const inside = fc
      .tuple(fc.constantFrom(...samples), fc.uint8Array({ maxLength: 300 }))
      .map(([{ rawBody }, bytes]): Posted => [rawBody, '', { kind: 'opened', content: Buffer.from(bytes) }]);
    fc.assert(
      fc.property(fc.oneof(damaged, anything, inside), ([body, query, opened]) => {
        const parsed = parse(body, query, opened);
        for (const { reason } of parsed.rejected) expect(reason).toMatch(/^[\w "./$[\]'’,:-]+$/);
        expect(JSON.stringify(parsed)).not.toMatch(/\\u0000|\\ud[89a-f]/);
      }),
      { numRuns: 1_000 },
    );
  });
}

function describeSend<C extends ProviderCredentials>(fixture: AdapterFixture<C>): void {
  const { create, credentials, to, accepted, acceptedId, rejected } = fixture;
  const sockets = new Set<Socket>();
  const seen: { url: string; body: string }[] = [];
  let respond: (response: ServerResponse) => void;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const aside = fixture.onTheWay?.(request);
    if (aside) return write(response, aside);
    seen.push({ url: request.url ?? '', body });
    respond(response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  let url = '';
  let dispatcher: Agent;
  let provider: Provider<C>;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    dispatcher = new Agent({ connect: { timeout: 2_000 } });
    provider = create({ dispatcher, timeoutMs: 5_000, maxResponseBytes: 65_536 });
  });
  afterAll(async () => {
    await dispatcher.destroy();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => {
    seen.length = 0;
    respond = (response) => write(response, accepted);
  });

  function write(response: ServerResponse, { status, body, headers = {} }: Answer): void {
    const isText = typeof body === 'string';
    const type = isText ? 'text/plain' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...headers }).end(isText ? body : JSON.stringify(body));
  }
  const message = (content: OutgoingMessage['content'], more: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
    messageId: newId(),
    to,
    content,
    media: { [file.mediaId]: '1000' },
    ...more,
  });
  const text = (body = 'Ihr Fahrrad ist fertig 🚲') => message({ kind: 'text', body });
  const send = (outgoing = text(), by: Provider<C> = provider) => by.send(outgoing, credentials(url));

  const { capabilities } = create({ dispatcher: new Agent(), timeoutMs: 1, maxResponseBytes: 1 });

  it('tells what the provider calls a message that it took', async () => {
    expect(await send()).toEqual({ kind: 'accepted', providerMessageId: acceptedId });
    expect(seen).toHaveLength(1);
  });

  it.each(rejected)('knows what a refusal means: $reason', async ({ class: type, reason, ...answer }) => {
    respond = (response) => write(response, answer);
    expect(await send()).toMatchObject({ kind: 'rejected', class: type, reason });
  });

  it('has an example of a limit, of a recipient that cannot be reached, and of broken credentials', () => {
    const classes = rejected.map(({ class: type }) => type);
    expect(classes).toEqual(expect.arrayContaining(['wait', 'never', 'channel_broken']));
  });

  it('waits where a limit is reached, as long as the provider says', async () => {
    respond = (response) => write(response, { status: 429, body: {}, headers: { 'retry-after': '7' } });
    expect(await send()).toMatchObject({ kind: 'rejected', class: 'wait', retryAfterMs: 7_000 });
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['the connection breaks', (response) => response.socket!.resetAndDestroy()],
    ['nobody answers', () => undefined],
    ['the provider fails', (response) => write(response, { status: 500, body: 'oops' })],
    ['a gateway gives up', (response) => write(response, { status: 504, body: '' })],
    ['the answer says nothing', (response) => write(response, { status: 200, body: '\0' })],
    ['the answer has no end', (response) => void response.writeHead(200).write('x'.repeat(70_000))],
  ])('leaves open whether it was sent when %s after it was written', async (_name, answer) => {
    respond = answer;
    const hasty = create({ dispatcher, timeoutMs: 300, maxResponseBytes: 65_536 });
    expect(await send(text(), hasty)).toMatchObject({ kind: 'unconfirmed' });
    expect(seen).toHaveLength(1);
  });

  it('knows that nothing was sent where nobody listens', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    expect(await provider.send(text(), credentials(`http://127.0.0.1:${port}`))).toMatchObject({ kind: 'not_sent' });
  });

  it('calls the channel broken where it cannot even ask', async () => {
    for (const impossible of fixture.impossible) {
      expect(await provider.send(text(), impossible(url))).toMatchObject({ kind: 'rejected', class: 'channel_broken' });
      if (capabilities.readReceipts) {
        const answer = await provider.markRead('0011223344556677', impossible(url));
        expect(answer).toMatchObject({ kind: 'rejected', class: 'channel_broken' });
      }
      expect(await provider.showTyping('0011223344556677', impossible(url))).toBeUndefined();
    }
    expect(seen).toEqual([]);
  });

  it.each(Object.entries(CONTENTS))(
    'sends %s if its capabilities say so, else refuses it before anything leaves',
    async (kind, content) => {
      const outcome = await send(message({ kind, ...content } as OutgoingContent));
      const can = capabilities.contentKinds.some((each) => each === kind);
      if (can) expect(outcome.kind).toBe('accepted');
      else expect(outcome).toMatchObject({ kind: 'rejected', class: 'never', reason: 'kind_not_supported' });
      expect(seen).toHaveLength(can ? 1 : 0);
    },
  );

  it.each<[string, boolean, OutgoingMessage]>([
    ['a reaction', capabilities.reactions, message({ kind: 'reaction', targetProviderMessageId: '1', emoji: '👍' })],
    ['an answer to a message', capabilities.quotes, { ...text(), replyToProviderMessageId: '1' }],
  ])('sends %s if its capabilities say so, else refuses it before anything leaves', async (_name, can, outgoing) => {
    expect((await send(outgoing)).kind).toBe(can ? 'accepted' : 'rejected');
    expect(seen).toHaveLength(can ? 1 : 0);
  });

  it.runIf(capabilities.maxTextBytes)(
    'refuses a text with more bytes than it takes, before anything leaves',
    async () => {
      const most = capabilities.maxTextBytes!;
      expect((await send(text('x'.repeat(most)))).kind).toBe('accepted');
      expect(await send(text(`${'x'.repeat(most - 1)}ü`))).toMatchObject({ kind: 'rejected', class: 'never' });
      expect(seen).toHaveLength(1);
    },
  );

  it('shows that a message was read, and that somebody types, only where customers can see it', async () => {
    respond = (response) => write(response, { status: 200, body: { success: true } });
    await provider.markRead('0011223344556677', credentials(url));
    expect(seen.length > 0).toBe(capabilities.readReceipts);
    seen.length = 0;
    await provider.showTyping('0011223344556677', credentials(url));
    expect(seen.length > 0).toBe(capabilities.typing);
  });
}
