import { setTimeout as delay } from 'node:timers/promises';
import { demoMember } from '../support/demo.js';
import { Agents } from './agents.js';
import { waitFor } from './back-off.js';
import { Books } from './books.js';
import { Customers, type Tally } from './customers.js';
import { startPlant, VICTIMS, type Plant, type PlantOptions, type Victim } from './plant.js';
import { createRandom, type Random } from './random.js';
import { reckon, repeatHistory, settle, type Witnesses } from './reckoning.js';
import { Session } from './session.js';
import { Subscriber } from './subscriber.js';
import { add, newVerdict, type Verdict } from './verdict.js';

export interface FaultRunOptions {
  seed: number;
  webhooksPerSecond: number;
  customers: number;
  /** Kills until this is over, but at least each victim once. In milliseconds. */
  durationMs: number;
  /** Between a return to work and the next kill, in milliseconds. */
  pauseMs: readonly [least: number, most: number];
  /** How long everything that is under way may take to arrive once nothing is killed any more. */
  settleMs: number;
  plant?: PlantOptions;
  /** Ends the run early, with an error, and leaves nothing behind. */
  signal?: AbortSignal;
  log?: (line: string) => void;
}

/** One kill and what the outside world noticed of it, in milliseconds. */
export interface Kill {
  victim: Victim;
  /** Until the process was there again and everything said to be ready. */
  downMs: number;
  /** The longest time without a 200 to a webhook. */
  ingestGapMs: number;
  /** The longest time without an event, of the subscriber who waited longest. */
  deliveryGapMs: number;
  /** Until every subscriber had all that had been acknowledged when the victim was back; undefined if the next kill came first. */
  caughtUpMs: number | undefined;
}

export interface FaultReport extends Verdict {
  seed: number;
  seconds: number;
  customers: number;
  tally: Tally;
  replies: number;
  replyRetries: number;
  unconfirmed: number;
  /** Events at all subscribers together. */
  deliveries: number;
  /** Connections of subscribers that ended before their time. */
  interrupted: number;
  kills: Kill[];
  /** From the end of the load until everything had arrived. */
  settledMs: number;
  /** Everything once more, from the rebuilt streams. */
  repeated: { events: number; ms: number };
}

const REPLIES_PER_SECOND = 8;
/** How long the first things may take. */
const BEGIN_MS = 30_000;
/** Longer than that a backlog is not waited for before the next kill. */
const CATCH_UP_MS = 5_000;

/** Kills everything that can be killed while customers write, agents answer and subscribers watch; then compares the books. */
export async function runFaults(options: FaultRunOptions): Promise<FaultReport> {
  const { log = () => {}, signal } = options;
  const plant = await startPlant({ log, ...options.plant });
  const cleanUp: (() => Promise<unknown>)[] = [() => plant.stop()];
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(new Error('The run was ended early.'));
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  try {
    return await Promise.race([play(plant, options, cleanUp), aborted.promise]);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    for (const step of cleanUp.toReversed())
      await step().catch((error: unknown) => log(`Cleaning up: ${String(error)}`));
  }
}

