import { randomBytes } from 'node:crypto';
import { migrate, provisionDatabase } from '@fenster/database';
import { newId } from '@fenster/runtime';
import type { Bench, Measurement, Settings, Target } from '../harness/bench.js';
import type { Environment } from '../harness/environment.js';
import { canPin, runLoad, startServer } from '../harness/processes.js';
import type { QueryResult, QueryTask } from '../load/query.load.js';

const CONNECTIONS = 32;
const WORKSPACES = 50;
const CONVERSATIONS_EACH = 2_000;
const TEAMS = 5;
const PAGE = 50;
const LOAD_MARGIN_MS = 60_000;

/** What an inbox shows in its list. */
const LIST = JSON.stringify({
  query: `{ conversations(first: ${PAGE}) {
    nodes { id status lastSeq lastMessageAt channel { id } contact { id } assignee { id } team { id } }
    nextPage cursor
  } }`,
});
const EXPECTED = { text: '"status":"OPEN"', times: PAGE };

interface World {
  databaseUrl: string;
  /** An agent of two of the workspace's teams, who does not see everything. */
  actor: object;
}

export const isolation: Bench = {
  name: 'isolation',
  title: `an agent's list of ${PAGE} conversations among ${WORKSPACES * CONVERSATIONS_EACH}, pages a second, with and without what keeps tenants and teams apart`,
  headline: 'per_s',
  isLessBetter: false,
  targets: ['us/unguarded at least 0.85 (0.95 later)'],
  contenders(environment) {
    let world: Promise<World> | undefined;
    const start = async (guards: 'on' | 'off'): Promise<Target> => {
      const { databaseUrl, actor } = await (world ??= createWorld(environment));
      const env = {
        GUARDS: guards,
        ACTOR: JSON.stringify(actor),
        DATABASE_URL: databaseUrl,
        NATS_URL: environment.natsUrl,
        JWKS_URL: 'http://127.0.0.1:1/never-asked',
        PORT: '0',
        LOG_LEVEL: 'silent',
      };
      const server = await startServer('servers/inbox-list.server.ts', { env, isPinned: false });
      return {
        webhook: { url: `${server.url}/graphql`, secret: '', template: '' },
        sockets: () => [],
        processes: { conversation: server.pid, postgres: environment.postgresPid },
      };
    };
    return [
      {
        name: 'us',
        description: 'the subgraph of conversation: row-level security, CASL rules of an agent of two teams',
        start: () => start('on'),
        measure,
      },
      {
        name: 'unguarded',
        description: 'the same build without both; the query names its workspace and no team',
        start: () => start('off'),
        measure,
      },
    ];
  },
};

async function measure(target: Target, settings: Settings): Promise<Measurement> {
  const { warmUpMs, measureMs } = settings;
  const task: QueryTask = {
    url: target.webhook.url,
    body: LIST,
    connections: CONNECTIONS,
    warmUpMs,
    measureMs,
    expected: EXPECTED,
  };
  const { result, cores } = await runLoad<QueryTask, QueryResult>('load/query.load.ts', task, {
    isPinned: canPin,
    patienceMs: warmUpMs + measureMs + LOAD_MARGIN_MS,
  });
  const { answered, elapsedMs, p50_ms, p99_ms } = result;
  return {
    figures: { per_s: (answered / elapsedMs) * 1_000, p50_ms, p99_ms, load_cores: cores },
    // A wrong answer ends the benchmark.
    verdict: { lost: 0, duplicated: 0, reordered: 0 },
    notes: [],
  };
}

/** Each workspace with conversations in all of its teams and in none, assigned and not, the newest of all mixed. */
async function createWorld(environment: Environment): Promise<World> {
  const { migrations } = await import('@fenster/conversation');
  const database = 'bench_isolation';
  const password = randomBytes(12).toString('hex');
  const databaseUrl = await provisionDatabase({
    adminUrl: environment.postgresAdminUrl,
    service: 'conversation',
    password,
    database,
  });
  await migrate('conversation', databaseUrl, migrations);
  const ids = (count: number) => Array.from({ length: count }, () => newId());
  const [workspaces, teams, channels, members] = [ids(WORKSPACES), ids(TEAMS), ids(2), ids(20)];
  const array = (values: readonly string[]) => `(array[${values.map((value) => `'${value}'`).join(', ')}]::uuid[])`;
  const one = (values: readonly string[], seed: string) => `${array(values)}[1 + (${seed})::int % ${values.length}]`;
  await environment.query(
    database,
    `insert into thread (workspace_id, id, channel_id, contact_id, created_at)
     select w, gen_random_uuid(), ${one(channels, 'n')}, gen_random_uuid(), now()
     from unnest(${array(workspaces)}) w, generate_series(1, ${CONVERSATIONS_EACH}) n`,
  );
  await environment.query(
    database,
    `insert into conversation
       (workspace_id, id, thread_id, channel_id, contact_id, status, last_seq, last_message_at, opened_at, team_id, assignee_id)
     select workspace_id, gen_random_uuid(), id, channel_id, contact_id, 'OPEN', 1, now() - random() * interval '30 days', now(),
       case when random() < 0.8 then ${one(teams, 'floor(random() * 1000)')} end,
       case when random() < 0.5 then ${one(members, 'floor(random() * 1000)')} end
     from thread`,
  );
  await environment.query(
    database,
    `insert into outbox_counter (workspace_id, last_seq) select w, 1 from unnest(${array(workspaces)}) w`,
  );
  await environment.query(database, 'vacuum analyze');
  const actor = {
    kind: 'member',
    id: members[0],
    workspaceId: workspaces[0],
    role: 'agent',
    permissions: ['conversation:read', 'message:read', 'member:read', 'contact:read', 'channel:read'],
    teamIds: teams.slice(0, 2),
    channelIds: channels.slice(0, 1),
  };
  return { databaseUrl, actor };
}
