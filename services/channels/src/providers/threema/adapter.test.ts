import { Agent } from 'undici';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeAdapter, type Webhook } from '../../testing/adapter.contract.js';
import { memoryOfKeys, providerOptions } from '../../testing/provider-options.js';
import {
  callbackOf,
  encrypt,
  fileOf,
  newPerson,
  receiptOf,
  startThreemaPeer,
  textOf,
  type Person,
  type ThreemaPeer,
} from '../../testing/threema-peer.js';
import type { InboundMessage, Provider } from '../provider.js';
import type { ThreemaCredentials } from './credentials.js';
import { writeText } from './message.js';
import { createThreemaProvider } from './threema.provider.js';

const anna = newPerson('ECHOECHO');
const business = newPerson('*RADHAUS');
const ID = '0011223344556677';
const credentials = (apiBaseUrl: string): ThreemaCredentials => ({
  apiBaseUrl,
  gatewayId: '*RADHAUS',
  appId: '019aa5e0-7c1e-7cc3-98c4-dc0c0c073990',
  apiSecret: 'api-secret',
  privateKey: Buffer.from(business.keys.secretKey).toString('hex'),
});
const date = '1795208400';
const nonce = Buffer.alloc(24, 7);

/** As it was posted, and what is in it. */
function sample(name: string, plain: Buffer, kinds: Webhook['kinds']): Webhook {
  const fields = { from: anna.id, to: '*RADHAUS', messageId: ID, date };
  const rawBody = Buffer.from(
    callbackOf({ ...fields, ...encrypt(plain, anna, business.keys.publicKey, nonce) }, 'api-secret'),
  );
  const padding = 1 + (plain.length % 255);
  const content = Buffer.concat([plain, Buffer.alloc(padding, padding)]);
  return { name, rawBody, opened: { kind: 'opened', content }, kinds };
}
const blob = { b: 'ab'.repeat(16), k: 'cd'.repeat(32), m: 'image/jpeg', n: 'rad.jpg', s: 10, i: 1, d: 'Mein Rad' };
const samples = [
  sample('a text', textOf('Grüezi'), ['message']),
  sample('a file', fileOf(blob), ['message']),
  sample('a file without a key', fileOf({ ...blob, k: 'x' }), ['message']),
  sample('received', receiptOf(1, ID), ['status']),
  sample('read, of several', receiptOf(2, ID, 'ffeeddccbbaa9988'), ['status', 'status']),
  sample('thumbs up', receiptOf(3, ID), ['message']),
  sample('thumbs down', receiptOf(4, ID), ['message']),
  sample('typing', Buffer.of(0x90, 1), ['other']),
  sample('an unknown kind', Buffer.of(0x10, 1, 2, 3), ['message']),
  sample('half an id', receiptOf(1, '0011'), ['rejected']),
  {
    ...sample('what could not be opened', textOf('x'), ['rejected']),
    opened: { kind: 'closed', reason: 'cannot be decrypted', isTransient: false },
  },
  { name: 'no callback', rawBody: Buffer.from('a=b'), kinds: ['rejected'] },
] as const satisfies Webhook[];

describeAdapter('Threema Gateway', {
  create: (options) => createThreemaProvider(providerOptions(options)),
  credentials,
  impossible: [() => credentials('ftp://127.0.0.1')],
  webhooks: {
    secret: 'api-secret',
    otherSecrets: ['api-secret2', 'Api-secret'],
    sign({ rawBody }, secret) {
      const { mac: _, ...fields } = Object.fromEntries(new URLSearchParams(rawBody.toString())) as Parameters<
        typeof callbackOf
      >[0] & { mac: string };
      return { rawBody: Buffer.from(callbackOf(fields, secret as string)), headers: {}, url: 'https://hooks.example/' };
    },
    covers: { body: true, url: false },
    samples,
  },
  to: { threemaId: anna.id },
  onTheWay: ({ url }) =>
    url?.startsWith('/pubkeys/ECHOECHO?')
      ? { status: 200, body: Buffer.from(anna.keys.publicKey).toString('hex') }
      : undefined,
  accepted: { status: 200, body: ID },
  acceptedId: ID,
  rejected: [
    { status: 400, body: '', class: 'never', reason: 'recipient_not_reachable' },
    { status: 401, body: '', class: 'channel_broken', reason: 'access_expired' },
    { status: 402, body: '', class: 'channel_broken', reason: 'payment_problem' },
    { status: 413, body: '', class: 'never', reason: 'malformed' },
    { status: 429, body: '', class: 'wait', reason: 'account_busy' },
  ],
});

