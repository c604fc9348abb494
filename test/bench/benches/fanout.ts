import type { Bench, Contender, Measurement, Settings, Target } from '../harness/bench.js';
import { canPin, runLoad } from '../harness/processes.js';
import type { FanoutResult, FanoutTask } from '../load/fanout.load.js';
import { fensterTarget, floorTarget, graphqlWsTarget, mercuriusTarget } from './contenders.js';
import { measureLatency } from './latency.js';
import { deliveryNotes } from './delivery-notes.js';

const CUSTOMERS = 16;
/** Many events to few agents: what executes them gets warm sooner. */
const LAP = { rate: 200, agents: 20 };
const PATIENCE_MS = 10_000;
const LOAD_MARGIN_MS = 120_000;

export const fanout: Bench = {
  name: 'fanout',
  title: 'deliveries a second from one publisher to all subscribers, as many events on their way as the window allows',
  headline: 'per_s',
  isLessBetter: false,
  targets: ['us/graphql-ws at least 4 (10 later), with rights checked by us alone'],
  contenders: (environment, settings) => [
    {
      name: 'us',
      description: `from the webhook through all services to ${settings.subscribers} agents at the gateway, one in ten with other rights; fields of three services`,
      start: () => fensterTarget(environment, settings),
      ...follows,
    },
    {
      name: 'floor',
      description: 'node:http that checks the signature and sends ready bytes to every ws socket',
      start: () => floorTarget(environment),
      ...follows,
    },
    {
      name: 'graphql-ws',
      description: 'one process in memory: graphql-ws, executing for each subscriber; no rights checked',
      start: () => graphqlWsTarget(environment),
      ...follows,
    },
    {
      name: 'mercurius',
      description:
        'one process in memory: Mercurius, executing for each subscriber, compiled queries on; no rights checked',
      peerPackage: 'mercurius',
      start: () => mercuriusTarget(environment),
      ...follows,
    },
  ],
};

const follows: Pick<Contender, 'measure' | 'warmUp'> = {
  measure,
  warmUp: (target, settings, run) => measureLatency(target, { ...settings, ...LAP }, run),
};

async function measure(target: Target, settings: Settings, run: string): Promise<Measurement> {
  const { warmUpMs, measureMs, subscribers, window } = settings;
  const task: FanoutTask = {
    webhook: target.webhook,
    sockets: target.sockets(subscribers),
    run,
    customers: CUSTOMERS,
    warmUpMs,
    measureMs,
    window,
    patienceMs: PATIENCE_MS,
  };
  const { result, cores } = await runLoad<FanoutTask, FanoutResult>('load/fanout.load.ts', task, {
    isPinned: canPin,
    patienceMs: warmUpMs + measureMs + 3 * PATIENCE_MS + LOAD_MARGIN_MS,
  });
  const { p50_ms, p99_ms, ackP50Ms, deliveries, elapsedMs, events } = result;
  return {
    figures: {
      per_s: (deliveries / elapsedMs) * 1_000,
      events_per_s: (events / elapsedMs) * 1_000,
      p50_ms,
      p99_ms,
      ack_p50_ms: ackP50Ms,
      load_cores: cores,
    },
    verdict: result,
    notes: deliveryNotes(result),
  };
}
