import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import twilio from 'twilio';
import { Agent, MockAgent } from 'undici';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { describeAdapter } from '../../testing/adapter.contract.js';
import { providerOptions } from '../../testing/provider-options.js';
import { startTwilioPeer, type TwilioPeer } from '../../testing/twilio-peer.js';
import type { InboundMessage, InboundStatus } from '../provider.js';
import type { TwilioCredentials } from './credentials.js';
import { createTwilioSmsProvider } from './twilio-sms.provider.js';

const ACCOUNT = 'ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
const SID = 'SM00000000000000000000000000000001';
const MESSAGE_ID = '019aa5e0-7c1e-7cc3-98c4-dc0c0c07398f';
const credentials = (apiBaseUrl: string): TwilioCredentials => ({
  apiBaseUrl,
  accountSid: ACCOUNT,
  phoneNumber: '+4930901820',
  appId: '019aa5e0-7c1e-7cc3-98c4-dc0c0c073990',
  authToken: 'auth-token',
});
const form = (fields: Record<string, string>) => Buffer.from(new URLSearchParams(fields).toString());
const inbound = (more: Record<string, string> = {}) => ({
  To: '+4930901820',
  From: '+4915112345678',
  Body: 'Grüß Gott & servus',
  NumMedia: '0',
  MessageSid: SID,
  AccountSid: ACCOUNT,
  ...more,
});
const status = (word: string, more: Record<string, string> = {}) => ({
  To: '+4915112345678',
  From: '+4930901820',
  MessageSid: SID,
  MessageStatus: word,
  ...more,
});
const url = 'https://hooks.example/webhooks/twilio?app=1';
const error = (code: number) => ({ body: { code, message: 'refused', status: 400 } });

describeAdapter('Twilio SMS', {
  create: (options) => createTwilioSmsProvider(providerOptions(options)),
  credentials,
  impossible: [() => credentials('ftp://127.0.0.1')],
  webhooks: {
    secret: 'auth-token',
    otherSecrets: ['auth-token2', 'Auth-token'],
    sign({ rawBody }, secret) {
      const fields = Object.fromEntries(new URLSearchParams(rawBody.toString()));
      const signature = twilio.getExpectedTwilioSignature(secret as string, url, fields);
      return { rawBody, headers: { 'x-twilio-signature': signature }, url };
    },
    header: 'x-twilio-signature',
    covers: { body: true, url: true },
    samples: [
      { name: 'a message', rawBody: form(inbound()), kinds: ['message'] },
      {
        name: 'a message with files',
        rawBody: form(
          inbound({
            NumMedia: '2',
            MediaUrl0: 'https://api.twilio.com/0',
            MediaContentType0: 'image/jpeg',
            MediaUrl1: 'https://api.twilio.com/1',
            MediaContentType1: 'text/x-vcard',
          }),
        ),
        kinds: ['message', 'message'],
      },
      { name: 'sent', rawBody: form(status('sent')), query: `app=1&message=${MESSAGE_ID}`, kinds: ['status'] },
      { name: 'delivered', rawBody: form(status('delivered')), kinds: ['status'] },
      { name: 'not delivered', rawBody: form(status('undelivered', { ErrorCode: '30003' })), kinds: ['status'] },
      { name: 'on its way', rawBody: form(status('sending')), kinds: ['other'] },
      { name: 'an unknown status', rawBody: form(status('exploded')), kinds: ['rejected'] },
      { name: 'a short code', rawBody: form(inbound({ From: '72975' })), kinds: ['rejected'] },
      { name: 'no form', rawBody: Buffer.from([0xff, 0xfe]), kinds: ['rejected'] },
    ],
  },
  to: { phone: '+4915112345678' },
  accepted: { status: 201, body: { sid: SID, status: 'queued' } },
  acceptedId: SID,
  rejected: [
    { status: 400, ...error(21610), class: 'opt_out', reason: 'messages_stopped' },
    { status: 400, ...error(21211), class: 'never', reason: 'recipient_not_reachable' },
    { status: 400, ...error(21614), class: 'never', reason: 'recipient_not_reachable' },
    { status: 429, ...error(20429), class: 'wait', reason: 'account_busy' },
    { status: 400, ...error(21611), class: 'wait', reason: 'number_busy' },
    { status: 401, ...error(20003), class: 'channel_broken', reason: 'access_expired' },
    { status: 401, body: '', class: 'channel_broken', reason: 'access_expired' },
    { status: 400, ...error(99999), class: 'never', reason: 'refused' },
  ],
});

