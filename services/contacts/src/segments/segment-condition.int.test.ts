import type { ConsentState } from '@fenster/contracts';
import { openDatabase, sql, unnest, type Database } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/test-database.js';
import type { AttributeType } from '../attributes/attribute.rule.js';
import { entities } from '../entities.js';
import { migrations } from '../migrations.js';
import { segmentCondition } from './segment-condition.js';
import type { ActivityFilter, AttributeFilter, SegmentFilter, TimeFilter } from './segment-filter.js';

const now = new Date('2026-11-22T12:00:00Z');
const HOUR_MS = 3_600_000;
const inHours = (hours: number) => new Date(now.getTime() + hours * HOUR_MS);
const past = [-24 * 30, -24 * 7 - 1, -24 * 7, -24 * 7 + 1, -25, -24, -23, -1].map(inHours);
const ends = [-1, 0, 0.5, 1, 1.5, 24].map(inHours);

// The same ids in every workspace: what forgets the workspace finds those of another.
const ids = (count: number) => Array.from({ length: count }, () => newId());
const contactIds = ids(12);
const labelIds = ids(3);
const channelIds = ids(2);
/** The last one is of no campaign. */
const linkIds = ids(3);
const CAMPAIGNS = ['Sommer', 'Winter'];
const PURPOSES = ['marketing', 'order_updates'];
const STATES: ConsentState[] = ['CONFIRMED', 'WITHDRAWN', 'REQUESTED'];
const VALUES = {
  size: ['9', '10', '10.5', '-1'],
  since: ['2024-02-29', '2025-01-01', '2026-11-22'],
  town: ['Köln', 'KÖLN-Mülheim', '100 % _da_', 'Ulm'],
  level: ['Gold', 'Silber'],
  vip: ['true', 'false'],
};
const TYPES: Record<keyof typeof VALUES, AttributeType> = {
  size: 'NUMBER',
  since: 'DATE',
  town: 'TEXT',
  level: 'CHOICE',
  vip: 'BOOLEAN',
};
const KEYS = Object.keys(VALUES) as (keyof typeof VALUES)[];

interface Person {
  language: string | null;
  createdAt: Date;
  labelIds: string[];
  linkIds: string[];
  attributes: Partial<Record<keyof typeof VALUES, string>>;
  homes: { isFormer: boolean; country: string }[];
  consents: { isFormer: boolean; purpose: string; state: ConsentState; channelId: string }[];
  threads: { channelId: string; inboundAt: Date | null; outboundAt: Date | null; windowEnd: Date | null }[];
}

const maybe = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values));
const person: fc.Arbitrary<Person> = fc.record({
  language: maybe(['de', 'de-AT', 'de-Latn-AT', 'den', 'en']),
  createdAt: fc.constantFrom(...past),
  labelIds: fc.subarray(labelIds),
  linkIds: fc.subarray(linkIds),
  attributes: fc.record(
    Object.fromEntries(KEYS.map((key) => [key, fc.constantFrom(...VALUES[key])])) as Record<
      keyof typeof VALUES,
      fc.Arbitrary<string>
    >,
    { requiredKeys: [] },
  ),
  homes: fc.array(fc.record({ isFormer: fc.boolean(), country: fc.constantFrom('DE', 'AT', 'ZZ') }), { maxLength: 2 }),
  consents: fc.array(
    fc.record({
      isFormer: fc.boolean(),
      purpose: fc.constantFrom(...PURPOSES),
      state: fc.constantFrom(...STATES),
      channelId: fc.constantFrom(...channelIds),
    }),
    { maxLength: 3 },
  ),
  threads: fc.uniqueArray(
    fc.record({
      channelId: fc.constantFrom(...channelIds),
      inboundAt: maybe(past),
      outboundAt: maybe(past),
      windowEnd: maybe(ends),
    }),
    { maxLength: 2, selector: ({ channelId }) => channelId },
  ),
});

