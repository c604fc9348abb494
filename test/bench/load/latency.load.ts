import { Samples } from '../harness/statistics.js';
import { gather, type AudienceTask } from './audience.js';
import { DeliveryBook } from './frame-check.js';
import { HttpConnection } from './http-connection.js';
import { serveLoad } from './load-process.js';
import { requestMaker, type WebhookMessage } from './webhook-requests.js';

export interface LatencyTask extends AudienceTask {
  /** Webhooks a second, at even distances, whether answers come or not. */
  rate: number;
  warmUpMs: number;
  measureMs: number;
  connections: number;
  /** How long stragglers are waited for after the last webhook, and after how long a silence no more are expected. */
  patienceMs: number;
  silenceMs: number;
}

export interface DeliveryResult {
  p50_ms: number;
  p99_ms: number;
  max_ms: number;
  deliveries: number;
  lost: number;
  duplicated: number;
  reordered: number;
  incomplete: number;
  /** Webhooks without a 2xx answer. */
  refused: number;
}

export interface LatencyResult extends DeliveryResult {
  /** How late the sender itself was: part of every latency above. */
  sender_p99_ms: number;
  ack_p99_ms: number;
}

serveLoad(async (task: LatencyTask): Promise<LatencyResult> => {
  const { webhook, run, customers, rate } = task;
  const audience = await gather(task);
  const total = Math.floor((rate * (task.warmUpMs + task.measureMs)) / 1_000);
  const firstMeasured = Math.floor((rate * task.warmUpMs) / 1_000);
  const messages: WebhookMessage[] = Array.from({ length: total }, (_, index) => ({
    customer: index % customers,
    number: Math.floor(index / customers) + 1,
  }));
  const make = requestMaker(webhook, run);
  const requests = messages.map(make);
  const perCustomer = Math.ceil(total / customers) + 1;
  const book = new DeliveryBook({ agents: task.sockets.length, customers, perCustomer, run });
  const indexOf = new Map(messages.map((message, index) => [book.keyOf(message), index]));
  const idle = await Promise.all(
    Array.from({ length: task.connections }, () => new HttpConnection(webhook.url).open()),
  );
  const all = [...idle];

  const start = performance.now() + 50;
  const intended = (index: number) => start + (index * 1_000) / rate;
  const [deliveries, sender, acks] = [new Samples(), new Samples(), new Samples()];
  audience.onFrame = (payload, agent) => {
    const key = book.enter(payload, agent);
    if (key === undefined) return;
    const index = indexOf.get(key)!;
    if (index >= firstMeasured) deliveries.add(performance.now() - intended(index));
  };

  let refused = 0;
  const accepted: WebhookMessage[] = [];
  const waiting: number[] = [];
  const post = (connection: HttpConnection, index: number) => {
    const isMeasured = index >= firstMeasured;
    if (isMeasured) sender.add(performance.now() - intended(index));
    connection.post(requests[index]!, (status) => {
      if (isMeasured) acks.add(performance.now() - intended(index));
      if (status >= 200 && status < 300) accepted.push(messages[index]!);
      else refused += 1;
      const next = waiting.shift();
      if (next === undefined) idle.push(connection);
      else post(connection, next);
    });
  };
  await new Promise<void>((resolve) => {
    let next = 0;
    const tick = () => {
      const now = performance.now();
      while (next < total && intended(next) <= now) {
        const connection = idle.pop();
        if (connection) post(connection, next);
        else waiting.push(next);
        next += 1;
      }
      if (next === total) resolve();
      else setTimeout(tick, 1);
    };
    tick();
  });
  const patientUntil = performance.now() + task.patienceMs;
  let lastProgress = -1;
  let silentUntil = 0;
  for (;;) {
    const now = performance.now();
    const progress = book.deliveries + accepted.length + refused;
    if (progress > lastProgress) silentUntil = now + task.silenceMs;
    lastProgress = progress;
    const isSettled = accepted.length + refused === total && book.missing(accepted) === 0;
    if (isSettled || now > patientUntil || now > silentUntil) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // What has not come by now took at least this long.
  for (const message of accepted) {
    const index = indexOf.get(book.keyOf(message))!;
    if (index < firstMeasured) continue;
    const missing = book.missing([message]);
    for (let each = 0; each < missing; each++) deliveries.add(performance.now() - intended(index));
  }
  audience.assertWhole();
  audience.close();
  for (const connection of all) connection.close();
  return {
    ...deliveries.summary(),
    deliveries: book.deliveries,
    lost: book.missing(accepted),
    duplicated: book.duplicated,
    reordered: book.reordered,
    incomplete: book.incomplete,
    refused,
    sender_p99_ms: sender.summary().p99_ms,
    ack_p99_ms: acks.summary().p99_ms,
  };
});
