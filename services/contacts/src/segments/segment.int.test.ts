import type { Permission } from '@fenster/auth';
import { readLog, sql } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { subscribe } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';

const contacts = new ContactsUnderTest();
let ours: string;
let manager: string;
let agent: string;
let channelId: string;

beforeAll(() => contacts.start());
afterAll(() => contacts.stop());
beforeEach(async () => {
  ours = newId();
  channelId = newId();
  await execute(sql`insert into sending_channel (workspace_id, id) values (${ours}, ${channelId})`);
  manager = contacts.token(ours, ...MANAGER);
  agent = contacts.token(ours, 'contact:read', 'conversation:read');
});

const MANAGER: Permission[] = ['contact:read', 'contact:update', 'contact:manage', 'conversation:read_all'];
type Answer = Record<string, unknown> & { id: string };
async function ask<T = Answer>(query: string, variables: Record<string, unknown> = {}, as = manager): Promise<T> {
  const { data, errors } = await contacts.query(query, as, variables);
  return ((errors?.[0]?.extensions as T | undefined) ?? data!['result']) as T;
}
const CODE = '__typename ... on UserError { code }';
const REFUSAL = `${CODE} ... on InvalidInput { field }`;
const create = (input: Record<string, unknown>, as = manager) =>
  ask(
    `mutation ($input: CreateSegmentInput!) { result: createSegment(input: $input) {
      ${REFUSAL} ... on Segment { id name filter { languages not { languages } } count } } }`,
    { input: { idempotencyKey: newId(), filter: { languages: ['de'] }, ...input } },
    as,
  );
const update = (input: Record<string, unknown>, as = manager) =>
  ask(
    `mutation ($input: UpdateSegmentInput!) { result: updateSegment(input: $input) { ${REFUSAL} ... on Segment { id name count } } }`,
    { input },
    as,
  );
const remove = (id: string, as = manager) =>
  ask(`mutation ($id: ID!) { result: deleteSegment(id: $id) { ${CODE} ... on SegmentDeleted { id } } }`, { id }, as);
const person = (name: string, language: string, more: Record<string, unknown> = {}, as = manager) =>
  ask(
    'mutation ($input: CreateContactInput!) { result: createContact(input: $input) { ... on Contact { id } } }',
    { input: { name, language, idempotencyKey: newId(), ...more } },
    as,
  );
const list = (variables: Record<string, unknown>, as = manager) =>
  ask<{ nodes: { name: string }[]; nextPage: string | null; field?: string }>(
    `query ($filter: ContactFilterInput, $first: Int, $after: String) {
      result: contacts(filter: $filter, first: $first, after: $after) { nodes { name } nextPage } }`,
    variables,
    as,
  );
const execute = (statement: ReturnType<typeof sql>) => statement.execute(contacts.database.system().getKysely());

