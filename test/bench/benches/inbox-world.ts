import { randomBytes } from 'node:crypto';
import { migrate, provisionDatabase } from '@fenster/database';
import { newId } from '@fenster/runtime';
import type { Contender, Measurement, Settings, Target } from '../harness/bench.js';
import type { Environment } from '../harness/environment.js';
import { canPin, runLoad, startServer } from '../harness/processes.js';
import type { QueryResult, QueryTask } from '../load/query.load.js';

const CONNECTIONS = 32;
const TEAMS = 5;
const LOAD_MARGIN_MS = 60_000;
/** Of a list. */
export const PAGE = 50;

export interface InboxWorld {
  databaseUrl: string;
  workspaceId: string;
  /** An agent of two of the workspace's teams, who does not see everything. */
  actor: object;
}

export interface InboxSize {
  database: string;
  workspaces: number;
  /** Of each workspace. */
  conversations: number;
  /** Of one hundred conversations. The others have a message. */
  resolved: number;
}

/** Starts one of the servers of this folder on the world, with the environment of a service. */
export async function startListServer(
  environment: Environment,
  file: string,
  { databaseUrl, actor, workspaceId }: InboxWorld,
  { profileTo }: Settings,
  extra: Record<string, string> = {},
): Promise<Target> {
  const env = {
    ...extra,
    ACTOR: JSON.stringify(actor),
    WORKSPACE_ID: workspaceId,
    DATABASE_URL: databaseUrl,
    NATS_URL: environment.natsUrl,
    JWKS_URL: 'http://127.0.0.1:1/never-asked',
    PORT: '0',
    LOG_LEVEL: 'silent',
    ...(profileTo !== undefined && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileTo}` }),
  };
  const server = await startServer(file, { env, isPinned: false });
  return {
    webhook: { url: `${server.url}/graphql`, secret: '', template: '' },
    sockets: () => [],
    processes: { conversation: server.pid, postgres: environment.postgresPid },
  };
}

/** Pages a second: the same query again and again over kept-alive connections. */
export function measureList(
  query: string,
  expected: QueryTask['expected'],
  connections = CONNECTIONS,
): Contender['measure'] {
  const body = JSON.stringify({ query });
  return (target, settings) => measure({ body, expected, connections }, target, settings);
}

async function measure(
  { body, expected, connections }: Pick<QueryTask, 'body' | 'expected' | 'connections'>,
  target: Target,
  settings: Settings,
): Promise<Measurement> {
  const { warmUpMs, measureMs } = settings;
  const task: QueryTask = {
    url: target.webhook.url,
    body,
    connections,
    warmUpMs,
    measureMs,
    expected,
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
export async function createInboxWorld(
  environment: Environment,
  { database, workspaces: count, conversations, resolved }: InboxSize,
): Promise<InboxWorld> {
  const { migrations } = await import('@fenster/conversation');
  const password = randomBytes(12).toString('hex');
  const databaseUrl = await provisionDatabase({
    adminUrl: environment.postgresAdminUrl,
    service: 'conversation',
    password,
    database,
  });
  await migrate('conversation', databaseUrl, migrations);
  const ids = (count: number) => Array.from({ length: count }, () => newId());
  const [workspaces, teams, channels, members] = [ids(count), ids(TEAMS), ids(2), ids(20)];
  const array = (values: readonly string[]) => `(array[${values.map((value) => `'${value}'`).join(', ')}]::uuid[])`;
  const one = (values: readonly string[], seed: string) => `${array(values)}[1 + (${seed})::int % ${values.length}]`;
  // Foreign keys of a million rows are checked by nobody here.
  const fill = (statement: string) =>
    environment.query(database, `set session_replication_role = replica; ${statement}; reset session_replication_role`);
  await fill(`insert into thread (workspace_id, id, channel_id, contact_id, last_seq, created_at)
     select w, gen_random_uuid(), ${one(channels, 'n')}, gen_random_uuid(), 1, now()
     from unnest(${array(workspaces)}) w, generate_series(1, ${conversations}) n`);
  // Milliseconds, as the page cursor has them.
  await fill(`insert into conversation
       (workspace_id, id, thread_id, channel_id, contact_id, status, resolved_at, last_seq, last_customer_seq,
        last_message_at, opened_at, team_id, assignee_id)
     select workspace_id, gen_random_uuid(), id, channel_id, contact_id,
       case when is_resolved then 'RESOLVED' else 'OPEN' end, case when is_resolved then now() end, 1, 1,
       date_trunc('milliseconds', now() - random() * interval '30 days'), now(),
       case when random() < 0.8 then ${one(teams, 'floor(random() * 1000)')} end,
       case when random() < 0.5 then ${one(members, 'floor(random() * 1000)')} end
     from (select *, random() * 100 < ${resolved} as is_resolved from thread offset 0) t`);
  await fill(`insert into message (workspace_id, id, thread_id, conversation_id, channel_id, seq, direction, type, text, status, sent_at, created_at)
     select workspace_id, gen_random_uuid(), thread_id, id, channel_id, 1, 'INBOUND', 'text', 'When does my parcel arrive?',
       'RECEIVED', now(), now()
     from conversation where status = 'OPEN'`);
  await fill(`insert into outbox_counter (workspace_id, last_seq) select w, 1 from unnest(${array(workspaces)}) w`);
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
  return { databaseUrl, workspaceId: workspaces[0]!, actor };
}
