import type { Bench, Measurement, Settings, Target } from '../harness/bench.js';
import { canPin, runLoad } from '../harness/processes.js';
import type { LatencyResult, LatencyTask } from '../load/latency.load.js';
import { fensterTarget, floorTarget, graphqlWsTarget } from './contenders.js';
import { deliveryNotes } from './delivery-notes.js';

const CONNECTIONS = 64;
const CUSTOMERS = 200;
const PATIENCE_MS = 45_000;
const SILENCE_MS = 5_000;
const LOAD_MARGIN_MS = 90_000;

export const latency: Bench = {
  name: 'latency',
  title:
    "from a webhook's intended sending to the frame at each of the agents, webhooks at even distances whatever the answers",
  headline: 'p99_ms',
  isLessBetter: true,
  targets: ['p99_ms of us at most 25 at 1,000 webhooks a second (8 later)'],
  contenders: (environment, settings) => [
    {
      name: 'us',
      description: `all services; ${settings.agents} agents at the gateway with fields of three services, ${settings.rate} webhooks a second`,
      start: () => fensterTarget(environment, settings),
      measure: measureLatency,
    },
    {
      name: 'floor',
      description: 'node:http that checks the signature and sends ready bytes to every ws socket; stores nothing',
      start: () => floorTarget(environment),
      measure: measureLatency,
    },
    {
      name: 'plain',
      description: 'one process: a transaction per webhook with pg, then graphql-ws, executing for each agent',
      start: () => graphqlWsTarget(environment, 'bench_plain'),
      measure: measureLatency,
    },
  ],
};

export async function measureLatency(target: Target, settings: Settings, run: string): Promise<Measurement> {
  const { warmUpMs, measureMs, rate, agents } = settings;
  const task: LatencyTask = {
    webhook: target.webhook,
    sockets: target.sockets(agents),
    run,
    customers: CUSTOMERS,
    rate,
    warmUpMs,
    measureMs,
    connections: CONNECTIONS,
    patienceMs: PATIENCE_MS,
    silenceMs: SILENCE_MS,
  };
  const { result, cores } = await runLoad<LatencyTask, LatencyResult>('load/latency.load.ts', task, {
    isPinned: canPin,
    patienceMs: warmUpMs + measureMs + PATIENCE_MS + LOAD_MARGIN_MS,
  });
  const { p50_ms, p99_ms, max_ms, ack_p99_ms, sender_p99_ms } = result;
  return {
    figures: { p50_ms, p99_ms, max_ms, ack_p99_ms, sender_p99_ms, load_cores: cores },
    verdict: result,
    notes: deliveryNotes(result),
  };
}
