import { setTimeout as wait } from 'node:timers/promises';
import type { Bench, Measurement, Settings, Target } from '../harness/bench.js';
import type { Environment } from '../harness/environment.js';
import { canPin, runLoad } from '../harness/processes.js';
import type { IngestResult, IngestTask } from '../load/ingest.load.js';
import { fensterTarget, floorTarget, graphqlWsTarget, parseServerTarget } from './contenders.js';
import { judge, type StoredRow } from './stored-order.js';

const DUPLICATES = 0.1;
/** Distinct webhooks a second that are prepared; nobody who stores them gets through all. */
const MAX_STORED_PER_S = 14_000;
/** For who stores nothing: these again and again. */
const REPEATED = 20_000;
const DRAIN_MS = 60_000;
const DRAIN_POLL_MS = 25;
const LOAD_MARGIN_MS = 60_000;

export const ingest: Bench = {
  name: 'ingest',
  title: 'signed webhooks answered 200 a second, each stored before its answer; 10 % of them duplicates',
  headline: 'per_s',
  isLessBetter: false,
  targets: ['us/floor at least 0.25 (0.35 later)', 'rows_per_s of us at least 4,000'],
  contenders: (environment, settings) => [
    {
      name: 'us',
      description:
        'all services, each in its process; rows_per_s: until the last acknowledged one is a message row of conversation',
      start: () => fensterTarget(environment, settings),
      measure: (target, given, run) => measureUs(target, environment, given, run),
    },
    {
      name: 'floor',
      description: 'node:http that reads the body, checks the signature and answers 200; stores nothing',
      start: () => floorTarget(environment),
      measure: measureFloor,
    },
    {
      name: 'plain',
      description: 'node:http and pg, one transaction per webhook before the 200: contact, conversation, message',
      start: () => graphqlWsTarget(environment, 'bench_plain'),
      measure: (target, given, run) =>
        measureStore(target, given, run, () =>
          environment.query('bench_plain', 'select wamid from message order by conversation_id, seq'),
        ),
    },
    {
      name: 'parse',
      description: 'Parse Server, one create call per message; no signature, no conversation, no duplicates known',
      peerPackage: 'parse-server',
      start: () => parseServerTarget(environment, 'bench_parse'),
      measure: (target, given, run) =>
        measureStore(target, given, run, () =>
          environment.query('bench_parse', 'select wamid from "Message" order by "createdAt"'),
        ),
    },
  ],
};

async function post(target: Target, settings: Settings, run: string, maxDistinct: number) {
  const { warmUpMs, measureMs, connections, customers } = settings;
  const task: IngestTask = {
    target: target.webhook,
    run,
    connections,
    customers,
    warmUpMs,
    measureMs,
    duplicates: DUPLICATES,
    maxDistinct,
  };
  return runLoad<IngestTask, IngestResult>('load/ingest.load.ts', task, {
    isPinned: canPin,
    patienceMs: warmUpMs + measureMs + LOAD_MARGIN_MS,
  });
}

function figuresOf({ result, cores }: { result: IngestResult; cores: number }): Record<string, number> {
  const { acked, elapsedMs, p50_ms, p99_ms } = result;
  return { per_s: (acked / elapsedMs) * 1_000, p50_ms, p99_ms, load_cores: cores };
}

function notesOf({ statuses }: IngestResult): string[] {
  return Object.entries(statuses)
    .filter(([status]) => !status.startsWith('2'))
    .map(([status, count]) => `${count} posts were answered ${status === '0' ? 'not at all' : status}`);
}

const storable = ({ warmUpMs, measureMs }: Settings) => Math.ceil(((warmUpMs + measureMs) / 1_000) * MAX_STORED_PER_S);

async function measureUs(
  target: Target,
  environment: Environment,
  settings: Settings,
  run: string,
): Promise<Measurement> {
  const rowsNow = async () => {
    const [row] = await environment.query<{ count: string }>(
      'conversation',
      'select coalesce(sum(last_seq), 0) as count from thread',
    );
    return Number(row!.count);
  };
  const before = await rowsNow();
  const load = await post(target, settings, run, storable(settings));
  const { result } = load;
  const deadline = Date.now() + DRAIN_MS;
  while ((await rowsNow()) - before < result.distinctAcked && Date.now() < deadline) await wait(DRAIN_POLL_MS);
  const drainedMs = Math.max(Date.now(), result.endedAt) - result.startedAt;
  const rows = await environment.query<StoredRow>(
    'conversation',
    'select thread.phone, message.provider_message_id as wamid from message join thread on thread.id = message.thread_id order by thread.id, message.seq',
  );
  return {
    figures: { ...figuresOf(load), rows_per_s: (result.distinctAcked / drainedMs) * 1_000 },
    verdict: judge({ run, ...result }, rows),
    notes: notesOf(result),
  };
}

async function measureFloor(target: Target, settings: Settings, run: string): Promise<Measurement> {
  const load = await post(target, settings, run, REPEATED);
  return { figures: figuresOf(load), verdict: { lost: 0, duplicated: 0, reordered: 0 }, notes: notesOf(load.result) };
}

/** They store before they answer, so that a row per second is an answer per second. */
async function measureStore(
  target: Target,
  settings: Settings,
  run: string,
  rows: () => Promise<StoredRow[]>,
): Promise<Measurement> {
  const load = await post(target, settings, run, storable(settings));
  const verdict = judge({ run, ...load.result }, await rows());
  const { lost, duplicated } = verdict;
  return {
    figures: {
      ...figuresOf(load),
      rows_per_s: (load.result.distinctAcked / (load.result.endedAt - load.result.startedAt)) * 1_000,
    },
    verdict,
    notes: [...notesOf(load.result), `lost ${lost}, duplicated ${duplicated}`],
  };
}
