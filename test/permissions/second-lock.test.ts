import { DATABASES, type DatabaseName } from '@fenster/local';
import { openDatabase, sql } from '@fenster/database';
import { createLogger } from '@fenster/runtime';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { settledFingerprint, Sight } from './canaries.js';
import type { Asker, Finding } from './matrix.js';
import { IS_WHOLE } from './operations.js';
import { ACTORS, MEMBERS, SEES_ALL } from './rules.js';
import { askerOf, startWorld, type WorldUnderTest } from './world-under-test.js';

/** What is broken, on purpose and in this file only. */
const broken = vi.hoisted(() => ({
  /** The workspace that the database shows, whatever workspace the services believe to work for. */
  scope: undefined as string | undefined,
  /** Every ability allows everything, in any workspace. */
  abilities: false,
}));

vi.mock('@fenster/database', async (importOriginal) => {
  const original = await importOriginal<typeof import('@fenster/database')>();
  return {
    ...original,
    async openDatabase(...options: Parameters<typeof original.openDatabase>) {
      const database = await original.openDatabase(...options);
      const readForTenant: typeof database.readForTenant = (workspaceId, statement) =>
        database.readForTenant(broken.scope ?? workspaceId, statement);
      return {
        ...database,
        forTenant: (workspaceId: string) => database.forTenant(broken.scope ?? workspaceId),
        readForTenant,
      };
    },
  };
});

vi.mock('@fenster/auth', async (importOriginal) => {
  const original = await importOriginal<typeof import('@fenster/auth')>();
  const { AbilityBuilder, createMongoAbility } = await import('@casl/ability');
  const defineAbility: typeof original.defineAbility = (actor, rules) => {
    if (!broken.abilities) return original.defineAbility(actor, rules);
    const builder = new AbilityBuilder(createMongoAbility);
    builder.can('manage', 'all');
    return builder.build();
  };
  return { ...original, defineAbility };
});

let under: WorldUnderTest;
beforeAll(async () => {
  under = await startWorld();
});
afterAll(() => under?.stop());
afterEach(() => {
  broken.scope = undefined;
  broken.abilities = false;
});

/**
 * The owner "here", whom every check of the services lets see all of it. But what is looked for is what the owner of
 * the other workspace must not see: nothing of here may come.
 */
async function insider(): Promise<Asker> {
  const asker = await askerOf(under, 'owner whose database shows another workspace', SEES_ALL);
  const sight = new Sight(under.world, under.contents, ACTORS['owner of another workspace'], 'everything');
  return { ...asker, sight, sightAt: {}, isThorough: true };
}

/** Without the differences to what does not exist: those are the first lock's business. */
function leaks(): Finding[] {
  return under.matrix.findings.splice(0).filter(({ problem }) => problem.startsWith('tells'));
}

/** Of which columns of here the findings tell. */
function columnsTold(found: readonly Finding[]): string[] {
  const all = new Sight(under.world, under.contents, SEES_ALL);
  return [...new Set(found.flatMap(({ problem }) => all.columnsIn(problem)))].toSorted();
}

async function askEverything(asker: Asker): Promise<Finding[]> {
  await under.matrix.queries(asker);
  await under.matrix.references(asker);
  return leaks();
}

/**
 * They begin something of the caller's own workspace: channels in view of all, for a number must not be another one's
 * already; a question to the provider, for which no row is looked at; and an entry of the ledger, which requests may not
 * write themselves.
 */
const OF_THEIR_OWN = [
  ...['WhatsAppCloud', 'Dialog360', 'TwilioSms', 'Threema'].map((kind) => `Mutation.connect${kind}Channel`),
  'Mutation.requestPricingAnalytics',
  'Mutation.recordTokenUsage',
];

const TENANT = `(workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)`;

