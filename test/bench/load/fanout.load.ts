import { Samples } from '../harness/statistics.js';
import { gather, type AudienceTask } from './audience.js';
import { DeliveryBook } from './frame-check.js';
import { HttpConnection } from './http-connection.js';
import type { DeliveryResult } from './latency.load.js';
import { serveLoad } from './load-process.js';
import { requestMaker, type WebhookMessage } from './webhook-requests.js';

export interface FanoutTask extends AudienceTask {
  warmUpMs: number;
  measureMs: number;
  /** How many events may be on their way: the next one leaves when every agent has the one that many before it. */
  window: number;
  patienceMs: number;
}

export interface FanoutResult extends DeliveryResult {
  events: number;
  elapsedMs: number;
  /** One at a time for each customer, they limit how fast the publisher is. */
  ackP50Ms: number;
}

const MAX_EVENTS = 20_000;

serveLoad(async (task: FanoutTask): Promise<FanoutResult> => {
  const { webhook, run, customers, window } = task;
  const audience = await gather(task);
  const perCustomer = Math.ceil(MAX_EVENTS / customers) + 1;
  const agents = task.sockets.length;
  const book = new DeliveryBook({ agents, customers, perCustomer, run });
  const make = requestMaker(webhook, run);
  /** One connection per customer and one post at a time on each: the order of a customer's events is defined. */
  const connections = await Promise.all(
    Array.from({ length: customers }, () => new HttpConnection(webhook.url).open()),
  );
  const samples = new Samples();
  const acks = new Samples();
  const published: { message: WebhookMessage; key: number; at: number }[] = [];
  const atOf = new Map<number, number>();
  let refused = 0;
  let done = 0;
  let isMeasuring = false;
  let deliveredBefore = 0;
  let wake: (() => void) | undefined;
  let lastFrameAt = 0;

  audience.onFrame = (payload, agent) => {
    const key = book.enter(payload, agent);
    if (key === undefined) return;
    lastFrameAt = performance.now();
    if (isMeasuring) samples.add(lastFrameAt - atOf.get(key)!);
    if (!book.isDone(published[done]!.key)) return;
    while (done < published.length && book.isDone(published[done]!.key)) done += 1;
    wake?.();
  };
  const until = async (condition: () => boolean, patienceMs: number) => {
    const deadline = performance.now() + patienceMs;
    while (!condition() && performance.now() < deadline) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 50);
        wake = () => {
          clearTimeout(timer);
          wake = undefined;
          resolve();
        };
      });
    }
    return condition();
  };
  const publish = (message: WebhookMessage) => {
    const key = book.keyOf(message);
    const at = performance.now();
    atOf.set(key, at);
    published.push({ message, key, at });
    connections[message.customer]!.post(make(message), (status) => {
      if (isMeasuring) acks.add(performance.now() - at);
      if (status < 200 || status >= 300) refused += 1;
      wake?.();
    });
  };
  const publishFor = async (durationMs: number) => {
    const end = performance.now() + durationMs;
    while (performance.now() < end && published.length < MAX_EVENTS) {
      const count = published.length;
      const customer = count % customers;
      const isReady = () => count - done < window && !connections[customer]!.isBusy;
      if (!(await until(isReady, task.patienceMs))) return;
      publish({ customer, number: Math.floor(count / customers) + 1 });
    }
  };

  await publishFor(task.warmUpMs);
  await until(() => done === published.length, task.patienceMs);
  isMeasuring = true;
  deliveredBefore = book.deliveries;
  const eventsBefore = published.length;
  const start = performance.now();
  await publishFor(task.measureMs);
  await until(() => done === published.length, task.patienceMs);
  audience.assertWhole();
  audience.close();
  for (const connection of connections) connection.close();
  return {
    ...samples.summary(),
    events: published.length - eventsBefore,
    elapsedMs: lastFrameAt - start,
    ackP50Ms: acks.summary().p50_ms,
    deliveries: book.deliveries - deliveredBefore,
    lost: book.missing(published.map(({ message }) => message)),
    duplicated: book.duplicated,
    reordered: book.reordered,
    incomplete: book.incomplete,
    refused,
  };
});
