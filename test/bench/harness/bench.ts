import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SocketTarget } from '../load/agent-socket.js';
import type { WebhookTarget } from '../load/webhook-requests.js';
import type { Environment } from './environment.js';
import { untilIdle, watchCpu, type CpuUse, type Machine } from './machine.js';
import { median } from './statistics.js';

export interface Settings {
  rounds: number;
  /** Measured time of each step. */
  measureMs: number;
  /** Of the lap before the first round. */
  warmLapMs: number;
  warmUpMs: number;
  connections: number;
  customers: number;
  rate: number;
  agents: number;
  subscribers: number;
  window: number;
  /** Of a ledger. */
  entries: number;
  rows: number;
  /** How long all steps together may wait for an idle machine. */
  idleMs: number;
  logLevel: string;
  /** Names of contenders; empty means all. */
  only: readonly string[];
  profileTo?: string;
}

/** What may not happen to ours. */
export interface Verdict {
  lost: number;
  duplicated: number;
  reordered: number;
}

export interface Measurement {
  figures: Record<string, number>;
  verdict: Verdict;
  /** Worth knowing about this step. */
  notes: string[];
}

/** A server that has been started. */
export interface Target {
  webhook: WebhookTarget;
  /** One for each agent. */
  sockets(agents: number): SocketTarget[];
  /** Process trees of the server side, by name. */
  processes: Record<string, number | undefined>;
}

/** Who takes part, and how. */
export interface Contender {
  /** `us`, `floor`, or the peer's name. */
  name: string;
  description: string;
  /** A package that is installed with the peers, or not. */
  peerPackage?: string;
  start(): Promise<Target>;
  /** `run` is different every time. */
  measure(target: Target, settings: Settings, run: string): Promise<Measurement>;
  /** Work as it will be measured, so that the first round does not measure the compiler; by default the measurement itself. */
  warmUp?(target: Target, settings: Settings, run: string): Promise<unknown>;
}

export interface Bench {
  name: string;
  title: string;
  /** The figure that ratios are made of. */
  headline: string;
  isLessBetter: boolean;
  targets: string[];
  /** How long it may take to prepare, beyond what others do. */
  preparationMs?: number;
  contenders(environment: Environment, settings: Settings): Contender[];
}

export interface Step extends Measurement {
  contender: string;
  round: number;
  cpu: CpuUse | undefined;
}

export interface BenchResult {
  bench: Bench;
  machine: Machine;
  contenders: { name: string; description: string; processes: string[] }[];
  skipped: string[];
  steps: Step[];
  /** Rounds that others disturbed more than they may, and that are left out of the medians. */
  disturbed: number[];
  results: Record<string, Record<string, number>>;
  ratios: Record<string, number>;
  verdict: Verdict;
}

const IDLE_SHARE = 0.9;
/** Cores that others may use during a step (performance.md §5). */
export const MAX_OTHERS = 0.15;

/** A B C A B C: what drifts on the machine drifts for all. */
export async function runBench(
  bench: Bench,
  environment: Environment,
  settings: Settings,
  progress: (line: string) => void,
): Promise<BenchResult> {
  const skipped: string[] = [];
  const started: { contender: Contender; target: Target }[] = [];
  for (const contender of bench.contenders(environment, settings)) {
    const { name, peerPackage } = contender;
    if (settings.only.length > 0 && !settings.only.includes(name)) continue;
    if (peerPackage === undefined || isInstalled(peerPackage))
      started.push({ contender, target: await contender.start() });
    else skipped.push(`${name} is left out: ${peerPackage} is not installed (npm run bench:peers installs it).`);
  }
  skipped.forEach(progress);
  const lap = { ...settings, measureMs: settings.warmLapMs };
  for (const { contender, target } of started) {
    const { name } = contender;
    await (contender.warmUp ?? contender.measure)(target, lap, `${name}0`);
  }
  const steps: Step[] = [];
  let patienceMs = settings.idleMs;
  for (let round = 1; round <= settings.rounds; round++) {
    for (const { contender, target } of started) {
      const { name } = contender;
      patienceMs = await untilIdle(IDLE_SHARE, patienceMs);
      const stop = watchCpu(target.processes);
      const measurement = await contender.measure(target, settings, `${name}${round}`);
      const step = { contender: name, round, ...measurement, cpu: stop() };
      steps.push(step);
      progress(`round ${round}/${settings.rounds}  ${name.padEnd(10)} ${describeStep(step)}`);
    }
  }
  const contenders = started.map(({ contender: { name, description }, target }) => ({
    name,
    description,
    processes: Object.keys(target.processes),
  }));
  return { bench, machine: environment.machine, contenders, skipped, steps, ...summarise(bench, steps) };
}

const isInstalled = (peerPackage: string) =>
  existsSync(fileURLToPath(new URL(`../peers/node_modules/${peerPackage}/package.json`, import.meta.url)));

function describeStep({ figures, cpu }: Step): string {
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${formatFigure(name, value)}`);
  return `${shown.join('  ')}${cpu ? `  others ${cpu.others.toFixed(2)}` : ''}`;
}

export function formatFigure(name: string, value: number): string {
  if (Number.isNaN(value)) return '–';
  return name.endsWith('_ms') || name.endsWith('cores') ? value.toFixed(2) : Math.round(value).toLocaleString('en');
}

/** Medians of rounds, and of the ratios within rounds. */
export function summarise(
  { headline }: Pick<Bench, 'headline'>,
  steps: readonly Step[],
): Pick<BenchResult, 'disturbed' | 'results' | 'ratios' | 'verdict'> {
  const rounds = [...new Set(steps.map(({ round }) => round))];
  const isDisturbed = (round: number) =>
    steps.some((step) => step.round === round && (step.cpu?.others ?? 0) > MAX_OTHERS);
  const disturbed = rounds.filter(isDisturbed);
  // With no quiet round at all the others are better than nothing; the report says so.
  const counted = disturbed.length < rounds.length ? steps.filter(({ round }) => !disturbed.includes(round)) : steps;
  const results: Record<string, Record<string, number>> = {};
  for (const [contender, own] of Map.groupBy(counted, (step) => step.contender)) {
    const names = Object.keys(own[0]!.figures);
    results[contender] = Object.fromEntries(
      names.map((name) => [name, median(own.map(({ figures }) => figures[name]!))]),
    );
  }
  const figureOf = (contender: string, round: number) =>
    counted.find((step) => step.contender === contender && step.round === round)?.figures[headline];
  const ratios: Record<string, number> = {};
  for (const other of Object.keys(results)) {
    if (other === 'us' || !results['us']) continue;
    const ofRounds = rounds.flatMap((round) => {
      const [us, them] = [figureOf('us', round), figureOf(other, round)];
      return us === undefined || them === undefined ? [] : [us / them];
    });
    ratios[`us_over_${other}`] = median(ofRounds);
  }
  const ours = steps.filter(({ contender }) => contender === 'us');
  const total = (count: (verdict: Verdict) => number) => ours.reduce((sum, { verdict }) => sum + count(verdict), 0);
  const verdict = {
    lost: total(({ lost }) => lost),
    duplicated: total(({ duplicated }) => duplicated),
    reordered: total(({ reordered }) => reordered),
  };
  return { disturbed, results, ratios, verdict };
}
