import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ChannelCapabilities } from '@fenster/contracts';
import sodium from 'libsodium-wrappers';
import { request as httpRequest } from 'undici';
import { exchange, type OutgoingRequest } from '../exchange.js';
import { urlBelow } from '../http-call.js';
import type {
  AdapterDescription,
  FetchedMedia,
  NumberFacts,
  OpenedWebhook,
  OutgoingMessage,
  Provider,
  ProviderAnswer,
  SendOutcome,
} from '../provider.js';
import { isRefusal, NOT_SUPPORTED, rejection, retryAfterMs, WRONG_ADDRESS } from '../rejection.js';
import { askThreema, classifyThreemaStatus } from './api.js';
import { readCallback, verifyCallback } from './callback.js';
import { threemaSecrets, threemaSettings, type ThreemaCredentials, type ThreemaOptions } from './credentials.js';
import { parseThreemaWebhook, readMediaId, writeText } from './message.js';
import { namedKeyOf, peerKeyOf } from './peer-key.js';

await sodium.ready;

const MAX_TEXT_BYTES = 3_500;

const CAPABILITIES: ChannelCapabilities = {
  serviceWindow: false,
  templates: false,
  contentKinds: ['text'],
  mediaKinds: {},
  maxTextCharacters: MAX_TEXT_BYTES,
  maxTextBytes: MAX_TEXT_BYTES,
  quotes: false,
  reactions: false,
  readReceipts: false,
  typing: false,
  statuses: ['delivered', 'read'],
  senderProven: true,
  businessProfile: false,
  costModel: 'UNTOLD',
};

/**
 * Threema Gateway, end to end: nobody but the person and this service reads what is written (whatsapp.md §G). Files come in; what
 * goes out is text, as the capabilities say.
 */
export const THREEMA = {
  kind: 'THREEMA',
  capabilities: CAPABILITIES,
  // Threema publishes none; what it answers with 429 waits.
  limits: { messagesPerSecond: 80 },
  chatUrl: ({ address }) => `https://threema.id/${address}?text=`,
  processors: [{ name: 'Threema', country: 'CH' }],
  contentType: 'application/x-www-form-urlencoded',
  settings: threemaSettings,
  secrets: threemaSecrets,
} as const satisfies AdapterDescription;

export function createThreemaProvider(options: ThreemaOptions): Provider<ThreemaCredentials> {
  return {
    ...THREEMA,
    verify: verifyCallback,
    open: (rawBody, credentials) => openBox(rawBody, credentials, options),
    parse: parseThreemaWebhook,
    send: (message, credentials) => send(message, credentials, options),
    markRead: async (providerMessageId) => ({ kind: 'accepted', providerMessageId }),
    showTyping: async () => {},
    readNumber: (credentials) => readNumber(credentials, options),
    readPeerKey: async (peer, credentials) => {
      const answer = await namedKeyOf(peer, credentials, options);
      if (answer.kind === 'unknown') return { kind: 'refused', ...rejection({ reason: 'recipient_not_reachable' }) };
      return answer;
    },
    fetchMedia: (providerMediaId, credentials, signal) => fetchBlob(providerMediaId, credentials, options, signal),
    uploadMedia: async () => ({ kind: 'rejected', ...NOT_SUPPORTED }),
  };
}

const CHANGED = 'the key of its sender is another one than before';

async function openBox(
  rawBody: Buffer,
  credentials: ThreemaCredentials,
  options: ThreemaOptions,
): Promise<OpenedWebhook> {
  const closed = (reason: string, isTransient = false): OpenedWebhook => ({ kind: 'closed', reason, isTransient });
  const callback = readCallback(rawBody);
  if (typeof callback === 'string') return closed(callback);
  const { from, nonce, box } = callback;
  // Once more where it does not open: that the key has changed is another thing than a box that is broken.
  for (const isDoubted of [false, true]) {
    const peer = await peerKeyOf(from, credentials, options, isDoubted).catch(() => undefined);
    if (!peer || peer.kind === 'unreachable') return closed('the key of its sender cannot be looked up', true);
    if (peer.kind === 'changed') return closed(CHANGED);
    if (peer.kind !== 'known') return closed('nobody knows the key of its sender');
    try {
      const privateKey = Buffer.from(credentials.privateKey, 'hex');
      const content = sodium.crypto_box_open_easy(box, nonce, peer.publicKey, privateKey);
      return { kind: 'opened', content: Buffer.from(content) };
    } catch {
      continue;
    }
  }
  return closed('cannot be decrypted');
}

