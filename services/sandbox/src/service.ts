import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  BodyTooLargeError,
  createLogger,
  readBody,
  sendJson,
  systemClock,
  type Clock,
  type Service,
} from '@fenster/runtime';
import { Agent } from 'undici';
import type { BusinessNumber, Config } from './config.js';
import { badToken, graphErrorBody, overloaded, readGraphCall, unknownObject, type GraphError } from './graph-api.js';
import { inboundMessages, inboundRequest, windowOpenedAt } from './inbound.js';
import { createNetwork } from './network.js';
import { callingCodeOf, messagesBody, statusBody, type SentMessage, type StatusName } from './webhook-body.js';
import { createWebhookSender, type Schedule } from './webhook-sender.js';

export interface Overrides {
  clock?: Clock;
  schedule?: Schedule;
}

const MAX_BODY_BYTES = 1_048_576;
const MESSAGES_PATH = /^\/v\d{1,3}\.\d\/([^/?]{1,64})\/messages$/;

const systemSchedule: Schedule = (delayMs, task) => {
  const timer = setTimeout(task, delayMs);
  return () => clearTimeout(timer);
};

/** A small WhatsApp in memory: the Graph API's send endpoint, phones that write, and the webhooks of both. Never for production. */
export async function createService(config: Config, overrides: Overrides = {}): Promise<Service> {
  const clock = overrides.clock ?? systemClock;
  const schedule = overrides.schedule ?? systemSchedule;
  const log = createLogger('sandbox', config.logLevel);
  const dispatcher = new Agent();
  const network = createNetwork(clock, { assumeWindow: config.assumeWindow });
  const webhooks = createWebhookSender({
    callbackUrl: config.callbackUrl,
    appSecret: config.appSecret,
    concurrency: config.webhookConcurrency,
    dispatcher,
    schedule,
    clock,
    log,
  });
  const numbers = new Map(config.numbers.map((number) => [number.phoneNumberId, number]));
  const pendingStatuses = new Set<() => void>();

  const reportStatuses = (number: BusinessNumber, message: SentMessage) => {
    for (const status of ['sent', 'delivered', 'read'] satisfies StatusName[]) {
      const cancel = schedule(config.delays[status], () => {
        pendingStatuses.delete(cancel);
        void webhooks.deliver(statusBody(number, message, status, clock()));
      });
      pendingStatuses.add(cancel);
    }
  };

  /** `POST /{version}/{phone-number-id}/messages` */
  const answerGraph = async (request: IncomingMessage, response: ServerResponse, numberId: string) => {
    const refuse = (error: GraphError) => sendJson(response, error.status, graphErrorBody(error));
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (!config.numbers.some((number) => number.accessToken === token)) return refuse(badToken);
    const number = numbers.get(numberId);
    // Meta does not tell what a token may not see from what does not exist.
    if (!number || number.accessToken !== token) return refuse(unknownObject(numberId));
    if (webhooks.isFull()) return refuse(overloaded);
    const call = readGraphCall(await readJsonBody(request), callingCodeOf(number.displayPhoneNumber));
    if ('code' in call) return refuse(call);
    if (call.kind === 'read') return sendJson(response, 200, { success: true });
    const message = network.accept(number, call);
    if ('code' in message) return refuse(message);
    const { person } = message;
    sendJson(response, 200, {
      messaging_product: 'whatsapp',
      contacts: [
        { input: call.input, ...(message.wasSentToPhone ? { wa_id: person.phone } : { user_id: person.bsuid }) },
      ],
      messages: [{ id: message.wamid }],
    });
    reportStatuses(number, message);
  };

  /** `POST /sandbox/inbound` */
  const answerInbound = async (request: IncomingMessage, response: ServerResponse) => {
    // A page in the developer's browser can post anything to this machine, but not this content type.
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      return sendJson(response, 415, { error: 'content-type must be application/json' });
    }
    const input = inboundRequest.safeParse(await readJsonBody(request));
    if (!input.success) {
      const problems = input.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
      return sendJson(response, 400, { error: 'bad request', problems });
    }
    const number = numbers.get(input.data.phoneNumberId);
    if (!number) return sendJson(response, 404, { error: 'phoneNumberId is not one of NUMBERS' });
    if (webhooks.isFull()) return sendJson(response, 503, { error: 'too many undelivered webhooks' });
    const person = network.meet(input.data.from);
    const messages = inboundMessages(input.data, clock());
    for (const message of messages) {
      const openedAt = windowOpenedAt(message);
      if (openedAt) network.noteInbound(number, person, openedAt);
    }
    // A person known by BSUID alone writes without phone, though the sandbox may know it from before.
    const shown = input.data.from.phone === undefined ? { ...person, phone: undefined } : person;
    const webhookStatus = await webhooks.deliver(messagesBody(number, shown, messages, clock()));
    sendJson(response, 200, { wamids: messages.map((message) => message.id), webhookStatus: webhookStatus ?? null });
  };

  const route = async (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (request.method === 'GET' && path.startsWith('/health/')) return sendJson(response, 200, { status: 'ready' });
    if (request.method !== 'POST') return sendJson(response, 404, { error: 'not found' });
    if (path === '/sandbox/inbound') return answerInbound(request, response);
    const numberId = MESSAGES_PATH.exec(path)?.[1];
    if (numberId !== undefined) return answerGraph(request, response, numberId);
    return sendJson(response, 404, graphErrorBody({ status: 404, code: 2500, message: 'Unknown path components' }));
  };

  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      log.error({ err: error }, 'request failed');
      const status = error instanceof BodyTooLargeError ? 413 : 500;
      if (response.headersSent) response.destroy();
      else sendJson(response, status, graphErrorBody({ status, code: 1, message: 'An unknown error occurred' }));
    });
  });
  server.keepAliveTimeout = 75_000;

  return {
    name: 'sandbox',
    get url() {
      const address = server.address() as AddressInfo | null;
      if (!address) throw new Error('The sandbox has not been started.');
      return `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${address.port}`;
    },
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(config.port, config.host, resolve);
      }),
    async stop() {
      for (const cancel of pendingStatuses) cancel();
      pendingStatuses.clear();
      webhooks.stop();
      if (server.listening) {
        await new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections();
        });
      }
      await dispatcher.destroy();
    },
  };
}

/** @returns undefined for what is no JSON: every reader refuses that in its own words. */
async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const raw = await readBody(request, MAX_BODY_BYTES);
  try {
    return JSON.parse(raw.toString('utf8'));
  } catch {
    return undefined;
  }
}
