import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { billing } from './benches/billing.js';
import { fanout } from './benches/fanout.js';
import { inboxList } from './benches/inbox-list.js';
import { importBench } from './benches/import.js';
import { ingest } from './benches/ingest.js';
import { isolation } from './benches/isolation.js';
import { latency } from './benches/latency.js';
import { runBench, type Bench, type Settings } from './harness/bench.js';
import { openEnvironment } from './harness/environment.js';
import { toJson, toTable } from './harness/report.js';

const BENCHES: readonly Bench[] = [ingest, latency, fanout, isolation, inboxList, billing, importBench];
const USAGE = `npm run bench -- NAME [options]

${BENCHES.map(({ name, title }) => `  ${name.padEnd(10)} ${title}`).join('\n')}

  --json            one object for machines on standard output, instead of the table
  --rounds 3        how often everybody is measured, in turn
  --quick           one short round, to see that everything works
  --seconds 5       measured time of each step
  --idle-wait 30    seconds that all steps together wait for an idle machine, at most
  --only us,floor   leaves the others out
  --connections 96  ingest: kept-alive connections
  --rate 1000       latency: webhooks a second
  --agents 20       latency: agents who receive each of them
  --subscribers 1000, --window 16
                    fanout: sockets, and events on their way
  --entries 10000000
                    billing: of the ledger
  --rows 1000000    import: of each file
  --profile FOLDER  writes a CPU profile of each of our services there, and what PostgreSQL spent on which statement

Exits with 1 if anything of ours was lost, came twice or out of order.
`;
const OPTIONS = {
  json: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  'idle-wait': { type: 'string' },
  only: { type: 'string', default: '' },
  connections: { type: 'string', default: '96' },
  rate: { type: 'string', default: '1000' },
  agents: { type: 'string', default: '20' },
  subscribers: { type: 'string', default: '1000' },
  window: { type: 'string', default: '16' },
  entries: { type: 'string', default: '10000000' },
  rows: { type: 'string', default: '1000000' },
  profile: { type: 'string' },
} as const;

/** Beyond the measured time and the waiting. Nothing takes this long; if it does, it is ended and cleared away. */
const MARGIN_MS = 240_000;

class UsageError extends Error {}

function read(args: string[]): { bench: Bench; settings: Settings; isJson: boolean; limitMs: number } {
  let parsed;
  try {
    parsed = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) throw new UsageError('');
  const bench = BENCHES.find(({ name }) => name === positionals[0]);
  if (!bench || positionals.length > 1)
    throw new UsageError(`Name one of: ${BENCHES.map(({ name }) => name).join(', ')}.`);
  const number = (name: keyof typeof values, fallback?: number) => {
    const value = Number(values[name] ?? fallback);
    if (!Number.isFinite(value) || value <= 0) throw new UsageError(`--${name} must be a number above zero.`);
    return value;
  };
  const { quick } = values;
  const rounds = number('rounds', quick ? 1 : 3);
  const measureMs = number('seconds', quick ? 2 : 5) * 1_000;
  const idleMs = number('idle-wait', quick ? 3 : 30) * 1_000;
  return {
    bench,
    isJson: values.json,
    limitMs: MARGIN_MS + (bench.preparationMs ?? 0) + idleMs + rounds * 4 * measureMs,
    settings: {
      rounds,
      measureMs,
      warmUpMs: quick ? 500 : 1_000,
      warmLapMs: quick ? 1_000 : 6_000,
      idleMs,
      connections: number('connections'),
      customers: 1_000,
      rate: number('rate'),
      agents: number('agents'),
      subscribers: number('subscribers'),
      window: number('window'),
      entries: number('entries'),
      rows: number('rows'),
      only: values.only.split(',').filter((name) => name !== ''),
      // Services log to the standard output, which belongs to the JSON then.
      logLevel: values.json ? 'silent' : 'warn',
      ...(values.profile !== undefined && { profileTo: resolve(values.profile) }),
    },
  };
}

async function main(): Promise<number> {
  const { bench, settings, isJson, limitMs } = read(process.argv.slice(2));
  const progress = (line: string) => void process.stderr.write(`${line}\n`);
  const { profileTo } = settings;
  const environment = await openEnvironment(progress, { trackStatements: profileTo !== undefined });
  const end = (reason: string) => {
    progress(reason);
    void environment.stop().finally(() => process.exit(1));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => end('Stopping …'));
  const limit = setTimeout(() => end(`Stopped after ${limitMs / 1_000} s.`), limitMs);
  try {
    const result = await runBench(bench, environment, settings, progress);
    if (profileTo !== undefined) await environment.writeStatements(join(profileTo, 'statements.txt'));
    process.stdout.write(isJson ? `${JSON.stringify(toJson(result))}\n` : `\n${toTable(result)}`);
    const { lost, duplicated, reordered } = result.verdict;
    return lost + duplicated + reordered > 0 ? 1 : 0;
  } finally {
    clearTimeout(limit);
    await environment.stop();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof UsageError) process.stderr.write(`${error.message}\n\n${USAGE}`.trimStart());
    else process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