describe('contacts by a filter', () => {
  it('come in pages, with all that is asked and nobody else, those of the workspace', async () => {
    const label = await ask(
      `mutation ($input: CreateContactLabelInput!) { result: createContactLabel(input: $input) { ... on ContactLabel { id } } }`,
      { input: { name: 'VIP', colour: '#000000', idempotencyKey: 'l' } },
    );
    for (const name of ['Ada', 'Bob', 'Cem', 'Dan', 'Eva']) {
      await person(name, name === 'Cem' ? 'en' : 'de-AT', name === 'Dan' ? {} : { labelIds: [label.id] });
    }
    await person('Foe', 'de', {}, contacts.token(newId(), ...MANAGER));
    const filter = { labelIds: [label.id], not: { languages: ['en'] } };
    const first = await list({ filter, first: 2 });
    expect(first.nodes).toEqual([{ name: 'Eva' }, { name: 'Bob' }]);
    const last = await list({ filter, first: 2, after: first.nextPage });
    expect(last).toEqual({ nodes: [{ name: 'Ada' }], nextPage: null });
  });

  it('are asked for by the country of their number or user id, soon after it is known', async () => {
    const phone = (number: string) => ({ phone: { number, channelId } });
    await person('Ada', 'de', phone('+4915112345678'));
    await person('Bob', 'de', phone('+436641234567'));
    const see = (identity: object) =>
      contacts.event('opened', { workspaceId: ours, contactId: newId(), channelId, identity });
    await contacts.publish(see({ bsuid: 'AT.123', profileName: 'Dan' }), see({ phone: '+999123456' }));
    const from = async (...countries: string[]) =>
      (await list({ filter: { countries } })).nodes.map(({ name }) => name);
    await eventually(async () => expect(await from('AT')).toEqual(['Dan', 'Bob']));
    expect(await from('DE')).toEqual(['Ada']);
    const looked = () =>
      execute(sql`select country from contact_identity where workspace_id = ${ours} order by country`);
    const expected = ['AT', 'AT', 'DE', 'ZZ'].map((country) => ({ country }));
    await eventually(async () => expect((await looked()).rows).toEqual(expected));
  });

  it('are refused with the path in the filter, also for what one may not see', async () => {
    const wrong = { or: [{ attribute: { key: 'none', isSet: true } }] };
    expect(await list({ filter: wrong })).toMatchObject({ code: 'INVALID_INPUT', field: 'filter.or.0.attribute.key' });
    const asked = { not: { lastInbound: { withinDays: 30 } } };
    expect(await list({ filter: asked })).toMatchObject({ nodes: [] });
    expect(await list({ filter: asked }, agent)).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'filter.not.lastInbound',
    });
    expect(await list({ filter: { window: { isOpen: true } } }, agent)).toMatchObject({ field: 'filter.window' });
  });
});

