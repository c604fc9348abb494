import { Samples } from '../harness/statistics.js';
import { HttpConnection } from './http-connection.js';
import { serveLoad } from './load-process.js';
import { requestMaker, type WebhookTarget } from './webhook-requests.js';

export interface IngestTask {
  target: WebhookTarget;
  run: string;
  connections: number;
  /** Each writes on one connection only, so that their order is defined: the next message leaves after the answer to the last. */
  customers: number;
  warmUpMs: number;
  measureMs: number;
  /** Share of posts that repeat an earlier body, as a provider does that missed an answer. */
  duplicates: number;
  /** More distinct webhooks are not made; from there on they are repeated, which only a server that stores nothing may be asked to bear. */
  maxDistinct: number;
}

export interface IngestResult {
  /** Answers 200 within the measured time, duplicates included. */
  acked: number;
  elapsedMs: number;
  p50_ms: number;
  p99_ms: number;
  /** Posts from the beginning of the warm-up on. */
  posted: number;
  statuses: Record<number, number>;
  /** By customer: the highest number posted. */
  sent: Int32Array;
  /** By customer: numbers that were never answered 200. */
  unacked: Map<number, number[]>;
  distinctAcked: number;
  /** Of the first post, and of the last answer; milliseconds since the epoch. */
  startedAt: number;
  endedAt: number;
}

interface Prepared {
  request: Buffer;
  customer: number;
  number: number;
}

serveLoad(async (task: IngestTask): Promise<IngestResult> => {
  const corpora = prepare(task);
  const connections = await Promise.all(corpora.map(() => new HttpConnection(task.target.url).open()));
  const samples = new Samples();
  const statuses: Record<number, number> = {};
  const sent = new Int32Array(task.customers);
  const unacked = new Map<number, Set<number>>();
  let posted = 0;
  let acked = 0;
  const startedAt = Date.now();
  const start = performance.now();
  const measureFrom = start + task.warmUpMs;
  const measureTo = measureFrom + task.measureMs;
  let endedAt = start;

  await Promise.all(
    connections.map(
      (connection, index) =>
        new Promise<void>((resolve) => {
          const corpus = corpora[index]!;
          let at = 0;
          const next = () => {
            const sentAt = performance.now();
            if (sentAt >= measureTo) return resolve();
            const { request, customer, number } = corpus[at++ % corpus.length]!;
            posted += 1;
            if (number > sent[customer]!) {
              sent[customer] = number;
              setOf(unacked, customer).add(number);
            }
            connection.post(request, (status) => {
              const now = performance.now();
              statuses[status] = (statuses[status] ?? 0) + 1;
              endedAt = now;
              if (status >= 200 && status < 300) {
                unacked.get(customer)?.delete(number);
                if (now >= measureFrom && now < measureTo) {
                  acked += 1;
                  samples.add(now - sentAt);
                }
              }
              next();
            });
          };
          next();
        }),
    ),
  );
  for (const connection of connections) connection.close();
  const { p50_ms, p99_ms } = samples.summary();
  const missing = new Map(
    [...unacked].filter(([, numbers]) => numbers.size > 0).map(([customer, numbers]) => [customer, [...numbers]]),
  );
  const distinct = sent.reduce((sum, count) => sum + count, 0);
  return {
    acked,
    elapsedMs: task.measureMs,
    p50_ms,
    p99_ms,
    posted,
    statuses,
    sent,
    unacked: missing,
    distinctAcked: distinct - [...missing.values()].reduce((sum, numbers) => sum + numbers.length, 0),
    startedAt,
    endedAt: startedAt + (endedAt - start),
  };
});

/** All posts of each connection, in order, made before anything is measured. */
function prepare(task: IngestTask): Prepared[][] {
  const make = requestMaker(task.target, task.run);
  const random = pseudoRandom(1);
  const perConnection = Math.ceil(task.maxDistinct / task.connections);
  return Array.from({ length: task.connections }, (_, connection) => {
    const customers: number[] = [];
    for (let customer = connection; customer < task.customers; customer += task.connections) customers.push(customer);
    const posts: Prepared[] = [];
    let distinct = 0;
    while (distinct < perConnection) {
      if (posts.length > 0 && random() < task.duplicates) {
        posts.push(posts[Math.max(0, posts.length - 1 - Math.floor(random() * 200))]!);
        continue;
      }
      const customer = customers[distinct % customers.length]!;
      const number = Math.floor(distinct / customers.length) + 1;
      posts.push({ request: make({ customer, number }), customer, number });
      distinct += 1;
    }
    return posts;
  });
}

function setOf(sets: Map<number, Set<number>>, key: number): Set<number> {
  let set = sets.get(key);
  if (!set) sets.set(key, (set = new Set()));
  return set;
}

/** Mulberry32: the same in every run, so that all contenders get the same. */
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
