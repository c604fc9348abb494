import { conversationMovedAway, messageQueued } from '@fenster/contracts';
import { toldEvents } from '@fenster/conversation';
import { isObjectType, getNamedType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mayRead, readContents, settledFingerprint, Sight } from './canaries.js';
import { MUTATIONS, QUERIES } from './cases.js';
import { missingCases, type Asker, type Listener } from './matrix.js';
import { IS_WHOLE } from './operations.js';
import { ACTORS, MEMBERS, SEES_ALL, type MemberName } from './rules.js';
import { happenIn, signIn, SPOTS, writeIn, type SpotName } from './world.js';
import { askerOf, startWorld, type WorldUnderTest } from './world-under-test.js';

/** In so many conversations of the other workspace everything happens, unless it is the whole matrix. */
const FEW_SPOTS = 2;

let under: WorldUnderTest;
let askers: Asker[];
/** Sees all that there is to see, and so shows that the questions are good ones. */
let witness: Asker;

beforeAll(async () => {
  under = await startWorld();
  askers = await Promise.all(Object.entries(ACTORS).map(([name, rule]) => askerOf(under, name, rule)));
  witness = { ...(await askerOf(under, 'owner', SEES_ALL)), told: new Set() };
});
afterAll(() => under?.stop());

/** Few of many: a leak of everything would fill the screen. */
const findings = () => under.matrix.findings.splice(0).slice(0, 10);

describe('the world', () => {
  it('has rows of both workspaces in every table of tenants', () => {
    const { rows, tenantTables } = under.contents;
    const { here, elsewhere } = under.world;
    // Rows come and go; contacts emits no event.
    const empty = /\.(outbox_pending|retention_task)$|^contacts\.outbox/;
    const lacking = tenantTables.filter((table) => {
      const found = new Set(rows.filter((row) => row.table.split('(')[0] === table).map((row) => row.workspaceId));
      return !empty.test(table) && !(found.has(here.workspaceId) && found.has(elsewhere.workspaceId));
    });
    expect(lacking, 'insert rows with canaries for these tables in test/permissions/world.ts').toEqual([]);
  });
});

describe('the public schema', () => {
  it('has a case for every root field', () => {
    expect(missingCases(under.matrix.schemas.public)).toEqual([]);
  });
});

describe('nobody is told what they may not see', { timeout: 900_000 }, () => {
  it('by any query, whatever id they ask for', async () => {
    for (const asker of askers) await under.matrix.queries(asker);
    expect(findings()).toEqual([]);
  });

  it('by any reference, whatever id, asked at the subgraphs behind the gateway', async () => {
    const there = askers.filter(({ rule }) => !rule.isTurnedAway || !rule.token);
    for (const asker of there) await under.matrix.references(asker);
    expect(findings()).toEqual([]);
  });

  it('by any mutation, which changes nothing either', async () => {
    const before = await settledFingerprint(under.world);
    for (const asker of askers) await under.matrix.mutations(asker, 'others');
    expect(findings()).toEqual([]);
    expect(await settledFingerprint(under.world)).toEqual(before);
  });

  it('by any public mutation without its secret, of which no more than the attempt remains', async () => {
    const before = await settledFingerprint(under.world);
    for (const asker of askers) await under.matrix.mutations(asker, 'public');
    expect(findings()).toEqual([]);
    const after = await settledFingerprint(under.world);
    const attempts = /^identity\.(sign_in_attempt|audit_|outbox|inbox)|\.consumer_position$/;
    expect(Object.keys(after).filter((table) => after[table] !== before[table] && !attempts.test(table))).toEqual([]);
  });

  it('by any subscription, of what was and of what happens', async () => {
    const listeners: Listener[] = [];
    for (const asker of [...askers, witness]) {
      const listener = under.matrix.listen(asker);
      listeners.push(listener);
      await listener.isLive();
    }
    const turnedAway = listeners.filter(({ asker }) => asker.rule.isTurnedAway);
    expect(turnedAway.map(({ closeCode }) => closeCode)).toEqual(turnedAway.map(() => 4403));

    const { world } = under;
    const spots = Object.keys(SPOTS) as SpotName[];
    for (const [index, spot] of spots.entries()) {
      // Who is of here may not see any of it there, wherever it is.
      const there = IS_WHOLE || index < FEW_SPOTS ? [world.elsewhere] : [];
      await Promise.all([world.here, ...there].map((place) => happenIn(world, place, spot)));
      // Or a loaded machine would have all of it before it had any.
      await listeners.at(-1)!.hears(await writeIn(world, witness.place, spot));
    }
    // A new kind of event has to happen here too, or nobody knows who is told of it.
    const { rows } = await world.sql.conversation.query<{ name: string }>(
      'select distinct name from outbox where workspace_id = $1',
      [world.here.workspaceId],
    );
    const happened = new Set(rows.map(({ name }) => name));
    const untold: string[] = [conversationMovedAway.name, messageQueued.name];
    expect(toldEvents.filter((name) => !happened.has(name) && !untold.includes(name))).toEqual([]);
    // Events come in order: who hears of this one has been told all before.
    for (const listener of listeners) {
      const { place, rule } = listener.asker;
      if (!rule.token || !rule.rights.sees.includes('conversation')) continue;
      const { who } = rule.token;
      const theirs = spots.find((spot) => mayRead(place, who, rule.rights, place.conversations[spot].id))!;
      await listener.hears(await writeIn(world, place, theirs));
    }
    const contents = await readContents(world);
    for (const listener of listeners) under.matrix.judge(listener, new Sight(world, contents, listener.asker.rule));
    await Promise.all(listeners.map((listener) => listener.stop()));
    expect(findings()).toEqual([]);
  });

  it('by at least 10,000 questions', () => {
    process.stderr.write(`permission matrix: ${under.matrix.probes} questions\n`);
    expect(under.matrix.probes).toBeGreaterThan(10_000);
  });
});

