import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@fenster/local';
import { ask } from '../../support/api-client.js';
import { signInAs } from '../../support/demo.js';
import type { Bench, Measurement, Settings, Target } from '../harness/bench.js';
import type { Environment } from '../harness/environment.js';
import { memoryAfterCollection, residentMb, type Memory } from '../harness/memory.js';
import { targetOf } from './contenders.js';

const SAMPLE_MS = 100;
const POLL_MS = 250;
const WARM_ROWS = 20_000;
const LINES_AT_ONCE = 1_000;
const CHANNEL = '01998a3e-0000-7000-8000-00000000000c';

interface Job {
  state: string;
  position: number;
  startedAt: string;
  endedAt: string | null;
  counts: { name: string; count: number }[];
}

export const importBench: Bench = {
  name: 'import',
  title:
    'contacts imported from CSV through the public API: rows a second, and how much memory the service takes for it',
  headline: 'rows_per_s',
  isLessBetter: false,
  // A million rows take as long as they take.
  preparationMs: 1_800_000,
  targets: [
    'the same peak_mb for 20,000 rows and for 1,000,000',
    'held_* (after a collection) the same from mid to end',
  ],
  contenders(environment, settings) {
    let stack!: Awaited<ReturnType<Environment['startFenster']>>;
    let inspectorPort!: number;
    const measure = (target: Target, { rows }: Pick<Settings, 'rows'>, run: string) =>
      measureImport(environment, stack, { pid: target.processes['contacts']!, inspectorPort }, rows, run);
    return [
      {
        name: 'us',
        description: `all services; files of ${settings.rows.toLocaleString('en')} rows with name, number, e-mail address and city`,
        async start() {
          inspectorPort = await freePort();
          stack = await environment.startFenster({ ...settings, inspectorPorts: { contacts: inspectorPort } });
          return targetOf(environment, stack);
        },
        warmUp: (target, lap, run) => measure(target, { ...lap, rows: Math.min(WARM_ROWS, lap.rows) }, run),
        measure,
      },
    ];
  },
};

async function measureImport(
  environment: Environment,
  stack: Parameters<typeof signInAs>[0],
  { pid, inspectorPort }: { pid: number; inspectorPort: number },
  rows: number,
  run: string,
): Promise<Measurement> {
  const token = await signInAs(stack, 'owner');
  const upload = await ask<{ id: string; uploadUrl: string }>(
    stack,
    token,
    `mutation ($input: CreateImportUploadInput!) { upload: createContactImportUpload(input: $input) {
      ... on ContactImportUpload { id uploadUrl } } }`,
    { input: { fileName: `${run}.csv`, idempotencyKey: `${run} upload` } },
  );
  const body = Readable.toWeb(Readable.from(lines(run, rows)));
  const sent = await fetch(upload.uploadUrl, { method: 'PUT', body, duplex: 'half' } as RequestInit);
  if (sent.status !== 201) throw new Error(`The upload was answered with ${sent.status}.`);
  const look = () => memoryAfterCollection(pid, inspectorPort);
  const before = await look();
  let mid: Memory | undefined;
  let peak = before.residentMb;
  const sampling = setInterval(() => (peak = Math.max(peak, residentMb(pid))), SAMPLE_MS);
  try {
    const { id } = await ask<{ id: string }>(
      stack,
      token,
      `mutation ($input: StartContactImportInput!) { job: startContactImport(input: $input) { ... on Job { id } ... on UserError { code message } } }`,
      {
        input: {
          uploadId: upload.id,
          isDryRun: false,
          columns: [
            { column: 'name', field: 'NAME' },
            { column: 'phone', field: 'PHONE' },
            { column: 'email', field: 'EMAIL' },
            { column: 'city', field: 'CITY' },
          ],
          channelId: CHANNEL,
          duplicates: 'FILL',
          idempotencyKey: `${run} start`,
        },
      },
    );
    const job = await ended(stack, token, id, async ({ position }) => {
      if (!mid && position >= rows / 2) mid = await look();
    });
    const after = await look();
    const [stored] = await environment.query<{ count: number }>(
      'contacts',
      `select count(*)::int as count from contact where email like '%@${run}.example.org'`,
    );
    const created = job.counts.find(({ name }) => name === 'CREATED')?.count ?? 0;
    const seconds = (Date.parse(job.endedAt!) - Date.parse(job.startedAt)) / 1_000;
    return {
      figures: {
        rows_per_s: rows / seconds,
        peak_mb: peak,
        held_start_mb: before.heldMb,
        held_mid_mb: mid?.heldMb ?? Number.NaN,
        held_end_mb: after.heldMb,
        resident_start_mb: before.residentMb,
        resident_end_mb: after.residentMb,
      },
      verdict: {
        lost: Math.max(rows - Math.min(created, stored!.count), 0),
        duplicated: Math.max(stored!.count - rows, 0),
        reordered: 0,
      },
      notes: job.state === 'COMPLETED' ? [] : [`the import ended as ${job.state}`],
    };
  } finally {
    clearInterval(sampling);
  }
}

async function ended(
  stack: { graphqlUrl: string },
  token: string,
  id: string,
  onPoll: (job: Job) => Promise<void>,
): Promise<Job> {
  for (;;) {
    const job = await ask<Job>(
      stack,
      token,
      'query ($id: ID!) { job(id: $id) { state position startedAt endedAt counts { name count } } }',
      { id },
    );
    if (job.endedAt !== null) return job;
    await onPoll(job);
    await sleep(POLL_MS);
  }
}

/** Other people in each run. */
function* lines(run: string, rows: number): Generator<string> {
  const series = 1 + ([...run].reduce((sum, character) => sum * 31 + character.charCodeAt(0), 7) % 8);
  yield 'name,phone,email,city\n';
  for (let row = 0; row < rows; row += LINES_AT_ONCE) {
    const count = Math.min(LINES_AT_ONCE, rows - row);
    yield Array.from({ length: count }, (_, at) => {
      const number = String(row + at).padStart(7, '0');
      return `Person ${number} ${run},+49151${series}${number},p${number}@${run}.example.org,Berlin\n`;
    }).join('');
  }
}