async function send(
  { to, content, replyToProviderMessageId }: OutgoingMessage,
  credentials: ThreemaCredentials,
  options: ThreemaOptions,
): Promise<SendOutcome> {
  if (content.kind !== 'text' || replyToProviderMessageId !== undefined) return { kind: 'rejected', ...NOT_SUPPORTED };
  if (!('threemaId' in to)) return { kind: 'rejected', ...rejection({ reason: 'no_address' }) };
  if (Buffer.byteLength(content.body) > MAX_TEXT_BYTES) {
    return { kind: 'rejected', ...rejection({ reason: 'malformed' }) };
  }
  const { gatewayId: from, apiSecret: secret, privateKey } = credentials;
  let address: URL;
  try {
    address = urlBelow(credentials.apiBaseUrl, ['send_e2e']);
    if (!/^https?:$/.test(address.protocol)) return { kind: 'rejected', ...WRONG_ADDRESS };
  } catch {
    return { kind: 'rejected', ...WRONG_ADDRESS };
  }
  const peer = await peerKeyOf(to.threemaId, credentials, options).catch(() => undefined);
  if (!peer) return { kind: 'not_sent', reason: 'keys cannot be read' };
  if (peer.kind === 'unreachable') return { kind: 'not_sent', reason: peer.reason };
  if (peer.kind === 'changed') return { kind: 'rejected', ...rejection({ reason: 'identity_key_changed' }) };
  if (peer.kind === 'unknown') return { kind: 'rejected', ...rejection({ reason: 'recipient_not_reachable' }) };
  if (peer.kind === 'refused') return { ...peer, kind: 'rejected' };
  const nonce = randomBytes(sodium.crypto_box_NONCEBYTES);
  const box = sodium.crypto_box_easy(writeText(content.body), nonce, peer.publicKey, Buffer.from(privateKey, 'hex'));
  const request: OutgoingRequest = {
    origin: address.origin,
    path: address.pathname,
    headers: { 'content-type': THREEMA.contentType },
    body: new URLSearchParams({
      from,
      to: to.threemaId,
      nonce: nonce.toString('hex'),
      box: Buffer.from(box).toString('hex'),
      secret,
    }).toString(),
  };
  return exchange(request, options, interpret);
}

function interpret(status: number, body: Buffer, retryAfter: string | undefined): SendOutcome {
  if (status === 200) {
    const id = body.toString('latin1').trim();
    return /^[0-9a-f]{16}$/i.test(id)
      ? { kind: 'accepted', providerMessageId: id.toLowerCase() }
      : { kind: 'unconfirmed', reason: 'accepted without a message id' };
  }
  if (!isRefusal(status)) return { kind: 'unconfirmed', reason: `HTTP ${status}` };
  const waitMs = retryAfterMs(retryAfter);
  return {
    kind: 'rejected',
    ...classifyThreemaStatus(status),
    ...(status === 429 && waitMs !== undefined && { retryAfterMs: waitMs }),
  };
}

/** Whether the secret is right, and the private key the one whose public key people have. */
async function readNumber(
  credentials: ThreemaCredentials,
  options: ThreemaOptions,
): Promise<ProviderAnswer<NumberFacts>> {
  const credits = await askThreema(['credits'], credentials, options);
  if (credits.kind === 'unreachable' || credits.kind === 'refused') return credits;
  const own = await askThreema(['pubkeys', credentials.gatewayId], credentials, options);
  if (own.kind === 'unreachable' || own.kind === 'refused') return own;
  if (credits.kind === 'unknown' || own.kind === 'unknown') {
    return { kind: 'refused', ...rejection({ reason: 'number_gone' }) };
  }
  const publicKey = sodium.crypto_scalarmult_base(Buffer.from(credentials.privateKey, 'hex'));
  return Buffer.from(publicKey).toString('hex') === own.text.toLowerCase()
    ? { kind: 'answered', value: {} }
    : { kind: 'refused', ...rejection({ reason: 'not_registered' }) };
}

/** A file is one box, which says nothing until the whole of it is there. */
const MAX_BLOB_BYTES = 50 * 1024 * 1024;
const FILE_NONCE = Buffer.from(`${'00'.repeat(23)}01`, 'hex');

async function fetchBlob(
  providerMediaId: string,
  { apiBaseUrl, gatewayId, apiSecret }: ThreemaCredentials,
  { mediaDispatcher, dispatcher }: ThreemaOptions,
  signal: AbortSignal,
): Promise<FetchedMedia> {
  try {
    const file = readMediaId(providerMediaId);
    if (!file) return { kind: 'failed', reason: 'it has no place' };
    const url = urlBelow(apiBaseUrl, ['blobs', file.blobId], { from: gatewayId, secret: apiSecret });
    const { statusCode, headers, body } = await httpRequest(url, { dispatcher: mediaDispatcher ?? dispatcher, signal });
    if (statusCode !== 200) {
      await body.dump();
      if (statusCode === 404) return { kind: 'gone' };
      const waitMs = retryAfterMs(headers['retry-after']);
      return {
        kind: 'failed',
        reason: `HTTP ${statusCode} for the file`,
        ...(waitMs !== undefined && { retryAfterMs: waitMs }),
      };
    }
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MAX_BLOB_BYTES) return { kind: 'failed', reason: 'it is too large' };
      chunks.push(chunk);
    }
    const content = Buffer.from(sodium.crypto_secretbox_open_easy(Buffer.concat(chunks, length), FILE_NONCE, file.key));
    return { kind: 'content', content: Readable.from([content]), sizeBytes: content.length };
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    return { kind: 'failed', reason: code ?? name };
  }
}