async function play(plant: Plant, options: FaultRunOptions, cleanUp: (() => Promise<unknown>)[]): Promise<FaultReport> {
  const { log = () => {}, settleMs } = options;
  const random = createRandom(options.seed);
  const { stack } = plant;
  const sessionOf = (role: string) => new Session(stack.graphqlUrl, demoMember(stack, role));
  const [agent, supervisor] = [sessionOf('agent'), sessionOf('supervisor')];
  const subscribers: Subscriber[] = [];
  const subscribe = (name: string, session: Session, conversationId?: string) => {
    const subscriber = new Subscriber({ name, session, graphqlUrl: stack.graphqlUrl, conversationId });
    subscribers.push(subscriber);
    cleanUp.push(() => subscriber.stop());
    subscriber.begin();
    return subscriber;
  };
  const areLive = () =>
    waitFor('every subscriber is live', () => subscribers.every(({ start }) => start !== undefined), {
      withinMs: BEGIN_MS,
    });
  const everything = [
    subscribe('agent 1', agent),
    subscribe('agent 2', agent),
    subscribe('supervisor 1', supervisor),
    subscribe('supervisor 2', supervisor),
  ];
  await areLive();

  const customers = new Customers({
    webhookUrl: stack.webhookUrl,
    appSecret: stack.deployment.secrets.appSecret,
    count: options.customers,
    webhooksPerSecond: options.webhooksPerSecond,
    random: random.fork(),
  });
  cleanUp.push(() => customers.stop());
  const known = everything[0]!.conversations;
  const agents = new Agents({
    graphqlUrl: stack.graphqlUrl,
    sessions: [agent, supervisor],
    conversations: () => [...known],
    repliesPerSecond: REPLIES_PER_SECOND,
    random: random.fork(),
  });
  cleanUp.push(() => agents.stop());

  const startedAt = performance.now();
  customers.start();
  agents.start();
  await waitFor('there are conversations', () => known.size >= 2, { withinMs: BEGIN_MS });
  const [first, second] = [...known];
  subscribe('agent in one conversation', agent, first);
  subscribe('supervisor in one conversation', supervisor, second);
  await areLive();

  const kills = await killUntil(startedAt + options.durationMs, options, { plant, customers, everything, random });
  const seconds = (performance.now() - startedAt) / 1_000;
  log('No more kills; waiting until everything has arrived.');
  const loadEndedAt = performance.now();
  await customers.finish(settleMs);
  await agents.finish(settleMs);
  const books = await Books.open(stack);
  cleanUp.push(() => books.close());
  const witnesses: Witnesses = { plant, customers, agents, subscribers, books };
  const verdict = newVerdict();
  await settle(books, verdict, settleMs);
  const settledMs = performance.now() - loadEndedAt;
  log('Everything has arrived, and is delivered once more.');
  const repeatedAt = performance.now();
  const events = await repeatHistory(witnesses, verdict, settleMs);
  const repeated = { events, ms: performance.now() - repeatedAt };
  const { unconfirmed, ...reckoned } = await reckon(witnesses, settleMs);
  add(verdict, reckoned);
  return {
    ...verdict,
    seed: options.seed,
    seconds,
    customers: options.customers,
    tally: customers.tally,
    replies: agents.replies.length,
    replyRetries: agents.retries,
    unconfirmed,
    deliveries: subscribers.reduce((sum, { received }) => sum + received, 0),
    interrupted: subscribers.reduce((sum, { interrupted }) => sum + interrupted, 0),
    kills,
    settledMs,
    repeated,
  };
}

interface Scene {
  plant: Plant;
  customers: Customers;
  /** Those who see every message. */
  everything: readonly Subscriber[];
  random: Random;
}

async function killUntil(deadline: number, options: FaultRunOptions, scene: Scene): Promise<Kill[]> {
  const { pauseMs, signal, log = () => {} } = options;
  const { plant, customers, everything, random } = scene;
  const kills: Kill[] = [];
  do {
    for (const victim of random.shuffled(VICTIMS)) {
      if (kills.length >= VICTIMS.length && performance.now() >= deadline) break;
      await delay(random.between(...pauseMs));
      signal?.throwIfAborted();
      customers.silence.begin();
      for (const subscriber of everything) subscriber.silence.begin();
      const killedAt = performance.now();
      await plant.kill(victim);
      const downMs = performance.now() - killedAt;
      const acknowledged = customers.acknowledged;
      const haveAll = () => everything.every(({ inboundMessages }) => inboundMessages >= acknowledged);
      const caughtUpMs = await waitFor('subscribers have caught up', haveAll, { withinMs: CATCH_UP_MS }).then(
        () => performance.now() - killedAt,
        () => undefined,
      );
      const deliveryGapMs = Math.max(...everything.map(({ silence }) => silence.longestMs));
      kills.push({ victim, downMs, ingestGapMs: customers.silence.longestMs, deliveryGapMs, caughtUpMs });
      const [down, gap] = [downMs, deliveryGapMs].map(Math.round);
      log(`killed ${victim}: back after ${down} ms, longest time without an event ${gap} ms`);
    }
  } while (performance.now() < deadline);
  return kills;
}
