import type { Clock, Logger } from '@fenster/runtime';
import { request, type Dispatcher } from 'undici';
import type { Schedule } from './time.js';
import { sign } from './webhook-body.js';

export interface WebhookSenderOptions {
  appSecret: string;
  concurrency: number;
  dispatcher: Dispatcher;
  schedule: Schedule;
  clock: Clock;
  log: Logger;
  /** Called when a webhook is first made, and after each attempt. */
  onAttempt?: (webhook: WebhookLogEntry) => void;
}

export interface DeliveryOptions {
  /** Undefined: nobody is subscribed. */
  url?: string | undefined;
  /** Instead of the app's. */
  secret?: string;
  /** Instead of Meta's signature. */
  headersOf?: (body: string) => Record<string, string>;
  /** Beyond ASCII as `\\uXXXX`, as Meta may write it. */
  isEscaped?: boolean;
  /** Called once, when it is answered with 200. */
  onTaken?: () => void;
}

/** What the page and `GET /sandbox/webhooks` show. */
export interface WebhookLogEntry {
  number: number;
  at: string;
  attempts: number;
  /** Of the last answer; absent while there is none. */
  status?: number;
  state: 'waiting' | 'taken' | 'repeating' | 'given up' | 'nobody subscribed';
  body: string;
}

export interface WebhookSender {
  /**
   * Posts `body`, signed, and repeats it until the answer is 200, as Meta does: at once, then ever less often, for seven days.
   * @returns the status of the first attempt, or undefined if there was no answer.
   */
  deliver(body: object, options: DeliveryOptions): Promise<number | undefined>;
  /** The last ones, newest first. */
  recent(): WebhookLogEntry[];
  /** True while so many webhooks wait that no further ones should be caused. */
  isFull(): boolean;
  /** Gives up what waits. */
  stop(): void;
}

interface Webhook {
  url: string;
  entry: WebhookLogEntry;
  onTaken: (() => void) | undefined;
  body: string;
  headers: Record<string, string>;
  firstAt: number;
  attempts: number;
  tellFirst: (status: number | undefined) => void;
}

const MAX_PENDING = 100_000;
const MAX_LOG = 200;
const MAX_LOGGED_BODY = 20_000;
const ATTEMPT_TIMEOUT_MS = 10_000;
const LONGEST_PAUSE_MS = 30_000;
const GIVE_UP_AFTER_MS = 7 * 24 * 3_600_000;

/** The first repetition is immediate; 500 ms, 1 s, 2 s … follow. */
export function retryDelayMs(failedAttempts: number): number {
  return failedAttempts <= 1 ? 0 : Math.min(250 * 2 ** (failedAttempts - 1), LONGEST_PAUSE_MS);
}

export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  const { schedule, clock, log } = options;
  const queue = new Set<Webhook>();
  const pauses = new Map<Webhook, () => void>();
  let active = 0;
  let isStopped = false;
  let count = 0;
  const recent: WebhookLogEntry[] = [];

  const noteEntry = (body: string): WebhookLogEntry => {
    const shown = body.length > MAX_LOGGED_BODY ? `${body.slice(0, MAX_LOGGED_BODY)}…` : body;
    const entry: WebhookLogEntry = {
      number: ++count,
      at: clock().toISOString(),
      attempts: 0,
      state: 'waiting',
      body: shown,
    };
    recent.push(entry);
    if (recent.length > MAX_LOG) recent.shift();
    return entry;
  };
  const tell = (entry: WebhookLogEntry, changes: Partial<WebhookLogEntry>) => {
    Object.assign(entry, changes);
    options.onAttempt?.(entry);
  };

  /** A set keeps the order of insertion and gives up its first element in constant time. */
  const pump = () => {
    for (const webhook of queue) {
      if (isStopped || active >= options.concurrency) return;
      queue.delete(webhook);
      active++;
      void attempt(webhook).finally(() => {
        active--;
        pump();
      });
    }
  };

  const attempt = async (webhook: Webhook) => {
    const status = await post(webhook);
    webhook.attempts++;
    if (webhook.attempts === 1) webhook.tellFirst(status);
    const { attempts } = webhook;
    const answer = status === undefined ? {} : { status };
    if (isStopped && status !== 200) return;
    if (status === 200) {
      tell(webhook.entry, { attempts, ...answer, state: 'taken' });
      webhook.onTaken?.();
      return;
    }
    if (clock().getTime() - webhook.firstAt >= GIVE_UP_AFTER_MS) {
      log.error({ attempts: webhook.attempts, status }, 'webhook given up');
      tell(webhook.entry, { attempts, ...answer, state: 'given up' });
      return;
    }
    tell(webhook.entry, { attempts, ...answer, state: 'repeating' });
    log.debug({ attempts: webhook.attempts, status }, 'webhook not taken, will be repeated');
    const retry = () => {
      pauses.delete(webhook);
      queue.add(webhook);
      pump();
    };
    pauses.set(webhook, schedule(retryDelayMs(webhook.attempts), retry));
  };

  const post = async ({ url, body, headers }: Webhook): Promise<number | undefined> => {
    try {
      const response = await request(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body,
        dispatcher: options.dispatcher,
        headersTimeout: ATTEMPT_TIMEOUT_MS,
        bodyTimeout: ATTEMPT_TIMEOUT_MS,
      });
      await response.body.dump();
      return response.statusCode;
    } catch {
      return undefined;
    }
  };

  return {
    recent: () => recent.toReversed(),
    deliver(value, { url, secret = options.appSecret, headersOf, isEscaped = false, onTaken }) {
      const json = JSON.stringify(value);
      const body = isEscaped ? escaped(json) : json;
      const entry = noteEntry(body);
      if (url === undefined) {
        tell(entry, { state: 'nobody subscribed' });
        return Promise.resolve(undefined);
      }
      options.onAttempt?.(entry);
      return new Promise((resolve) => {
        queue.add({
          url,
          entry,
          onTaken,
          body,
          headers: headersOf?.(body) ?? {
            'user-agent': 'facebookexternalua',
            'x-hub-signature-256': sign(body, secret),
          },
          firstAt: clock().getTime(),
          attempts: 0,
          tellFirst: resolve,
        });
        pump();
      });
    },
    isFull: () => queue.size + pauses.size >= MAX_PENDING,
    stop() {
      isStopped = true;
      for (const cancel of pauses.values()) cancel();
      pauses.clear();
      for (const webhook of queue) if (webhook.attempts === 0) webhook.tellFirst(undefined);
      queue.clear();
    },
  };
}

function escaped(json: string): string {
  return json.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