describe('row-level security alone', { timeout: 300_000 }, () => {
  it('is all that stands between the insider and the data: without it everything is told', async () => {
    const found = await askEverything(await insider());
    expect(columnsTold(found)).toEqual(new Sight(under.world, under.contents, SEES_ALL).columns);
  });

  it.each([
    ...(IS_WHOLE ? [['when the services believe to work for the other workspace', false] as const] : []),
    ['when no rule asks for anything either, not even for a workspace', true] as const,
  ])('tells nothing of another workspace, %s', async (_, abilities) => {
    broken.abilities = abilities;
    broken.scope = under.world.elsewhere.workspaceId;
    expect((await askEverything(await insider())).slice(0, 10)).toEqual([]);
  });

  it('lets nothing of another workspace be changed', async () => {
    const before = await settledFingerprint(under.world);
    broken.abilities = true;
    broken.scope = under.world.elsewhere.workspaceId;
    const asker = await insider();
    // Nothing of here is theirs to change, and of what is elsewhere they are to leave everything alone.
    const refused = { ...asker, rule: { ...asker.rule, rights: MEMBERS.powerless.rights } };
    await under.matrix.mutations(refused, 'others', OF_THEIR_OWN);
    expect(leaks().slice(0, 10)).toEqual([]);
    expect(await settledFingerprint(under.world)).toEqual(before);
  });

  it('tells subscribers nothing of another workspace', async () => {
    broken.scope = under.world.elsewhere.workspaceId;
    const listener = under.matrix.listen(await insider());
    await listener.isLive();
    under.matrix.judge(listener, (await insider()).sight);
    await listener.stop();
    expect(leaks().slice(0, 10)).toEqual([]);
  });
});

describe('the matrix notices', { timeout: 300_000 }, () => {
  // A message is shown by way of its conversation, whose contact comes by way of its thread, and a phone number by way of its contact.
  it.each<[DatabaseName, string[], string]>([
    ['conversation', ['conversation'], 'conversation.conversation.assignee_id'],
    ['conversation', ['conversation', 'message'], 'conversation.message.text'],
    ['contacts', ['contact'], 'contacts.contact.name'],
    ['contacts', ['contact', 'contact_identity'], 'contacts.contact_identity(PHONE).value'],
    ['channels', ['channel'], 'channels.channel.display_phone_number'],
    ['identity', ['team'], 'identity.team.name'],
    ['identity', ['member'], 'identity.member.email'],
    ['billing', ['charge'], 'billing.charge.amount_micros'],
  ])('that policies are gone: %s, of %j', async (service, tables, column) => {
    broken.scope = under.world.elsewhere.workspaceId;
    const database = under.world.sql[service];
    const setPolicy = async (condition: string) => {
      for (const table of tables) await database.query(`alter policy tenant on ${table} using (${condition})`);
    };
    await setPolicy('true');
    try {
      await under.matrix.references(await insider(), [service]);
    } finally {
      await setPolicy(TENANT);
    }
    expect(columnsTold(leaks())).toContain(column);
  });

  it('that an ability lost its conditions', async () => {
    broken.abilities = true;
    const agent = await askerOf(under, 'agent', ACTORS['agent of another team']);
    const queries = ['Query.conversation', 'Query.conversations'];
    await under.matrix.queries(agent, queries);
    await under.matrix.references(agent, ['conversation']);
    const fields = leaks().map(({ field }) => field);
    expect(fields).toEqual(expect.arrayContaining([...queries, 'conversation.Message']));
  });
});