const dispatcher = new Agent();
afterAll(() => dispatcher.destroy());
let peer: ThreemaPeer;
let provider: Provider<ThreemaCredentials>;
let here: ThreemaCredentials;
let person: Person;
let now = new Date();
const HOUR = 3_600_000;
beforeEach(async () => {
  peer = await startThreemaPeer();
  now = new Date('2026-11-22T10:00:00Z');
  provider = createThreemaProvider(providerOptions({ dispatcher, now: () => now, peerKeys: memoryOfKeys(() => now) }));
  here = { ...credentials(peer.url), privateKey: peer.privateKey };
  person = peer.add('ECHOECHO');
});
afterEach(() => peer.stop());
const send = (body: string, threemaId = person.id) =>
  provider.send({ messageId: '1', to: { threemaId }, content: { kind: 'text', body } }, here);
const open = (callback: string, by = here) => provider.open!(Buffer.from(callback), by);
const parse = (name: string) => {
  const { rawBody, opened } = samples.find((each) => each.name === name) as Webhook;
  return provider.parse({ rawBody, query: new URLSearchParams(), receivedAt: now, opened: opened! }).items;
};

describe('what is sent over Threema', () => {
  it('reaches the person, and nobody else can read it', async () => {
    const outcome = await send('Grüß Gott 🚲');
    expect(peer.sent).toMatchObject([{ to: 'ECHOECHO', text: 'Grüß Gott 🚲' }]);
    expect(outcome).toEqual({ kind: 'accepted', providerMessageId: peer.sent[0]!.id });
  });

  it('is padded at random, and never shorter than 32 bytes', () => {
    const lengths = Array.from({ length: 50 }, () => writeText('a').length);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(32);
    expect(new Set(lengths).size).toBeGreaterThan(10);
  });

  it('asks for the key of a person once, and a day later again', async () => {
    await send('Eins');
    await send('Zwei');
    expect(peer.lookups).toBe(1);
    now = new Date(now.getTime() + 25 * HOUR);
    await send('Drei');
    expect(peer.lookups).toBe(2);
    await send('Vier');
    expect(peer.lookups).toBe(2);
  });

  it('goes on with the key that is known while nobody can be asked', async () => {
    await send('Eins');
    now = new Date(now.getTime() + 25 * HOUR);
    peer.isAway = true;
    expect(await send('Zwei')).toMatchObject({ kind: 'unconfirmed' });
    expect(await send('Zwei', 'NOBODY00')).toMatchObject({ kind: 'not_sent' });
  });

  it('is refused once somebody has another key than before', async () => {
    await send('Eins');
    peer.add('ECHOECHO');
    now = new Date(now.getTime() + 25 * HOUR);
    for (const text of ['Zwei', 'Drei']) {
      expect(await send(text)).toMatchObject({ kind: 'rejected', class: 'never', reason: 'identity_key_changed' });
    }
    expect(peer.sent).toHaveLength(1);
  });

  it('cannot be sent to nobody', async () => {
    expect(await send('Hallo', 'NOBODY00')).toMatchObject({ kind: 'rejected', reason: 'recipient_not_reachable' });
  });
});

