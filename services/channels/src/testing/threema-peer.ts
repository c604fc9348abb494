import { createHmac, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import nacl from 'tweetnacl';
import { request } from 'undici';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

export interface Person {
  id: string;
  keys: nacl.BoxKeyPair;
}

export function newPerson(id: string): Person {
  return { id, keys: nacl.box.keyPair() };
}

/** Padded and encrypted as Threema's own apps do, by another library than the product's. */
export function encrypt(plain: Buffer, from: Person, to: Uint8Array, nonce: Uint8Array = randomBytes(24)) {
  const padding = 1 + (plain.length % 255);
  const padded = Buffer.concat([plain, Buffer.alloc(padding, padding)]);
  return { nonce: hex(nonce), box: hex(nacl.box(padded, nonce, to, from.keys.secretKey)) };
}

export const textOf = (text: string) => Buffer.concat([Buffer.of(0x01), Buffer.from(text)]);
export const receiptOf = (type: number, ...ids: string[]) =>
  Buffer.concat([Buffer.of(0x80, type), ...ids.map((id) => Buffer.from(id, 'hex'))]);
export const fileOf = (file: object) => Buffer.concat([Buffer.of(0x17), Buffer.from(JSON.stringify(file))]);

/** What Threema posts, signed. */
export function callbackOf(
  fields: Record<'from' | 'to' | 'messageId' | 'date' | 'nonce' | 'box', string> & { nickname?: string },
  secret: string,
): string {
  const { from, to, messageId, date, nonce, box } = fields;
  const mac = createHmac('sha256', secret)
    .update(from + to + messageId + date + nonce + box)
    .digest('hex');
  return new URLSearchParams({ ...fields, mac }).toString();
}

/** Threema's message API, and the people who use it. */
export async function startThreemaPeer(gatewayId = '*RADHAUS', apiSecret = 'api-secret') {
  const business = newPerson(gatewayId);
  const people = new Map<string, Person>([[gatewayId, business]]);
  const sent: { id: string; to: string; text: string; padding: number }[] = [];
  const blobs = new Map<string, Buffer>();
  let lookups = 0;

  const server = createServer(async (incoming, response) => {
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    const fields = incoming.method === 'POST' ? new URLSearchParams(await bodyOf(incoming)) : url.searchParams;
    const answer = (status: number, text: string | Buffer = '') => void response.writeHead(status).end(text);
    if (peer.isAway) return answer(503);
    if (fields.get('from') !== gatewayId || fields.get('secret') !== apiSecret) return answer(401);
    const [, what, name = ''] = url.pathname.split('/');
    if (what === 'credits') return answer(200, String(peer.credits));
    if (what === 'pubkeys') {
      lookups += 1;
      const person = people.get(name);
      return person ? answer(200, hex(person.keys.publicKey)) : answer(404);
    }
    if (what === 'blobs') return blobs.has(name) ? answer(200, blobs.get(name)!) : answer(404);
    if (what !== 'send_e2e') return answer(404);
    if (peer.credits === 0) return answer(402);
    const person = people.get(fields.get('to') ?? '');
    const [nonce, box] = [fields.get('nonce') ?? '', fields.get('box') ?? ''];
    if (!person || !/^[0-9a-f]{48}$/.test(nonce)) return answer(400);
    if (box.length > 8_000) return answer(413);
    const opened = nacl.box.open(
      Buffer.from(box, 'hex'),
      Buffer.from(nonce, 'hex'),
      business.keys.publicKey,
      person.keys.secretKey,
    );
    if (!opened) return answer(400);
    const padding = opened.at(-1)!;
    const id = hex(randomBytes(8));
    sent.push({ id, to: person.id, text: Buffer.from(opened.subarray(1, -padding)).toString(), padding });
    return answer(200, id);
  });

  const peer = {
    url: '',
    gatewayId,
    apiSecret,
    business,
    privateKey: hex(business.keys.secretKey),
    people,
    sent,
    credits: 100,
    isAway: false,
    get lookups() {
      return lookups;
    },
    add(id: string): Person {
      const person = newPerson(id);
      people.set(id, person);
      return person;
    },
    /** Somebody writes to the business: what is posted then. */
    callback(from: Person, plain: Buffer, more: { nickname?: string; messageId?: string } = {}): string {
      const { nonce, box } = encrypt(plain, from, business.keys.publicKey);
      const messageId = more.messageId ?? hex(randomBytes(8));
      const date = String(Math.floor(Date.now() / 1_000));
      const fields = { from: from.id, to: gatewayId, messageId, date, nonce, box };
      return callbackOf({ ...fields, ...(more.nickname && { nickname: more.nickname }) }, apiSecret);
    },
    /** Keeps a file as apps upload them: what a message then says of it. */
    keep(bytes: Buffer, file: { m: string; n?: string; d?: string }): object {
      const key = randomBytes(32);
      const nonce = Buffer.from(`${'00'.repeat(23)}01`, 'hex');
      const blobId = hex(randomBytes(16));
      blobs.set(blobId, Buffer.from(nacl.secretbox(bytes, nonce, key)));
      return { b: blobId, k: hex(key), s: bytes.length, i: 0, ...file };
    },
    async post(url: string, body: string): Promise<number> {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await request(url, { method: 'POST', headers, body });
      await answer.body.dump();
      return answer.statusCode;
    },
    stop: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  peer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return peer;
}
export type ThreemaPeer = Awaited<ReturnType<typeof startThreemaPeer>>;

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of incoming) text += String(chunk);
  return text;
}