describe('every database', { timeout: 300_000 }, () => {
  const log = createLogger('test', 'silent');
  const as = async <Row extends object>(service: DatabaseName, text: string): Promise<Row[]> =>
    (await under.world.sql[service].query<Row>(text)).rows;

  it.each(DATABASES)('%s gives its app role no way around row-level security', async (service) => {
    const roles = await as<{ rolname: string }>(
      service,
      `select rolname from pg_roles where rolname = '${service}_app'
       and not rolsuper and not rolbypassrls and not rolcreaterole and not rolcreatedb and not rolreplication`,
    );
    expect(roles).toHaveLength(1);
    expect(
      await as(
        service,
        `select 'member of' as is, r.rolname as what from pg_auth_members m join pg_roles r on r.oid = m.roleid
         where m.member = '${service}_app'::regrole
         union all select 'owner of', c.relname from pg_class c where c.relowner = '${service}_app'::regrole
         union all select 'owner of', n.nspname from pg_namespace n where n.nspowner = '${service}_app'::regrole
         union all select 'owner of', p.proname from pg_proc p where p.proowner = '${service}_app'::regrole
         union all select 'runs as another', p.proname from pg_proc p
           where p.prosecdef and p.pronamespace = 'public'::regnamespace
         -- A view reads as its owner does. One that has the condition of the policy itself, and others, shows no more than that.
         union all select 'view', c.relname from pg_class c
           where c.relkind in ('v', 'm') and c.relnamespace = 'public'::regnamespace
             and (c.relkind = 'm' or pg_get_viewdef(c.oid) not like all
               (array[$$%WHERE ${TENANT};$$, $$%WHERE (% AND ${TENANT});$$]))`,
      ),
    ).toEqual([]);
  });

  it.each(DATABASES)('%s has every table of tenants under a policy', async (service) => {
    const tables = await as<
      Record<'name' | 'policies', string> & Record<'isTenants' | 'isGranted' | 'isEnabled', boolean>
    >(
      service,
      `select c.relname as name, c.relrowsecurity as "isEnabled",
         exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'workspace_id') as "isTenants",
         has_table_privilege('${service}_app', c.oid, 'select, insert, update, delete, truncate, references, trigger') as "isGranted",
         (select string_agg(concat_ws(' | ', polcmd, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)), ';')
          from pg_policy p where p.polrelid = c.oid and '${service}_app'::regrole = any (p.polroles) or p.polroles = '{0}') as policies
       from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace`,
    );
    const unprotected = tables.filter(
      ({ isGranted, isTenants, isEnabled, policies }) =>
        isGranted &&
        !(isTenants && isEnabled && (policies === `* | ${TENANT} | ${TENANT}` || policies === `* | ${TENANT}`)),
    );
    expect(unprotected).toEqual([]);
    expect(tables.some(({ isGranted }) => isGranted)).toBe(true);
  });

  it.each(DATABASES)('%s shows nothing, and takes nothing, without a workspace', async (service) => {
    const url = under.world.stack.deployment.databaseUrls[service];
    const client = new pg.Client({ connectionString: url, options: `-c role=${service}_app` });
    await client.connect();
    try {
      const tables = [
        ...under.contents.tenantTables.flatMap((name) =>
          name.startsWith(`${service}.`) ? [name.slice(service.length + 1)] : [],
        ),
        ...(service === 'conversation' ? ['search_match'] : []),
      ];
      for (const scope of [undefined, '', under.world.elsewhere.workspaceId.replace(/^./, 'f')]) {
        if (scope !== undefined) await client.query(`select set_config('app.workspace_id', $1, false)`, [scope]);
        for (const table of tables) {
          const seen = await client.query(`select from "${table}" limit 1`).catch((error: Error) => error);
          if (seen instanceof Error) expect(seen.message).toMatch(/^permission denied/);
          else expect(seen.rowCount, table).toBe(0);
        }
      }
      await client.query('reset app.workspace_id');
      const { rows } = await under.world.sql[service].query<{ row: object }>(
        'select to_jsonb(t) as row from idempotency_key t limit 1',
      );
      await expect(
        client.query('insert into idempotency_key select * from jsonb_populate_record(null::idempotency_key, $1)', [
          JSON.stringify({ ...rows[0]!.row, key: 'smuggled' }),
        ]),
      ).rejects.toThrow('violates row-level security policy');
    } finally {
      await client.end();
    }
  });

  it('forgets the workspace of a connection when its transaction ends, however it ends', async () => {
    const { here, elsewhere, stack } = under.world;
    const database = await openDatabase({
      service: 'conversation',
      url: stack.deployment.databaseUrls.conversation,
      poolSize: 1,
      entities: [],
      log,
    });
    try {
      const workspaces = sql<{ pid: number; scope: string; found: string[] | null }>`
        select pg_backend_pid() as pid, current_setting('app.workspace_id', true) as scope,
          array_agg(distinct workspace_id) as found from conversation`;
      const bare = async () => {
        const { rows } = await workspaces.execute(database.forTenant(here.workspaceId).getKysely());
        return rows[0]!;
      };
      const [first] = await database.readForTenant(here.workspaceId, workspaces);
      expect(first).toMatchObject({ scope: here.workspaceId, found: [here.workspaceId] });
      expect(await bare()).toEqual({ pid: first!.pid, scope: '', found: null });
      const [second] = await database.readForTenant(elsewhere.workspaceId, workspaces);
      expect(second).toEqual({ pid: first!.pid, scope: elsewhere.workspaceId, found: [elsewhere.workspaceId] });
      await expect(database.readForTenant(here.workspaceId, sql`select 1 / 0`)).rejects.toThrow('division by zero');
      expect(await bare()).toEqual({ pid: first!.pid, scope: '', found: null });
      await database.forTenant(here.workspaceId).transactional(async (em) => {
        await em.execute('select 1');
      });
      expect(await bare()).toEqual({ pid: first!.pid, scope: '', found: null });
    } finally {
      await database.close();
    }
  });
});