const optional = { requiredKeys: [] };
const some = <T>(values: readonly T[]) => fc.subarray([...values], { minLength: 1 });
const time: fc.Arbitrary<TimeFilter> = fc.record(
  {
    from: fc.constantFrom(...past.map((each) => each.toISOString())),
    before: fc.constantFrom(...past.map((each) => each.toISOString())),
    withinDays: fc.constantFrom(1, 7),
    beforeDays: fc.constantFrom(1, 7),
  },
  optional,
);
const activity: fc.Arbitrary<ActivityFilter> = fc.oneof(
  fc.record({ never: fc.constant(true), channelIds: some(channelIds) }, { requiredKeys: ['never'] }),
  fc
    .tuple(time, fc.record({ channelIds: some(channelIds) }, optional))
    .map(([limits, channels]) => ({ ...limits, ...channels })),
);
const attribute: fc.Arbitrary<AttributeFilter> = fc.constantFrom(...KEYS).chain((key) => {
  const type = TYPES[key];
  const value = fc.constantFrom(...VALUES[key]);
  const isOrdered = type === 'NUMBER' || type === 'DATE';
  const asked = fc.record(
    {
      is: fc.array(value, { minLength: 1, maxLength: 2 }),
      ...(type === 'TEXT' && { contains: fc.constantFrom('köln', 'ULM', '%', '_', 'lm') }),
      ...(isOrdered && { moreThan: value, atLeast: value, lessThan: value, atMost: value }),
    },
    optional,
  );
  return fc.oneof(
    fc.boolean().map((isSet) => ({ key, type, isSet })),
    asked.map((limits) => ({ key, type, ...limits })),
  );
});
const leaf: fc.Arbitrary<SegmentFilter> = fc.oneof(
  some(labelIds).map((chosen) => ({ labelIds: chosen })),
  some(linkIds).map((clickToChatLinkIds) => ({ clickToChatLinkIds })),
  some(CAMPAIGNS).map((campaigns) => ({ campaigns })),
  attribute.map((asked) => ({ attribute: asked })),
  some(['de', 'de-AT', 'en']).map((languages) => ({ languages })),
  some(['DE', 'AT']).map((countries) => ({ countries })),
  time.map((created) => ({ created })),
  fc
    .record(
      { purpose: fc.constantFrom(...PURPOSES), states: some(STATES), channelIds: some(channelIds) },
      { requiredKeys: ['purpose', 'states'] },
    )
    .map((consent) => ({ consent })),
  fc
    .record(
      { isOpen: fc.constant(true), closesWithinMinutes: fc.constantFrom(30, 60), channelIds: some(channelIds) },
      { requiredKeys: ['isOpen'] },
    )
    .map((window) => ({ window })),
  fc
    .record({ isOpen: fc.constant(false), channelIds: some(channelIds) }, { requiredKeys: ['isOpen'] })
    .map((window) => ({ window })),
  activity.map((lastInbound) => ({ lastInbound })),
  activity.map((lastOutbound) => ({ lastOutbound })),
);
const { filter } = fc.letrec<{ filter: SegmentFilter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    leaf,
    fc.array(tie('filter'), { maxLength: 3 }).map((and) => ({ and })),
    fc.array(tie('filter'), { maxLength: 3 }).map((or) => ({ or })),
    tie('filter').map((not) => ({ not })),
    fc.tuple(leaf, leaf).map(([one, other]) => ({ ...one, ...other })),
  ),
}));

/** The same filter, said once more and without SQL. */
function matches(asked: SegmentFilter, who: Person): boolean {
  const { window, consent } = asked;
  return (
    (asked.and ?? []).every((part) => matches(part, who)) &&
    (!asked.or || asked.or.some((part) => matches(part, who))) &&
    (!asked.not || !matches(asked.not, who)) &&
    (!asked.labelIds || asked.labelIds.some((id) => who.labelIds.includes(id))) &&
    (!asked.clickToChatLinkIds || asked.clickToChatLinkIds.some((id) => who.linkIds.includes(id))) &&
    (!asked.campaigns || who.linkIds.some((id) => asked.campaigns!.includes(CAMPAIGNS[linkIds.indexOf(id)] ?? ''))) &&
    (!asked.attribute || hasAttribute(asked.attribute, who)) &&
    (!asked.languages ||
      asked.languages.some((tag) => who.language === tag || who.language?.startsWith(`${tag}-`) === true)) &&
    (!asked.countries || who.homes.some((home) => !home.isFormer && asked.countries!.includes(home.country))) &&
    (!asked.created || isWithin(asked.created, who.createdAt)) &&
    (!consent ||
      who.consents.some(
        ({ isFormer, purpose, state, channelId }) =>
          !isFormer &&
          purpose === consent.purpose &&
          consent.states.includes(state) &&
          (consent.channelIds?.includes(channelId) ?? true),
      )) &&
    (!window ||
      window.isOpen ===
        who.threads.some(
          ({ channelId, windowEnd }) =>
            (window.channelIds?.includes(channelId) ?? true) &&
            windowEnd !== null &&
            windowEnd > now &&
            (window.closesWithinMinutes === undefined ||
              windowEnd.getTime() - now.getTime() <= window.closesWithinMinutes * 60_000),
        )) &&
    (!asked.lastInbound || wasActive(asked.lastInbound, who, 'inboundAt')) &&
    (!asked.lastOutbound || wasActive(asked.lastOutbound, who, 'outboundAt'))
  );
}

function wasActive(
  { never, channelIds: channels, ...limits }: ActivityFilter,
  who: Person,
  which: 'inboundAt' | 'outboundAt',
) {
  const times = who.threads.flatMap((thread) =>
    (channels?.includes(thread.channelId) ?? true) ? (thread[which]?.getTime() ?? []) : [],
  );
  if (times.length === 0) return never === true;
  return !never && isWithin(limits, new Date(Math.max(...times)));
}

