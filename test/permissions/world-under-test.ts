import { startProviderStub } from '../support/provider-stub.js';
import { startTestStack } from '../support/test-stack.js';
import { readContents, settledFingerprint, Sight, type Contents } from './canaries.js';
import { Matrix, readSchemas, TOLD_MORE, type Asker } from './matrix.js';
import type { ActorRule } from './rules.js';
import { buildWorld, type World } from './world.js';

/** What is tried here is who may, not how much nor how fast. */
const GENEROUS = {
  SUBGRAPH_TIMEOUT_MS: '60000',
  ENRICHMENT_TIMEOUT_MS: '60000',
  CONNECTION_INIT_TIMEOUT_MS: '60000',
  MAX_QUERY_DEPTH: '20',
  MAX_QUERY_FIELDS: '100000',
  MAX_QUERY_TOKENS: '100000',
  MAX_QUERY_COST: '10000000000',
  MAX_OPERATIONS_PER_SOCKET: '200',
  REQUESTS_PER_MEMBER: '1000000',
  REQUESTS_PER_ADDRESS: '1000000',
  REQUESTS_PER_WORKSPACE: '10000000',
};

/** Tokens that end before the questions do would have all of them refused alike. */
const LONG = { ACCESS_TOKEN_SECONDS: '3600', API_KEY_TOKEN_SECONDS: '3600' };

export interface WorldUnderTest {
  world: World;
  contents: Contents;
  matrix: Matrix;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<WorldUnderTest> {
  const provider = await startProviderStub();
  const { url } = provider;
  const channels = { WHATSAPP_API_URL: url, DIALOG360_API_URL: url, TWILIO_API_URL: url, THREEMA_API_URL: url };
  const billing = { SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'fenster@example.test' };
  const stack = await startTestStack({ extra: { gateway: GENEROUS, identity: LONG, channels, billing } });
  const world = await buildWorld(stack, provider);
  // What is still to be read from a provider would be, some time in between.
  await world.sql.channels.query(`
    update channel set refreshed_at = now(), refresh_tried_at = now() where refreshed_at is null;
    insert into template_account (workspace_id, account_id, read_at)
    select distinct workspace_id, account, now() from channel where account is not null
    on conflict (workspace_id, account_id) do update set read_at = now(), wanted_at = null, next_try_at = null;
    insert into analytics_reading (workspace_id, account_id, month, granularity, wanted_at, read_at)
    select distinct workspace_id, account, to_char(now() at time zone 'UTC' - ago, 'YYYY-MM'), 'DAILY', now(), now()
    from channel, unnest(array[interval '0', interval '8 days']) as ago where account is not null
    on conflict (workspace_id, account_id, month) do update set read_at = now(), wanted_at = now(), next_try_at = null;
    update analytics_reading set read_at = now(), wanted_at = now();
  `);
  // So would what a workspace's conversations usually cost.
  await world.sql.billing.query(`
    insert into usual_cost_turn (workspace_id, worked_out_at) select distinct workspace_id, now() from charged_channel
    on conflict do nothing
  `);
  // What is on its way would stand where nobody sees it, and a moment later where somebody does.
  await settledFingerprint(world);
  const contents = await readContents(world);
  const matrix = new Matrix(world, await readSchemas(world), contents);
  return {
    world,
    contents,
    matrix,
    async stop() {
      await world.close();
      await stack.stop();
    },
  };
}

export async function askerOf({ world, contents }: WorldUnderTest, name: string, rule: ActorRule): Promise<Asker> {
  const more = Object.entries(TOLD_MORE).filter(([, { to }]) => rule.rights.sees.includes(to));
  return {
    name,
    rule,
    token: world.tokenOf(rule),
    subgraphToken: await world.subgraphTokenOf(rule),
    sight: new Sight(world, contents, rule),
    sightAt: Object.fromEntries(more.map(([field, { kinds }]) => [field, new Sight(world, contents, rule, kinds)])),
    place: world[rule.token?.place ?? 'here'],
  };
}
