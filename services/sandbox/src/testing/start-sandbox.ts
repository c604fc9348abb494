import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Environment } from '@fenster/runtime';
import { expect } from 'vitest';
import { loadConfig } from '../config.js';
import { createService } from '../service.js';
import { createSimulatedTime } from '../time.js';

export const START = new Date('2026-11-21T10:00:00Z');
export const NUMBER = '106540352242922';
export const OTHER_NUMBER = '207777777777777';
export const WABA = '419561257915477';
export const APP = '670843887433847';
export const APP_SECRET = 'app-secret';
export const PHONE = '4915112345678';
export const HOUR_MS = 3_600_000;

export interface Status {
  id: string;
  status: string;
  timestamp: string;
  recipient_id?: string;
  recipient_user_id?: string;
  conversation?: { id: string; expiration_timestamp?: string; origin: { type: string } };
  pricing?: { type?: string; billable: boolean; category: string; pricing_model: string };
  errors?: { code: number; title: string }[];
}
export interface Inbound extends Record<string, unknown> {
  id: string;
  from?: string;
  from_user_id: string;
  type: string;
}
export interface Value extends Record<string, unknown> {
  metadata: { phone_number_id: string };
  contacts?: object[];
  messages?: Inbound[];
  statuses?: Status[];
}
export interface Received {
  headers: IncomingHttpHeaders;
  raw: Buffer;
  body: { object: string; entry: { id: string; time?: number; changes: { field: string; value: Value }[] }[] };
}
/** Every answer of the sandbox, of any endpoint. */
export interface Answer extends Record<string, unknown> {
  wamids: string[];
  webhookStatus: number | null;
  id: string;
  /** Of what is no JSON. */
  text?: string;
  messages: [{ id: string }];
  contacts: object[];
  data: Record<string, unknown>[];
  error: { code: number; error_subcode?: number };
}

/** What stands for the product: takes webhooks and answers as told. */
export async function startReceiver() {
  const received: Received[] = [];
  const held: ServerResponse[] = [];
  const receiver = {
    received,
    held,
    answer: 200 as number | 'hold',
    verifyToken: 'verify-token',
    url: '',
    stop: async () => {},
  };
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') {
      const query = new URL(request.url ?? '', 'http://x').searchParams;
      const isRight = query.get('hub.mode') === 'subscribe' && query.get('hub.verify_token') === receiver.verifyToken;
      return void response.writeHead(isRight ? 200 : 403).end(isRight ? query.get('hub.challenge') : 'no');
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    received.push({ headers: request.headers, raw, body: JSON.parse(raw.toString()) as Received['body'] });
    if (receiver.answer === 'hold') held.push(response);
    else response.writeHead(receiver.answer).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/whatsapp`;
  receiver.stop = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return receiver;
}

export type TestSandbox = Awaited<ReturnType<typeof startSandbox>>;

/** A sandbox whose time only a test moves, and who gets its webhooks. */
export async function startSandbox(env: Environment = {}, { startAt = START } = {}) {
  const receiver = await startReceiver();
  const time = createSimulatedTime({ startAt, isFrozen: true });
  const number = { displayPhoneNumber: '4930901820', wabaId: WABA };
  const config = loadConfig({
    LOG_LEVEL: 'silent',
    CALLBACK_URL: receiver.url,
    APP_ID: APP,
    APP_SECRET,
    NUMBERS: JSON.stringify([
      { ...number, phoneNumberId: NUMBER, accessToken: 'token-1', freeServiceMessages: 2 },
      { ...number, phoneNumberId: OTHER_NUMBER, displayPhoneNumber: '4930901821', accessToken: 'token-2' },
    ]),
    WEBHOOK_CONCURRENCY: '4',
    ...env,
  });
  const service = await createService(config, { time });
  await service.start();

  /** Any request; what is not JSON comes back as text. */
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const isRaw =
      body === undefined || typeof body === 'string' || body instanceof FormData || body instanceof Uint8Array;
    const response = await fetch(`${service.url}${path}`, {
      method,
      headers: { ...(!(body instanceof FormData) && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: isRaw ? (body as string) : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    return { status: response.status, body: (isJson ? JSON.parse(text) : { text }) as Answer };
  };
  const graph = (method: string, path: string, body?: unknown, token = 'token-1') =>
    call(method, `/v26.0/${path}`, body, { authorization: `Bearer ${token}` });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) => call('POST', path, body, headers);
  const send = (parts: object = {}, how: { number?: string; token?: string; path?: string } = {}) =>
    post(
      how.path ?? `/v26.0/${how.number ?? NUMBER}/messages`,
      { messaging_product: 'whatsapp', to: `+${PHONE}`, type: 'text', text: { body: 'Guten Tag' }, ...parts },
      { authorization: `Bearer ${how.token ?? 'token-1'}` },
    );
  const write = (parts: object = {}) =>
    post('/sandbox/inbound', {
      phoneNumberId: NUMBER,
      from: { phone: `+${PHONE}`, name: 'Anna Bauer' },
      text: 'Hallo',
      ...parts,
    });
  const changes = () => receiver.received.flatMap(({ body }) => body.entry.flatMap((entry) => entry.changes));
  const values = () => changes().map((change) => change.value);
  const inbound = () => values().flatMap((value) => value.messages ?? []);
  const statuses = () => values().flatMap((value) => value.statuses ?? []);
  return {
    receiver,
    time,
    url: service.url,
    call,
    graph,
    post,
    send,
    write,
    changes,
    values,
    inbound,
    statuses,
    /** Webhooks of one field. */
    of: (field: string) => changes().flatMap((change) => (change.field === field ? [change.value] : [])),
    switchOn: (name: string, settings: object = {}) => call('PUT', `/sandbox/scenarios/${name}`, settings),
    switchOff: (name: string) => call('DELETE', `/sandbox/scenarios/${name}`),
    /** Lets all statuses of what was sent fall due, and waits until as many have arrived in all. */
    async deliverStatuses(total: number) {
      time.advance(1_200);
      await expect.poll(() => statuses().length).toBe(total);
    },
    stopService: () => service.stop(),
    async stop() {
      await service.stop();
      await receiver.stop();
    },
  };
}