const dispatcher = new Agent();
const provider = createTwilioSmsProvider(providerOptions({ dispatcher }));
let peer: TwilioPeer | undefined;
afterEach(async () => {
  await peer?.stop();
  peer = undefined;
});
afterAll(() => dispatcher.destroy());
const receivedAt = new Date('2026-11-22T10:00:00Z');
const parse = (fields: Record<string, string>, query = '') =>
  provider.parse({ rawBody: form(fields), query: new URLSearchParams(query), receivedAt });

describe('the signature of Twilio', () => {
  it('is the one that Twilio’s own library makes and takes, for any fields', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9]{1,8}$/);
    fc.assert(
      fc.property(fc.dictionary(word, fc.string({ unit: 'grapheme' }), { minKeys: 1 }), word, (fields, secret) => {
        const signature = twilio.getExpectedTwilioSignature(secret, url, fields);
        expect(twilio.validateRequest(secret, signature, url, fields)).toBe(true);
        const headers = { 'x-twilio-signature': signature };
        expect(provider.verify({ rawBody: form(fields), headers, url }, [secret])).toBe(0);
      }),
    );
  });

  it.each([
    ['https://hooks.example/webhooks/twilio?app=1', 'https://hooks.example:443/webhooks/twilio?app=1'],
    ['https://hooks.example:8443/webhooks/twilio', 'https://hooks.example:8443/webhooks/twilio'],
  ])('holds for %s, with the port that goes without saying too', (told, signed) => {
    const fields = inbound();
    const headers = { 'x-twilio-signature': twilio.getExpectedTwilioSignature('auth-token', signed, fields) };
    expect(provider.verify({ rawBody: form(fields), headers, url: told }, ['auth-token'])).toBe(0);
  });
});

describe('what Twilio posts', () => {
  it('is a message of a phone number, at the time when it came', () => {
    expect(parse(inbound()).items).toEqual([
      {
        kind: 'message',
        path: '$',
        address: '+4930901820',
        dedupeKey: `message:${SID}`,
        providerMessageId: SID,
        type: 'text',
        text: 'Grüß Gott & servus',
        payload: { body: 'Grüß Gott & servus' },
        truncated: false,
        sentAt: receivedAt,
        identity: { phone: '+4915112345678' },
        opensWindow: true,
      },
    ]);
  });

  it('makes of each file a message, the first with the words', () => {
    const files = { NumMedia: '2', MediaUrl0: 'https://a/0', MediaContentType0: 'image/png', MediaUrl1: 'https://a/1' };
    const [first, second] = parse(inbound({ ...files, MediaContentType1: 'application/pdf' }))
      .items as InboundMessage[];
    expect(first).toMatchObject({
      type: 'image',
      text: 'Grüß Gott & servus',
      media: { kind: 'IMAGE', providerMediaId: 'https://a/0', mimeType: 'image/png' },
    });
    expect(second).toMatchObject({ type: 'document', media: { kind: 'DOCUMENT', providerMediaId: 'https://a/1' } });
    expect(second).not.toHaveProperty('text');
    expect(second!.providerMessageId).not.toBe(first!.providerMessageId);
  });

  it('is a status of the message that the address names, wherever it goes', () => {
    const [item] = parse(status('delivered'), `app=1&message=${MESSAGE_ID}`).items as InboundStatus[];
    expect(item).toMatchObject({ status: 'delivered', callbackData: MESSAGE_ID, recipientCountry: 'DE', errors: [] });
  });

  it.each([
    ['21610', 'messages_stopped'],
    ['30003', 'recipient_not_reachable'],
    ['30007', 'not_permitted'],
    ['12345', 'refused'],
  ])('says why it failed: %s is %s', (ErrorCode, reason) => {
    const [item] = parse(status('failed', { ErrorCode })).items as InboundStatus[];
    expect(item).toMatchObject({ status: 'failed', errors: [{ code: Number(ErrorCode), reason }] });
  });
});

describe('what is asked of Twilio', () => {
  it('is what its own client asks for', async () => {
    peer = await startTwilioPeer();
    const message = {
      messageId: MESSAGE_ID,
      to: { phone: '+4915112345678' },
      content: { kind: 'text', body: 'Grüß Gott + &' },
    } as const;
    const outcome = await provider.send(message, credentials(peer.url));
    const [ours] = peer.sent;
    expect(outcome).toEqual({ kind: 'accepted', providerMessageId: ours!.sid });
    const client = twilio(ACCOUNT, 'auth-token', { httpClient: rewriting(peer.url) as never });
    await client.messages.create({
      to: '+4915112345678',
      from: '+4930901820',
      body: 'Grüß Gott + &',
      statusCallback: `https://hooks.example/webhooks/twilio?app=${credentials('').appId}&message=${MESSAGE_ID}`,
    });
    const [, theirs] = peer.sent;
    expect({ ...theirs, sid: ours!.sid }).toEqual(ours);
  });

  it('is whether the number is the account’s, and the token right', async () => {
    peer = await startTwilioPeer();
    const here = credentials(peer.url);
    expect(await provider.readNumber(here)).toEqual({ kind: 'answered', value: {} });
    expect(await provider.readNumber({ ...here, phoneNumber: '+4930111111' })).toMatchObject({
      kind: 'refused',
      reason: 'number_gone',
    });
    expect(await provider.readNumber({ ...here, authToken: 'another' })).toMatchObject({
      kind: 'refused',
      reason: 'access_expired',
      code: 20003,
    });
    await peer.stop();
    expect(await provider.readNumber(here)).toMatchObject({ kind: 'unreachable' });
  });
});