describe('what Threema posts', () => {
  it('is opened with the key of the sender', async () => {
    const opened = await open(peer.callback(person, textOf('Grüezi')));
    expect(opened.kind === 'opened' && opened.content.subarray(1, 8).toString()).toBe('Grüezi');
  });

  it('stays closed where it was written with another key than that of the sender', async () => {
    await open(peer.callback(person, textOf('Eins')));
    const stranger = newPerson('ECHOECHO');
    expect(await open(peer.callback(stranger, textOf('Zwei')))).toEqual({
      kind: 'closed',
      reason: 'cannot be decrypted',
      isTransient: false,
    });
    peer.people.set('ECHOECHO', stranger);
    expect(await open(peer.callback(stranger, textOf('Drei')))).toMatchObject({
      kind: 'closed',
      reason: expect.stringContaining('another one than before') as string,
    });
    expect(await open(peer.callback(person, textOf('Vier')))).toMatchObject({ kind: 'opened' });
  });

  it('may be opened later where the key cannot be looked up now', async () => {
    peer.isAway = true;
    expect(await open(peer.callback(person, textOf('Eins')))).toMatchObject({ kind: 'closed', isTransient: true });
    peer.isAway = false;
    expect(await open(peer.callback(person, textOf('Eins')))).toMatchObject({ kind: 'opened' });
    expect(await open(peer.callback(newPerson('NOBODY00'), textOf('Eins')))).toMatchObject({ isTransient: false });
  });

  it('is a message of a Threema id', () => {
    expect(parse('a text')).toMatchObject([
      {
        kind: 'message',
        address: '*RADHAUS',
        providerMessageId: ID,
        type: 'text',
        text: 'Grüezi',
        identity: { threemaId: 'ECHOECHO' },
        sentAt: new Date(Number(date) * 1_000),
        opensWindow: true,
      },
    ]);
    expect(parse('a file')).toMatchObject([
      { type: 'image', text: 'Mein Rad', media: { kind: 'IMAGE', mimeType: 'image/jpeg', fileName: 'rad.jpg' } },
    ]);
    expect(parse('an unknown kind')).toMatchObject([{ type: 'unsupported', payload: { type: 'threema 10' } }]);
  });

  it('says what became of a message, and what the person thinks of it', () => {
    expect(parse('received')).toMatchObject([{ status: 'delivered', providerMessageId: ID }]);
    expect(parse('read, of several').map((item) => (item as { providerMessageId: string }).providerMessageId)).toEqual([
      ID,
      'ffeeddccbbaa9988',
    ]);
    expect(parse('thumbs up')).toMatchObject([
      {
        type: 'reaction',
        opensWindow: false,
        changes: { providerMessageId: ID, change: { kind: 'reaction', emoji: '👍' } },
      },
    ]);
  });
});

describe('files of messages', () => {
  it('are fetched and decrypted, and are nothing if anybody has touched them', async () => {
    const file = peer.keep(Buffer.from('bytes'), { m: 'image/png' });
    const { rawBody } = sample('', fileOf(file), []);
    const { signal } = new AbortController();
    const content = Buffer.concat([fileOf(file), Buffer.of(1)]);
    const [message] = provider.parse({
      rawBody,
      query: new URLSearchParams(),
      receivedAt: now,
      opened: { kind: 'opened', content },
    }).items as InboundMessage[];
    const { providerMediaId } = message!.media!;
    const fetched = await provider.fetchMedia(providerMediaId, here, signal);
    expect(fetched.kind === 'content' && Buffer.concat(await fetched.content.toArray()).toString()).toBe('bytes');
    const [blobId] = JSON.parse(providerMediaId) as [string];
    const otherKey = JSON.stringify([blobId, '00'.repeat(32)]);
    expect(await provider.fetchMedia(otherKey, here, signal)).toMatchObject({ kind: 'failed' });
    const nowhere = JSON.stringify(['00'.repeat(16), '00'.repeat(32)]);
    expect(await provider.fetchMedia(nowhere, here, signal)).toEqual({ kind: 'gone' });
  });
});

describe('credentials', () => {
  it('are right if the secret is, and if the private key belongs to the public one that people have', async () => {
    expect(await provider.readNumber(here)).toEqual({ kind: 'answered', value: {} });
    expect(await provider.readNumber({ ...here, apiSecret: 'another' })).toMatchObject({ reason: 'access_expired' });
    expect(await provider.readNumber({ ...here, privateKey: '11'.repeat(32) })).toMatchObject({
      reason: 'not_registered',
    });
    peer.isAway = true;
    expect(await provider.readNumber(here)).toMatchObject({ kind: 'unreachable' });
  });
});