function isWithin({ from, before, withinDays, beforeDays }: TimeFilter, at: Date): boolean {
  const days = (now.getTime() - at.getTime()) / (24 * HOUR_MS);
  return (
    (from === undefined || at >= new Date(from)) &&
    (before === undefined || at < new Date(before)) &&
    (withinDays === undefined || days <= withinDays) &&
    (beforeDays === undefined || days > beforeDays)
  );
}

function hasAttribute({ key, type, isSet, is, contains, ...limits }: AttributeFilter, who: Person): boolean {
  const value = who.attributes[key as keyof typeof VALUES];
  if (isSet === false) return value === undefined;
  if (value === undefined) return false;
  const compared = (limit: string | undefined, holds: (difference: number) => boolean) =>
    limit === undefined ||
    holds(type === 'NUMBER' ? Number(value) - Number(limit) : new Date(value).getTime() - new Date(limit).getTime());
  return (
    (!is || is.includes(value)) &&
    (contains === undefined || value.toLowerCase().includes(contains.toLowerCase())) &&
    compared(limits.moreThan, (difference) => difference > 0) &&
    compared(limits.atLeast, (difference) => difference >= 0) &&
    compared(limits.lessThan, (difference) => difference < 0) &&
    compared(limits.atMost, (difference) => difference <= 0)
  );
}

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase('contacts', migrations);
  const log = createLogger('test', 'silent');
  database = await openDatabase({ service: 'contacts', url: testDatabase.url, poolSize: 2, entities, log });
  const owner = new pg.Client({ connectionString: testDatabase.url });
  await owner.connect();
  // Which says that ids are of one workspace: the condition must not need that.
  await owner.query('drop index click_to_chat_link_by_id').finally(() => owner.end());
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

async function insert(table: string, columns: Record<string, string>, rows: readonly Record<string, unknown>[]) {
  const names = sql.join(Object.keys(columns).map((name) => sql.ref(name)));
  await sql`
    insert into ${sql.table(table)} (${names}) select ${names} from ${unnest('input', columns, rows as never)}
  `.execute(database.system().getKysely());
}