describe('files of messages', () => {
  const { signal } = new AbortController();
  const bytesOf = async (address: string, apiBaseUrl: string, hosts: string[] = []) => {
    const cautious = createTwilioSmsProvider(providerOptions({ dispatcher, twilioMediaHosts: hosts }));
    const fetched = await cautious.fetchMedia(address, credentials(apiBaseUrl), signal);
    return fetched.kind === 'content' ? (await fetched.content.toArray()).join('') : fetched;
  };

  it('are fetched from the API, with the account’s name and token', async () => {
    peer = await startTwilioPeer();
    const address = peer.keep('image/png', Buffer.from('bytes'));
    expect(await bytesOf(address, peer.url)).toBe('bytes');
    expect(peer.fetchedBy).toEqual([`Basic ${Buffer.from(`${ACCOUNT}:auth-token`).toString('base64')}`]);
    expect(await bytesOf(`${peer.url}/2010-04-01/Accounts/${ACCOUNT}/Messages/1/Media/2`, peer.url)).toEqual({
      kind: 'gone',
    });
  });

  it('are not fetched from anywhere else, whatever a webhook says, and nobody there learns the token', async () => {
    peer = await startTwilioPeer();
    const elsewhere = await listening((response) => response.end('secret'));
    const [, port] = elsewhere.url.split('127.0.0.1:');
    const places = [elsewhere.url, `http://api.twilio.com@127.0.0.1:${port}`, 'file:///etc/passwd', 'x', ''];
    for (const address of places) expect(await bytesOf(address, peer.url)).toMatchObject({ kind: 'failed' });
    const redirecting = await listening((response) => response.writeHead(307, { location: elsewhere.url }).end());
    expect(await bytesOf(`${redirecting.url}/file`, redirecting.url, ['127.0.0.1'])).toMatchObject({ kind: 'failed' });
    expect(elsewhere.asked).toEqual([]);
    expect(redirecting.asked).toHaveLength(1);
    await Promise.all([elsewhere.stop(), redirecting.stop()]);
  });

  it('may be where the API leads to if the configuration knows the place, and nobody there gets the token', async () => {
    const mock = new MockAgent();
    mock.disableNetConnect();
    const asked: [string, boolean][] = [];
    const answering = (origin: string, path: string, status: number, headers: Record<string, string>) =>
      mock
        .get(origin)
        .intercept({ path })
        .reply(
          status,
          (options) => {
            asked.push([options.path, 'authorization' in (options.headers as object)]);
            return 'bytes';
          },
          { headers },
        );
    answering('https://api.twilio.com', '/1', 307, { location: '/2' });
    answering('https://api.twilio.com', '/2', 307, { location: 'https://media.twiliocdn.com/3' });
    answering('https://media.twiliocdn.com', '/3', 200, {});
    const known = createTwilioSmsProvider(providerOptions({ dispatcher: mock }));
    const fetched = await known.fetchMedia('https://api.twilio.com/1', credentials('https://api.twilio.com'), signal);
    expect(fetched.kind === 'content' && (await fetched.content.toArray()).join('')).toBe('bytes');
    expect(asked).toEqual([
      ['/1', true],
      ['/2', true],
      ['/3', false],
    ]);
    await mock.close();
  });
});

async function listening(answer: (response: ServerResponse) => void) {
  const asked: string[] = [];
  const server = createServer((incoming, response) => {
    asked.push(incoming.url ?? '');
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked, stop: () => new Promise((resolve) => server.close(resolve).closeAllConnections()) };
}

interface TwilioRequest {
  method: string;
  uri: string;
  username: string;
  password: string;
  headers: Record<string, string>;
  data: Record<string, string>;
}

/** Twilio's client asks Twilio: this lets it ask somebody else, and changes nothing more. */
function rewriting(to: string) {
  return {
    async request({ method, uri, username, password, headers, data }: TwilioRequest) {
      const response = await fetch(uri.replace('https://api.twilio.com', to), {
        method,
        headers: {
          ...headers,
          authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
        },
        body: new URLSearchParams(data).toString(),
      });
      return { statusCode: response.status, body: await response.text(), headers: {} };
    },
  };
}