/** After these, somebody may have to sign in again. */
const ENDS_SESSIONS = /[sS]ession|[sS]ign|Password|Member|Role|Oidc/;

describe('the same questions', { timeout: 900_000 }, () => {
  beforeAll(async () => {
    // One is taken for ten minutes.
    const { issuer } = under.world.here;
    issuer.idToken = await issuer.newIdToken();
  });
  const known = new Map<MemberName, Promise<Asker>>();
  const tokens = new Map<MemberName, string>();
  const tokenOf = async (by: MemberName) => {
    const token = tokens.get(by) ?? (await signIn(under.world.stack, under.world.here.members[by])).accessToken;
    tokens.set(by, token);
    return token;
  };
  const whoMay = (by: MemberName) => {
    const rule = { token: { place: 'here', who: by }, rights: MEMBERS[by].rights } as const;
    const asker = known.get(by) ?? askerOf(under, by, rule);
    known.set(by, asker);
    return asker;
  };

  it('show the owner everything that the table of permissions knows of', async () => {
    await under.matrix.queries(witness);
    await under.matrix.references(witness);
    expect(findings()).toEqual([]);
    expect(witness.sight.columns.filter((column) => !witness.told!.has(column))).toEqual([]);
  });

  it.each(Object.entries(QUERIES))('work: %s', async (name, { variables, isCount }) => {
    const answer = await under.matrix.ask(witness, name, variables?.(under.world.here) ?? {});
    expect(answer.errors).toBeUndefined();
    const [value] = Object.values(answer.data!);
    expect(value).not.toBeNull();
    const { public: schema } = under.matrix.schemas;
    const type = getNamedType(schema.getQueryType()!.getFields()[name.slice(name.indexOf('.') + 1)]!.type);
    if (isObjectType(type) && !isCount) expect(witness.sight.columnsIn(JSON.stringify(value))).not.toEqual([]);
  });

  it.each(Object.entries(MUTATIONS))('work for those who may: %s', async (name, { by = 'owner', variables }) => {
    const { world, matrix } = under;
    const answer = await matrix.ask({ ...(await whoMay(by)), token: await tokenOf(by) }, name, variables(world.here));
    if (ENDS_SESSIONS.test(name)) tokens.clear();
    expect(answer.errors).toBeUndefined();
    const [value] = Object.values(answer.data!) as [{ __typename: string } | boolean];
    if (typeof value === 'boolean') return expect(value).toBe(true);
    const type = matrix.schemas.public.getType(value.__typename);
    expect(isObjectType(type) && type.getInterfaces().map((each) => each.name), JSON.stringify(value)).not.toContain(
      'UserError',
    );
  });
});
