import { parseArgs } from 'node:util';
import { runFaults } from './run.js';
import { printReport } from './report.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    rate: { type: 'string', default: '1000' },
    customers: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    'log-level': { type: 'string', default: 'silent' },
    'without-durability': { type: 'boolean', default: false },
  },
});
const number = (name: 'minutes' | 'rate' | 'customers' | 'seed', least: number, most: number): number => {
  const value = Number(values[name]);
  if (!(value >= least && value <= most)) throw new Error(`--${name} must be from ${least} to ${most}.`);
  return value;
};

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupted.abort());

const minutes = number('minutes', 0, 120);
const report = await runFaults({
  seed: number('seed', 0, 2 ** 32 - 1),
  webhooksPerSecond: number('rate', 1, 10_000),
  customers: number('customers', 2, 10_000),
  durationMs: minutes * 60_000,
  pauseMs: [500, 3_000],
  // A machine with less to spare than it takes builds up a backlog while the run lasts.
  settleMs: 120_000 + minutes * 60_000,
  plant: {
    logLevel: values['log-level'],
    // Without durable commits a killed PostgreSQL forgets what it said: the run must fail.
    ...(values['without-durability'] && { postgresSettings: { synchronous_commit: 'off', wal_writer_delay: '10s' } }),
  },
  signal: interrupted.signal,
  log: (line) => void process.stderr.write(`${line}\n`),
}).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  return undefined;
});
if (report) printReport(report);
// What an early end left waiting has nobody to wait for.
process.exit(report?.problems.length === 0 ? 0 : 1);
