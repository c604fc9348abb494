import type { Clock, Logger } from '@fenster/runtime';
import { request, type Dispatcher } from 'undici';
import { sign } from './webhook-body.js';

/** Runs `task` once after `delayMs`; the result cancels it. */
export type Schedule = (delayMs: number, task: () => void) => () => void;

export interface WebhookSenderOptions {
  callbackUrl: string;
  appSecret: string;
  concurrency: number;
  dispatcher: Dispatcher;
  schedule: Schedule;
  clock: Clock;
  log: Logger;
}

export interface WebhookSender {
  /**
   * Posts `body`, signed, and repeats it until the answer is 200, as Meta does: at once, then ever less often, for seven days.
   * @returns the status of the first attempt, or undefined if there was no answer.
   */
  deliver(body: object): Promise<number | undefined>;
  /** True while so many webhooks wait that no further ones should be caused. */
  isFull(): boolean;
  /** Gives up what waits. */
  stop(): void;
}

interface Webhook {
  body: string;
  signature: string;
  firstAt: number;
  attempts: number;
  tellFirst: (status: number | undefined) => void;
}

const MAX_PENDING = 100_000;
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
    if (status === 200 || isStopped) return;
    if (clock().getTime() - webhook.firstAt >= GIVE_UP_AFTER_MS) {
      log.error({ attempts: webhook.attempts, status }, 'webhook given up');
      return;
    }
    log.debug({ attempts: webhook.attempts, status }, 'webhook not taken, will be repeated');
    const retry = () => {
      pauses.delete(webhook);
      queue.add(webhook);
      pump();
    };
    pauses.set(webhook, schedule(retryDelayMs(webhook.attempts), retry));
  };

  const post = async ({ body, signature }: Webhook): Promise<number | undefined> => {
    try {
      const response = await request(options.callbackUrl, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'facebookexternalua',
          'x-hub-signature-256': signature,
        },
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
    deliver(value) {
      const body = JSON.stringify(value);
      return new Promise((resolve) => {
        queue.add({
          body,
          signature: sign(body, options.appSecret),
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