describe('a segment', () => {
  const show = (id: string, as = manager) =>
    ask(
      `query ($id: ID!) { result: segment(id: $id) { name filter { languages } count contacts { nodes { name } } } }`,
      { id },
      as,
    );

  it('is made once per key, has whoever meets it, and a name of its own', async () => {
    const made = await create({ name: ' Deutsch ', idempotencyKey: 'k' });
    expect(made).toMatchObject({ name: 'Deutsch', filter: { languages: ['de'], not: null }, count: 0 });
    expect(await create({ name: 'Deutsch', idempotencyKey: 'k' })).toEqual(made);
    expect(await create({ name: 'DEUTSCH' })).toMatchObject({ code: 'SEGMENT_NAME_TAKEN' });
    expect(await create({ name: 'Andere', idempotencyKey: 'k' })).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    await person('Anna', 'de');
    await person('Bob', 'en');
    expect(await show(made.id)).toMatchObject({ count: 1, contacts: { nodes: [{ name: 'Anna' }] } });
    expect(await update({ id: made.id, filter: { not: { languages: ['de'] } } })).toMatchObject({ name: 'Deutsch' });
    expect(await show(made.id, agent)).toMatchObject({
      filter: { languages: null },
      contacts: { nodes: [{ name: 'Bob' }] },
    });
    expect(await remove(made.id)).toEqual({ __typename: 'SegmentDeleted', id: made.id });
    expect(await remove(made.id)).toMatchObject({ code: 'NOT_FOUND' });
    const told = await readLog(contacts.database.forTenant(ours), 0, 100);
    const changes = told.filter(({ name }) => name === 'contacts.segment.changed').map(({ data }) => data);
    expect(changes).toEqual([{ segmentId: made.id }, { segmentId: made.id }, { segmentId: made.id }]);
  });

  it('is counted in pages, and by more than one statement where there are many', async () => {
    await person('Anna', 'de');
    for (let number = 10; number < 35; number += 1) {
      await create({ name: `Segment ${number}`, filter: { languages: [number % 2 === 0 ? 'de' : 'en'] } });
    }
    const page = (after?: string) =>
      ask<{ id: string; name: string; count: number }[]>(
        'query ($after: ID) { result: segments(first: 24, after: $after) { id name count } }',
        { after },
      );
    const first = await page();
    expect(first.map(({ name, count }) => `${name}: ${count}`)).toEqual(
      Array.from({ length: 24 }, (_, index) => `Segment ${10 + index}: ${(index + 1) % 2}`),
    );
    expect(await page(first.at(-1)!.id)).toMatchObject([{ name: 'Segment 34', count: 1 }]);
    expect(await page(newId())).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('keeps the labels that it asks for, at any depth, or whom it leaves out would be in it', async () => {
    const label = await ask(
      `mutation ($input: CreateContactLabelInput!) { result: createContactLabel(input: $input) { ... on ContactLabel { id } } }`,
      { input: { name: 'Nicht anschreiben', colour: '#ff0000', idempotencyKey: newId() } },
      manager,
    );
    const forget = () =>
      ask(
        `mutation ($id: ID!) { result: deleteContactLabel(id: $id) {
          __typename ... on UserError { code message } ... on ContactLabelDeleted { id } } }`,
        { id: label['id'] },
        manager,
      );
    const made = await create({ name: 'Rest', filter: { and: [{ not: { labelIds: [label['id']] } }] } });
    expect(await forget()).toMatchObject({ code: 'CONTACT_LABEL_IN_USE', message: expect.stringContaining('Rest') });
    await update({ id: made.id, filter: { languages: ['de'] } });
    expect(await forget()).toMatchObject({ __typename: 'ContactLabelDeleted' });
  });

  it('is for managers to make, and not to be found elsewhere', async () => {
    const { id } = await create({ name: 'Deutsch' });
    for (const refused of [create({ name: 'A' }, agent), update({ id, name: 'B' }, agent), remove(id, agent)]) {
      expect(await refused).toMatchObject({ code: 'FORBIDDEN' });
    }
    const elsewhere = contacts.token(newId(), ...MANAGER);
    expect(await show(id, elsewhere)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await update({ id, name: 'B' }, elsewhere)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await remove(id, elsewhere)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await ask('{ result: segments { id } }', {}, elsewhere)).toEqual([]);
    expect(await ask('{ result: segments { id } }', {}, agent)).toEqual([{ id }]);
  });

  it('that asks about what one may not see shows its name, and neither who is in it nor how many', async () => {
    const { id } = await create({ name: 'Stumm', filter: { lastInbound: { never: true } } });
    await person('Anna', 'de');
    expect(await show(id)).toMatchObject({ count: 1, contacts: { nodes: [{ name: 'Anna' }] } });
    expect(await show(id, agent)).toMatchObject({ name: 'Stumm', count: null, contacts: null });
    const count = 'query ($id: ID!) { result: segmentCount(id: $id) { count reach { reachable } } }';
    expect(await ask(count, { id })).toEqual({ count: 1, reach: null });
    expect(await ask(count, { id }, agent)).toMatchObject({ code: 'INVALID_INPUT', field: 'id' });
  });
});

describe('who of a segment can be reached', () => {
  type Consent = [kind: string, state: string, more?: { isFormer?: boolean; purpose?: string }];
  /** A person known by these names, with what they said about them. */
  async function known(names: readonly string[], consents: readonly Consent[], inChannel = channelId): Promise<void> {
    const { id } = await person('Anna', 'de');
    const add = async (kind: string, isFormer: boolean) => {
      const identity = newId();
      await execute(sql`
        insert into contact_identity (workspace_id, id, contact_id, channel_id, kind, value, valid_from, valid_to)
        values (${ours}, ${identity}, ${id}, ${inChannel}, ${kind}, ${identity}, now(), case when ${isFormer} then now() end)
      `);
      return identity;
    };
    const current = new Map<string, string>();
    for (const kind of names) current.set(kind, await add(kind, false));
    for (const [kind, state, { isFormer = false, purpose = 'marketing' } = {}] of consents) {
      const identity = isFormer ? await add(kind, true) : current.get(kind)!;
      await execute(sql`
        insert into consent_state (workspace_id, identity_id, purpose, contact_id, channel_id, state, is_granted, since, event_id)
        values (${ours}, ${identity}, ${purpose}, ${id}, ${inChannel}, ${state}, ${state === 'CONFIRMED'}, now(), ${newId()})
      `);
    }
  }
  const countFor = async (purpose: string, as = manager) => {
    const { count, reach } = await ask<{ count: number; reach: Record<string, unknown> }>(
      `query ($reach: ReachInput) { result: contactCount(filter: { languages: ["de"] }, reach: $reach) {
        count reach { reachable inServiceWindow unreachable { reason count } } } }`,
      { reach: { purpose, channelId } },
      as,
    );
    const reasons = reach['unreachable'] as { reason: string; count: number }[];
    return { count, ...reach, unreachable: Object.fromEntries(reasons.map((each) => [each.reason, each.count])) };
  };

  it.each<[string, readonly string[], readonly Consent[], Record<string, string | null>]>([
    ['a number that agreed', ['PHONE', 'BSUID'], [['PHONE', 'CONFIRMED']], { marketing: null }],
    ['a user id that agreed, without a number', ['BSUID'], [['BSUID', 'CONFIRMED']], { marketing: null }],
    [
      'a number, by consent of the user id',
      ['PHONE', 'BSUID'],
      [['BSUID', 'CONFIRMED']],
      { marketing: 'CONSENT_MISSING' },
    ],
    [
      'a consent of a former number',
      ['PHONE'],
      [['PHONE', 'CONFIRMED', { isFormer: true }]],
      { marketing: 'CONSENT_MISSING' },
    ],
    ['no consent', ['PHONE'], [], { marketing: 'CONSENT_MISSING', order_updates: null, service: null }],
    [
      'a consent to something else',
      ['PHONE'],
      [['PHONE', 'CONFIRMED', { purpose: 'order_updates' }]],
      { marketing: 'CONSENT_MISSING' },
    ],
    ['a question without an answer', ['PHONE'], [['PHONE', 'REQUESTED']], { marketing: 'CONSENT_REQUESTED' }],
    ['a no', ['PHONE'], [['PHONE', 'WITHDRAWN']], { marketing: 'OPTED_OUT', order_updates: null, service: null }],
    [
      'a no by another name',
      ['PHONE', 'BSUID'],
      [
        ['PHONE', 'CONFIRMED'],
        ['BSUID', 'REFUSED'],
      ],
      { marketing: 'OPTED_OUT' },
    ],
    [
      'a switch turned',
      ['PHONE', 'BSUID'],
      [
        ['BSUID', 'PLATFORM_STOPPED'],
        ['PHONE', 'WITHDRAWN'],
      ],
      { marketing: 'PLATFORM_STOPPED' },
    ],
    [
      'an objection to updates',
      ['PHONE'],
      [['PHONE', 'WITHDRAWN', { purpose: 'order_updates' }]],
      { order_updates: 'OPTED_OUT', service: null },
    ],
    ['a username alone', ['USERNAME'], [], { marketing: 'NO_ADDRESS', service: 'NO_ADDRESS' }],
    ['no name at all', [], [], { marketing: 'NO_ADDRESS' }],
  ])('given %s, then it is said whether and why not', async (_, names, consents, expected) => {
    await known(names, consents);
    for (const [purpose, reason] of Object.entries(expected)) {
      expect(await countFor(purpose), purpose).toMatchObject(
        reason === null
          ? { count: 1, reachable: 1, unreachable: {} }
          : { count: 1, reachable: 0, unreachable: { [reason]: 1 } },
      );
    }
  });

  it('is counted from one channel, each contact once, with whose window is open there', async () => {
    await known(['PHONE'], [['PHONE', 'CONFIRMED']]);
    await known(
      ['PHONE', 'BSUID'],
      [
        ['PHONE', 'CONFIRMED'],
        ['BSUID', 'CONFIRMED'],
      ],
    );
    await known(['PHONE'], [['PHONE', 'WITHDRAWN']]);
    await known(['PHONE'], [['PHONE', 'CONFIRMED']], newId());
    const { rows } = await execute(sql<{ contact_id: string; channel_id: string }>`
      select distinct contact_id, channel_id from contact_identity where workspace_id = ${ours}
    `);
    for (const { contact_id, channel_id } of rows as { contact_id: string; channel_id: string }[]) {
      await execute(sql`
        insert into contact_thread (workspace_id, thread_id, contact_id, channel_id, window_expires_at)
        values (${ours}, ${newId()}, ${contact_id}, ${channel_id}, now() + interval '1 hour')
      `);
    }
    await execute(sql`
      update contact_thread set window_expires_at = now() where workspace_id = ${ours} and contact_id = (
        select contact_id from contact_identity where workspace_id = ${ours} and kind = 'BSUID'
      )
    `);
    const expected = { count: 4, reachable: 2, unreachable: { OPTED_OUT: 1, NO_ADDRESS: 1 } };
    expect(await countFor('marketing')).toEqual({ ...expected, inServiceWindow: 1 });
    expect(await countFor('marketing', agent)).toEqual({ ...expected, inServiceWindow: null });
  });

  it('is refused for a purpose that there is not', async () => {
    const query = `query ($reach: ReachInput) { result: contactCount(filter: {}, reach: $reach) { count } }`;
    expect(await ask(query, { reach: { purpose: 'x', channelId } })).toMatchObject({ field: 'reach.purpose' });
    for (const unknown of ['x', newId()]) {
      expect(await ask(query, { reach: { purpose: 'service', channelId: unknown } })).toMatchObject({
        field: 'reach.channelId',
      });
    }
  });
});

describe('a list of segments', () => {
  const query = `query ($reach: ReachInput!, $after: String) { result: segments {
    name count reach(for: $reach) { reachable inServiceWindow unreachable { reason count } }
    contacts(first: 2, after: $after) { nodes { name } nextPage } } }`;
  const reach = () => ({ purpose: 'service', channelId });
  type Listed = {
    name: string;
    count: number;
    reach: { reachable: number; inServiceWindow: number | null; unreachable: object[] } | null;
    contacts: { nodes: { name: string }[]; nextPage: string | null } | null;
  }[];
  async function statementsOf<T>(work: () => Promise<T>): Promise<{ answer: T; asking: number }> {
    let asking = 0;
    // Not what the service asks by itself.
    contacts.onStatement = (text) => (asking += /(count\(|"createdAt").*from contact\b/s.test(text) ? 1 : 0);
    const answer = await work();
    contacts.onStatement = () => {};
    return { answer, asking };
  }

  it('has the count, the reach and a page of each, in as many statements for many as for one', async () => {
    for (const name of ['Ada', 'Bea', 'Cem']) await person(name, name === 'Cem' ? 'en' : 'de');
    await create({ name: 'D0' });
    const few = await statementsOf(() => ask<Listed>(query, { reach: reach() }));
    for (let at = 1; at < 6; at += 1) await create({ name: `D${at}`, filter: { languages: [at % 2 ? 'en' : 'de'] } });
    await create({ name: 'D6', filter: {} });
    const many = await statementsOf(() => ask<Listed>(query, { reach: reach() }));
    const unreachable = (count: number) => ({
      reachable: 0,
      inServiceWindow: 0,
      unreachable: [{ reason: 'NO_ADDRESS', count }],
    });
    const german = {
      count: 2,
      reach: unreachable(2),
      contacts: { nodes: [{ name: 'Bea' }, { name: 'Ada' }], nextPage: null },
    };
    const english = { count: 1, reach: unreachable(1), contacts: { nodes: [{ name: 'Cem' }], nextPage: null } };
    expect(few.answer).toEqual([{ name: 'D0', ...german }]);
    expect(many.answer).toEqual([
      ...[german, english, german, english, german, english].map((each, at) => ({ name: `D${at}`, ...each })),
      {
        name: 'D6',
        count: 3,
        reach: unreachable(3),
        contacts: { nodes: [{ name: 'Cem' }, { name: 'Bea' }], nextPage: expect.any(String) },
      },
    ]);
    expect([few.asking, many.asking]).toEqual([3, 3]);
    const after = many.answer.at(-1)!.contacts!.nextPage;
    const next = await ask<Listed>(query, { reach: reach(), after });
    expect(next.at(-1)!.contacts).toEqual({ nodes: [{ name: 'Ada' }], nextPage: null });
  });

  it('asks nothing about people of which the actor may not see, and no other workspace’s', async () => {
    await person('Ada', 'de');
    await person('Foe', 'de', {}, contacts.token(newId(), ...MANAGER));
    await create({ name: 'Offen', filter: { window: { isOpen: false } } });
    await create({ name: 'Deutsch' });
    expect(await ask<Listed>(query, { reach: reach() }, agent)).toEqual([
      {
        name: 'Deutsch',
        count: 1,
        reach: { reachable: 0, inServiceWindow: null, unreachable: [{ reason: 'NO_ADDRESS', count: 1 }] },
        contacts: { nodes: [{ name: 'Ada' }], nextPage: null },
      },
      { name: 'Offen', count: null, reach: null, contacts: null },
    ]);
  });

  it('says of one page or reach what is wrong with it, and of the others what there is', async () => {
    const { id } = await create({ name: 'Deutsch' });
    const { data, errors } = await contacts.query(
      `query ($id: ID!, $reach: ReachInput!, $unknown: ReachInput!) {
        segment(id: $id) {
          good: contacts { nodes { name } } bad: contacts(after: "x") { nodes { name } }
          reach(for: $reach) { reachable } unknown: reach(for: $unknown) { reachable } } }`,
      manager,
      { id, reach: reach(), unknown: { ...reach(), purpose: 'x' } },
    );
    expect(data).toEqual({ segment: { good: { nodes: [] }, bad: null, reach: { reachable: 0 }, unknown: null } });
    expect(errors!.map(({ extensions: { code, field } }) => [code, field])).toEqual([
      ['INVALID_INPUT', 'after'],
      ['INVALID_INPUT', 'for.purpose'],
    ]);
  });
});

describe('whoever follows a segment', () => {
  type Event = { segmentCount: { count: number; reach: { reachable: number } | null } };
  const url = () => `${contacts.service.url}/graphql`;
  const follow = (id: string, as = manager, reach: object | null = null) =>
    subscribe<Event>(
      url(),
      `subscription ($id: ID!, $reach: ReachInput) { segmentCount(id: $id, reach: $reach) { count reach { reachable } } }`,
      as,
      { id, reach },
    );
  const countsOf = ({ received }: { received: Event[] }) => received.map(({ segmentCount: { count } }) => count);

  it('is told how many there are, whenever that is another number, until it is deleted', async () => {
    const { id } = await create({ name: 'Deutsch' });
    const live = follow(id, agent, { purpose: 'service', channelId });
    await eventually(() => expect([live.errors, countsOf(live)]).toEqual([[], [0]]));
    expect(live.received[0]!.segmentCount.reach).toEqual({ reachable: 0 });
    await person('Bob', 'en');
    await person('Anna', 'de');
    await eventually(() => expect(countsOf(live)).toEqual([0, 1]));
    await update({ id, filter: {} });
    await eventually(() => expect(countsOf(live)).toEqual([0, 1, 2]));
    await remove(id);
    await eventually(() => expect(live.isComplete()).toBe(true));
    expect([live.errors, countsOf(live)]).toEqual([[], [0, 1, 2]]);
  });

  it('is told no more once the segment asks about what they may not see, and nothing of such a one', async () => {
    const { id } = await create({ name: 'Deutsch' });
    const live = follow(id, agent);
    await eventually(() => expect(countsOf(live)).toEqual([0]));
    await update({ id, filter: { window: { isOpen: false } } });
    await person('Anna', 'de');
    await eventually(() => expect(live.isComplete()).toBe(true));
    expect(countsOf(live)).toEqual([0]);
    const refused = follow(id, agent);
    await eventually(() => expect(refused.errors).not.toEqual([]));
    expect(refused.received).toEqual([]);
    const elsewhere = follow(id, contacts.token(newId(), ...MANAGER));
    await eventually(() => expect(elsewhere.errors).not.toEqual([]));
  });

  it('hears of segments that are made, changed and deleted, if they follow contacts', async () => {
    type Told = { contactEvents: { __typename: string; segment?: { name: string } | null } };
    const query = 'subscription { contactEvents { __typename ... on SegmentChanged { segmentId segment { name } } } }';
    const live = subscribe<Told>(url(), query, agent, {});
    await eventually(() => expect(live.received).toHaveLength(1));
    const { id } = await create({ name: 'Deutsch' });
    await eventually(() => expect(live.received).toHaveLength(2));
    expect(live.received[1]!.contactEvents).toMatchObject({
      __typename: 'SegmentChanged',
      segment: { name: 'Deutsch' },
    });
    await remove(id);
    await eventually(() => expect(live.received).toHaveLength(3));
    expect(live.received[2]!.contactEvents).toMatchObject({ segmentId: id, segment: null });
    await live.stop();
  });
});