/** A workspace with these people, in the order of `contactIds`. */
async function store(people: readonly Person[]): Promise<string> {
  const workspace = newId();
  const mine = people.map((who, index) => ({ ...who, workspace_id: workspace, contact_id: contactIds[index]! }));
  const key = { workspace_id: 'uuid', contact_id: 'uuid' };
  await insert(
    'contact',
    { workspace_id: 'uuid', id: 'uuid', language: 'text', created_at: 'timestamptz', updated_at: 'timestamptz' },
    mine.map(({ contact_id: id, createdAt, ...who }) => ({ ...who, id, created_at: createdAt, updated_at: now })),
  );
  await insert(
    'contact_label',
    { workspace_id: 'uuid', id: 'uuid', name: 'text', colour: 'text', created_at: 'timestamptz' },
    labelIds.map((id) => ({ workspace_id: workspace, id, name: id, colour: '#000000', created_at: now })),
  );
  await insert(
    'labelled_contact',
    { ...key, label_id: 'uuid', set_by_kind: 'text', set_at: 'timestamptz' },
    mine.flatMap((who) => who.labelIds.map((label_id) => ({ ...who, label_id, set_by_kind: 'system', set_at: now }))),
  );
  await insert(
    'click_to_chat_link',
    {
      workspace_id: 'uuid',
      id: 'uuid',
      code: 'text',
      name: 'text',
      campaign: 'text',
      channel_id: 'uuid',
      locale: 'text',
      text: 'text',
      created_at: 'timestamptz',
    },
    linkIds.map((id, index) => ({
      workspace_id: workspace,
      id,
      code: id,
      name: id,
      campaign: CAMPAIGNS[index] ?? null,
      channel_id: channelIds[0],
      locale: 'de',
      text: 'Hallo',
      created_at: now,
    })),
  );
  await insert(
    'click_to_chat_use',
    {
      ...key,
      message_id: 'uuid',
      link_id: 'uuid',
      conversation_id: 'uuid',
      began_conversation: 'boolean',
      used_at: 'timestamptz',
    },
    mine.flatMap((who) =>
      who.linkIds.map((link_id) => ({
        ...who,
        link_id,
        message_id: newId(),
        conversation_id: newId(),
        began_conversation: false,
        used_at: now,
      })),
    ),
  );
  await insert(
    'contact_attribute',
    {
      workspace_id: 'uuid',
      key: 'text',
      name: 'text',
      type: 'text',
      purpose: 'text',
      retention_class: 'text',
      created_at: 'timestamptz',
    },
    KEYS.map((each) => ({
      workspace_id: workspace,
      key: each,
      name: each,
      type: TYPES[each],
      purpose: '',
      retention_class: '',
      created_at: now,
    })),
  );
  await insert(
    'contact_attribute_value',
    { ...key, key: 'text', value: 'text', number: 'float8', changed_at: 'timestamptz' },
    mine.flatMap((who) =>
      Object.entries(who.attributes).map(([attributeKey, value]) => ({
        ...who,
        key: attributeKey,
        value,
        number: attributeKey === 'size' ? Number(value) : null,
        changed_at: now,
      })),
    ),
  );
  const consents = mine.flatMap((who) => who.consents.map((consent) => ({ ...who, ...consent, identity_id: newId() })));
  const homes = mine.flatMap((who) =>
    who.homes.map((home) => ({ ...who, ...home, channelId: channelIds[0], identity_id: newId() })),
  );
  await insert(
    'contact_identity',
    {
      ...key,
      id: 'uuid',
      channel_id: 'uuid',
      kind: 'text',
      value: 'text',
      valid_from: 'timestamptz',
      valid_to: 'timestamptz',
      country: 'text',
    },
    [...consents, ...homes].map(({ identity_id: id, channelId, isFormer, ...who }) => ({
      ...who,
      id,
      channel_id: channelId,
      kind: 'BSUID',
      value: id,
      valid_from: inHours(-1),
      valid_to: isFormer ? now : null,
    })),
  );
  await insert(
    'consent_state',
    {
      ...key,
      identity_id: 'uuid',
      purpose: 'text',
      channel_id: 'uuid',
      state: 'text',
      is_granted: 'boolean',
      since: 'timestamptz',
      event_id: 'uuid',
    },
    consents.map(({ channelId, ...consent }) => ({
      ...consent,
      channel_id: channelId,
      is_granted: consent.state === 'CONFIRMED',
      since: now,
      event_id: newId(),
    })),
  );
  await insert(
    'contact_thread',
    {
      ...key,
      thread_id: 'uuid',
      channel_id: 'uuid',
      last_inbound_at: 'timestamptz',
      last_outbound_at: 'timestamptz',
      window_expires_at: 'timestamptz',
    },
    mine.flatMap((who) =>
      who.threads.map((thread) => ({
        ...who,
        thread_id: newId(),
        channel_id: thread.channelId,
        last_inbound_at: thread.inboundAt,
        last_outbound_at: thread.outboundAt,
        window_expires_at: thread.windowEnd,
      })),
    ),
  );
  return workspace;
}

/** Without row-level security, which would hide what the condition lets through. */
async function found(workspaceId: string, asked: SegmentFilter): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select contact.id from contact where contact.workspace_id = ${workspaceId} and ${segmentCondition(asked, { now })}
  `.execute(database.system().getKysely());
  return rows.map(({ id }) => id).toSorted();
}

const NOBODY = {
  language: null,
  createdAt: now,
  labelIds: [],
  linkIds: [],
  attributes: {},
  homes: [],
  consents: [],
  threads: [],
};

describe('the condition of a segment', () => {
  it('holds for the contacts for which the filter holds, whoever they are and whatever it asks', async () => {
    let partial = 0;
    const people = fc.array(person, { minLength: contactIds.length, maxLength: contactIds.length });
    await fc.assert(
      fc.asyncProperty(people, fc.array(filter, { minLength: 40, maxLength: 40 }), async (stored, filters) => {
        const workspaceId = await store(stored);
        for (const asked of filters) {
          const expected = contactIds.filter((_, index) => matches(asked, stored[index]!)).toSorted();
          if (expected.length > 0 && expected.length < stored.length) partial += 1;
          expect(await found(workspaceId, asked), JSON.stringify(asked)).toEqual(expected);
        }
      }),
      { numRuns: 25, endOnFailure: true },
    );
    // Filters that find everybody or nobody show little.
    expect(partial).toBeGreaterThan(250);
  });

  it.each<[string, SegmentFilter]>([
    ['nothing', {}],
    ['all of nothing', { and: [] }],
    ['not any of nothing', { not: { or: [] } }],
  ])('given %s, then everybody is meant, of one workspace', async (_, asked) => {
    await store([NOBODY, NOBODY]);
    expect(await found(await store([NOBODY]), asked)).toEqual([contactIds[0]]);
  });

  it('knows upper and lower case of all letters', async () => {
    const workspaceId = await store([{ ...NOBODY, attributes: { town: 'KÖLN' } }]);
    const asked = (contains: string) => ({ attribute: { key: 'town', type: 'TEXT' as const, contains } });
    expect(await found(workspaceId, asked('öl'))).toEqual([contactIds[0]]);
    expect(await found(workspaceId, asked('ol'))).toEqual([]);
  });
});
