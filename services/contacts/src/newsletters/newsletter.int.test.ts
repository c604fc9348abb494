import { newsletterMessageDue, newsletterStarted, type ConsentState } from '@fenster/contracts';
import { openDatabase, readLog, sql, transact, type Ctx, type Database } from '@fenster/database';
import { createLogger, createPersonMark, newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/test-database.js';
import { entities } from '../entities.js';
import { personDataOf } from '../erasures/erase-person.js';
import { migrations } from '../migrations.js';
import { countFilter } from '../segments/segment.queries.js';
import { countOptOuts } from './count-opt-outs.js';
import { reportsOfNewsletters } from './newsletter.queries.js';
import { runNewsletters } from './newsletter-runner.js';
import type { Placeholder } from './placeholder.rule.js';
import { recordProgress } from './record-progress.js';

const log = createLogger('test', 'silent');
let testDatabase: TestDatabase;
let database: Database;
let ctx: Ctx;
let now = new Date();
let workspaceId: string;
const channelId = newId();
const people = new Map<string, string>();

beforeAll(async () => {
  testDatabase = await createTestDatabase('contacts', migrations);
  database = await openDatabase({ service: 'contacts', url: testDatabase.url, poolSize: 4, entities, log });
  const origin = { actor: { kind: 'system' }, correlationId: 'test' } as const;
  ctx = { database, now: () => now, log, wakeRelay: () => {}, origin };
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

const run = (statement: ReturnType<typeof sql>) => statement.execute(database.system().getKysely());
const rows = async <Row>(query: ReturnType<typeof sql<Row>>) =>
  (await query.execute(database.system().getKysely())).rows;

/** With these addresses on the channel, and what each has said of marketing. */
async function insertPerson(
  name: string,
  {
    phone,
    bsuid,
    phoneSaid,
    bsuidSaid,
    timeZone,
    country,
  }: Partial<Record<'phone' | 'bsuid' | 'timeZone' | 'country', string>> & {
    phoneSaid?: ConsentState;
    bsuidSaid?: ConsentState;
  },
): Promise<void> {
  const contactId = newId();
  people.set(name, contactId);
  await run(sql`
    insert into contact (workspace_id, id, given_name, address, created_at, updated_at)
    values (${workspaceId}, ${contactId}, ${name}, ${JSON.stringify({ country: country ?? null })}::jsonb, ${now}, ${now})
  `);
  for (const [kind, value, state] of [
    ['PHONE', phone, phoneSaid],
    ['BSUID', bsuid, bsuidSaid],
  ] as const) {
    if (value === undefined) continue;
    const id = newId();
    await run(sql`
      insert into contact_identity (workspace_id, id, contact_id, channel_id, kind, value, valid_from)
      values (${workspaceId}, ${id}, ${contactId}, ${channelId}, ${kind}, ${value}, ${now})
    `);
    if (state === undefined) continue;
    await run(sql`
      insert into consent_state (workspace_id, identity_id, purpose, contact_id, channel_id, state, is_granted, since, event_id)
      values (${workspaceId}, ${id}, 'marketing', ${contactId}, ${channelId}, ${state}, ${state === 'CONFIRMED'}, ${now}, ${newId()})
    `);
  }
  if (timeZone === undefined) return;
  await run(sql`
    insert into contact_attribute (workspace_id, key, name, type, purpose, retention_class, created_at)
    values (${workspaceId}, 'time_zone', 'Time zone', 'TEXT', 'sending', 'PREFERENCE', ${now}) on conflict do nothing
  `);
  await run(sql`
    insert into contact_attribute_value (workspace_id, contact_id, key, value, changed_at)
    values (${workspaceId}, ${contactId}, 'time_zone', ${timeZone}, ${now})
  `);
}

/** Of their number. */
async function say(name: string, purpose: string, state: ConsentState): Promise<void> {
  await run(sql`
    insert into consent_state (workspace_id, identity_id, purpose, contact_id, channel_id, state, is_granted, since, event_id)
    select workspace_id, id, ${purpose}, contact_id, channel_id, ${state}, ${state === 'CONFIRMED'}, ${now}, ${newId()}
    from contact_identity where contact_id = ${people.get(name)!} and kind = 'PHONE'
  `);
}

async function insertNewsletter(localTime: string | null = null): Promise<string> {
  const id = newId();
  await run(sql`
    insert into newsletter (workspace_id, id, name, channel_id, segment_id, filter, content, state, starts_at, local_time,
      time_zone, created_by_kind, created_by_id, created_at)
    values (${workspaceId}, ${id}, 'Herbst', ${channelId}, ${newId()}, '{}',
      ${JSON.stringify({ templateId: newId(), body: [], buttons: [] })}::jsonb, 'SCHEDULED', ${now},
      ${localTime}::timestamp, ${localTime && 'Europe/Berlin'}, 'member', ${newId()}, ${now})
  `);
  return id;
}

interface Recipient {
  name: string | null;
  state: string;
  reason: string | null;
  dueAt: Date;
}
const recipients = (newsletterId: string) =>
  rows(sql<Recipient>`
    select contact.name, recipient.state, recipient.reason, recipient.due_at as "dueAt" from newsletter_recipient recipient
    left join contact on contact.workspace_id = recipient.workspace_id and contact.id = recipient.contact_id
    where recipient.newsletter_id = ${newsletterId} order by contact.name
  `);

beforeEach(() => {
  workspaceId = newId();
  now = new Date('2026-11-23T20:00:00Z');
});

describe('whom a newsletter goes to', () => {
  it('is written down when it begins, as it is counted before, by the consent of the address that it goes to', async () => {
    await insertPerson('agreed', { phone: '+491700000001', phoneSaid: 'CONFIRMED' });
    await insertPerson('agreed elsewhere', { phone: '+491700000002', bsuid: 'DE.2', bsuidSaid: 'CONFIRMED' });
    await insertPerson('refuses elsewhere', {
      phone: '+491700000003',
      phoneSaid: 'CONFIRMED',
      bsuid: 'DE.3',
      bsuidSaid: 'WITHDRAWN',
    });
    await insertPerson('stopped', { phone: '+491700000004', phoneSaid: 'PLATFORM_STOPPED' });
    await insertPerson('asked', { bsuid: 'DE.5', bsuidSaid: 'REQUESTED' });
    await insertPerson('unasked', { bsuid: 'DE.6' });
    await insertPerson('without an address', {});
    const purpose = { key: 'marketing', kind: 'MARKETING' } as const;
    const reach = { workspaceId, channelId, purpose };
    const counted = (await countFilter(ctx, { workspaceId, filter: {}, reach })).reach!;
    const written = await recipients((await begin()).id);
    expect(written.map(({ name, state, reason }) => [name, state, reason])).toEqual([
      ['agreed', 'PENDING', null],
      ['agreed elsewhere', 'REFUSED', 'CONSENT_MISSING'],
      ['asked', 'REFUSED', 'CONSENT_REQUESTED'],
      ['refuses elsewhere', 'REFUSED', 'OPTED_OUT'],
      ['stopped', 'REFUSED', 'PLATFORM_STOPPED'],
      ['unasked', 'REFUSED', 'CONSENT_MISSING'],
      ['without an address', 'REFUSED', 'NO_ADDRESS'],
    ]);
    expect(counted.reachable).toBe(1);
    for (const { reason, count } of counted.unreachable) {
      expect(written.filter((each) => each.reason === reason)).toHaveLength(count);
    }
  });

  it('is, for a purpose of one’s own, who has agreed to that and to marketing', async () => {
    const said = [
      ['both', 'CONFIRMED', 'CONFIRMED'],
      ['events alone', undefined, 'CONFIRMED'],
      ['marketing alone', 'CONFIRMED', undefined],
      ['no more events', 'CONFIRMED', 'WITHDRAWN'],
      ['asked about events', 'CONFIRMED', 'REQUESTED'],
    ] as const;
    for (const [index, [name, marketing, events]] of said.entries()) {
      await insertPerson(name, { phone: `+49170000000${index}`, ...(marketing && { phoneSaid: marketing }) });
      if (events) await say(name, 'events', events);
    }
    const purpose = { key: 'events', kind: 'MARKETING' } as const;
    await run(sql`update contact_identity set country = 'DE' where contact_id = ${people.get('both')!}`);
    const { reach, countries } = await countFilter(ctx, {
      workspaceId,
      filter: {},
      reach: { workspaceId, channelId, purpose },
      byCountry: true,
    });
    expect(countries).toEqual([{ country: 'DE', count: 1 }]);
    const id = await insertNewsletter();
    await run(sql`update newsletter set purpose = 'events' where id = ${id}`);
    await runNewsletters(ctx);
    expect((await recipients(id)).map(({ name, state, reason }) => [name, reason ?? state])).toEqual([
      ['asked about events', 'CONSENT_REQUESTED'],
      ['both', 'PENDING'],
      ['events alone', 'CONSENT_MISSING'],
      ['marketing alone', 'CONSENT_MISSING'],
      ['no more events', 'OPTED_OUT'],
    ]);
    expect(reach).toMatchObject({
      reachable: 1,
      unreachable: [
        { reason: 'OPTED_OUT', count: 1 },
        { reason: 'CONSENT_REQUESTED', count: 1 },
        { reason: 'CONSENT_MISSING', count: 2 },
      ],
    });
  });

  it('is asked about the newest of several numbers, also when it is counted before', async () => {
    await insertPerson('agreed by an older number', { phone: '+491700000001', phoneSaid: 'CONFIRMED' });
    await run(sql`
      insert into contact_identity (workspace_id, id, contact_id, channel_id, kind, value, valid_from)
      values (${workspaceId}, ${newId()}, ${people.get('agreed by an older number')!}, ${channelId}, 'PHONE',
        '+491700000002', ${new Date(now.getTime() + 1)})
    `);
    const purpose = { key: 'marketing', kind: 'MARKETING' } as const;
    const { reach } = await countFilter(ctx, { workspaceId, filter: {}, reach: { workspaceId, channelId, purpose } });
    expect(await recipients((await begin()).id)).toMatchObject([{ state: 'REFUSED', reason: 'CONSENT_MISSING' }]);
    expect(reach).toMatchObject({ reachable: 0, unreachable: [{ reason: 'CONSENT_MISSING', count: 1 }] });
  });

  it('at their local time: by the contact, the number, the address, else the newsletter; where it is past, a day later', async () => {
    const said = { phoneSaid: 'CONFIRMED', bsuidSaid: 'CONFIRMED' } as const;
    await insertPerson('Berlin', { phone: '+491700000001', ...said });
    await insertPerson('Tokyo, with a German number', { phone: '+491700000002', timeZone: 'Asia/Tokyo', ...said });
    await insertPerson('New York', { phone: '+12125550123', ...said });
    await insertPerson('Auckland', { phone: '+6421234567', ...said });
    // PostgreSQL does not know this name.
    await insertPerson('Sydney', { phone: '+491700000003', timeZone: 'AET', ...said });
    const { id } = await begin('2026-11-24T10:00');
    const due = new Map((await recipients(id)).map(({ name, dueAt }) => [name, dueAt.toISOString()]));
    expect(Object.fromEntries(due)).toEqual({
      Berlin: '2026-11-24T09:00:00.000Z',
      'Tokyo, with a German number': '2026-11-24T01:00:00.000Z',
      'New York': '2026-11-24T15:00:00.000Z',
      Auckland: '2026-11-23T21:00:00.000Z',
      Sydney: '2026-11-23T23:00:00.000Z',
    });
    const late = await begin('2026-11-24T08:30');
    expect((await recipients(late.id)).find(({ name }) => name === 'Auckland')?.dueAt.toISOString()).toBe(
      '2026-11-24T19:30:00.000Z',
    );
    // It was paused for days before it began.
    const days = await begin('2026-11-20T08:30');
    const dueThen = new Map((await recipients(days.id)).map(({ name, dueAt }) => [name, dueAt.toISOString()]));
    expect(Object.fromEntries(dueThen)).toEqual({
      Berlin: '2026-11-24T07:30:00.000Z',
      'Tokyo, with a German number': '2026-11-23T23:30:00.000Z',
      'New York': '2026-11-24T13:30:00.000Z',
      Auckland: '2026-11-24T19:30:00.000Z',
      Sydney: '2026-11-23T21:30:00.000Z',
    });
  });

  it('gets to one person once, whom two contacts turned out to be; and an end of marketing counts under either id', async () => {
    await insertPerson('one', { phone: '+491700000001', phoneSaid: 'CONFIRMED' });
    await insertPerson('two', { phone: '+491700000002', phoneSaid: 'CONFIRMED' });
    const { id } = await begin();
    const [one, two] = [people.get('one')!, people.get('two')!];
    await run(sql`
      insert into contact_alias (workspace_id, id, contact_id, created_at) values (${workspaceId}, ${two}, ${one}, ${now})
    `);
    await run(sql`
      insert into sending_channel (workspace_id, id, messages_per_second) values (${workspaceId}, ${channelId}, 80)
    `);
    await runNewsletters(ctx);
    expect(await recipients(id)).toMatchObject([
      { name: 'one', state: 'HANDED_OVER' },
      { name: 'two', state: 'REFUSED', reason: 'DUPLICATE' },
    ]);
    await run(sql`update newsletter_recipient set queued_at = ${now}, state = 'READ' where contact_id = ${two}`);
    const entry = { workspaceId, contactId: one, channelId, purpose: 'marketing', kind: 'WITHDRAWN' } as const;
    await transact(ctx, (tx) => countOptOuts(tx, [{ ...entry, occurredAt: new Date(now.getTime() + 60_000) }]));
    const counted = await rows(sql<{ contactId: string }>`
      select contact_id as "contactId" from newsletter_recipient where newsletter_id = ${id} and opted_out_at is not null
    `);
    expect(counted).toEqual([{ contactId: two }]);
  });

  it('gets words of their own, of the one whom two contacts turned out to be; without any, nothing', async () => {
    for (const [index, name] of ['Anna', 'Bea', 'Cara', 'Dora'].entries()) {
      const agreed = index === 3 ? {} : { phoneSaid: 'CONFIRMED' as const };
      await insertPerson(name, { phone: `+49170000000${index + 1}`, ...agreed });
    }
    const id = await insertNewsletter();
    const placeholders: Placeholder[] = [
      { part: 'body', index: 0 },
      { part: 'body', index: 1, attribute: 'city' },
      { part: 'body', index: 2, attribute: 'health', fallback: 'gut' },
    ];
    await run(sql`update newsletter set placeholders = ${JSON.stringify(placeholders)}::jsonb where id = ${id}`);
    for (const [key, retentionClass] of [
      ['city', 'PREFERENCE'],
      ['health', 'SENSITIVE'],
      ['other', 'PREFERENCE'],
    ]) {
      await run(sql`
        insert into contact_attribute (workspace_id, key, name, type, purpose, retention_class, created_at)
        values (${workspaceId}, ${key}, ${key}, 'TEXT', 'sending', ${retentionClass}, ${now})
      `);
    }
    for (const [name, key, value] of [
      ['Anna', 'city', 'Ulm'],
      ['Anna', 'health', 'krank'],
      ['Bea', 'other', 'Bern'],
      ['Cara', 'city', 'Bad\n Ems'],
      ['Dora', 'city', 'Berlin'],
    ] as const) {
      await run(sql`
        insert into contact_attribute_value (workspace_id, contact_id, key, value, changed_at)
        values (${workspaceId}, ${people.get(name)!}, ${key}, ${value}, ${now})
      `);
    }
    await runNewsletters(ctx);
    await run(sql`
      insert into sending_channel (workspace_id, id, messages_per_second) values (${workspaceId}, ${channelId}, 80)
    `);
    await runNewsletters(ctx);
    expect((await recipients(id)).map(({ name, state, reason }) => [name, reason ?? state])).toEqual([
      ['Anna', 'HANDED_OVER'],
      ['Bea', 'VALUE_MISSING'],
      ['Cara', 'HANDED_OVER'],
      ['Dora', 'CONSENT_MISSING'],
    ]);
    const log = await readLog(database.forTenant(workspaceId), 0, 1_000);
    const due = log.filter(({ name }) => name === newsletterMessageDue.name).map(({ data }) => data);
    expect(due).toHaveLength(2);
    expect(due).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ contactId: people.get('Anna'), values: ['Anna', 'Ulm', 'gut'] }),
        expect.objectContaining({ contactId: people.get('Cara'), values: ['Cara', 'Bad Ems', 'gut'] }),
      ]),
    );
    const started = log.find(({ name }) => name === newsletterStarted.name)!.data;
    expect(started).toMatchObject({ slots: placeholders.map(({ part, index }) => ({ part, index })) });
  });

  it('waits for whoever makes one person of two at that moment, and they get it once', async () => {
    await insertPerson('one', { phone: '+491700000001', phoneSaid: 'CONFIRMED' });
    await insertPerson('two', { phone: '+491700000002', phoneSaid: 'CONFIRMED' });
    const { id } = await begin();
    const [one, two] = [people.get('one')!, people.get('two')!];
    await run(sql`
      insert into sending_channel (workspace_id, id, messages_per_second) values (${workspaceId}, ${channelId}, 80)
    `);
    const merged = await transact(ctx, async (tx) => {
      // As a merge does.
      await sql`select from contact where id in (${one}, ${two}) order by id for update`.execute(tx.sql);
      await sql`update contact_identity set contact_id = ${one}, origin_id = ${two} where contact_id = ${two}`.execute(
        tx.sql,
      );
      await sql`delete from contact where id = ${two}`.execute(tx.sql);
      await sql`
        insert into contact_alias (workspace_id, id, contact_id, origin_id, created_at)
        values (${workspaceId}, ${two}, ${one}, ${two}, ${now})
      `.execute(tx.sql);
      const running = runNewsletters(ctx);
      await Promise.race([running, eventually(waitsForLock)]);
      return { running };
    });
    await merged.running;
    const got = await rows(sql<{ state: string; reason: string | null }>`
      select state, reason from newsletter_recipient where newsletter_id = ${id} order by state
    `);
    expect(got).toEqual([
      { state: 'HANDED_OVER', reason: null },
      { state: 'REFUSED', reason: 'DUPLICATE' },
    ]);
  });

  it('loses whoever is erased: they do not get it, and nothing but the count stays', async () => {
    await insertPerson('gone', { phone: '+491700000001', phoneSaid: 'CONFIRMED' });
    await insertPerson('here', { phone: '+491700000002', phoneSaid: 'CONFIRMED' });
    const { id } = await begin();
    const task = { workspaceId, erasureId: newId(), contactIds: [people.get('gone')!] };
    await transact(ctx, (tx) => personDataOf(createPersonMark(Buffer.alloc(32, 7))).erase(tx, task as never));
    expect(await recipients(id)).toMatchObject([
      { name: 'here', state: 'PENDING' },
      { name: null, state: 'REFUSED', reason: 'ERASED' },
    ]);
    const [found] = await rows(sql<{ count: number }>`
      select count(*)::int as count from newsletter_recipient where contact_id = ${people.get('gone')!}
    `);
    expect(found!.count).toBe(0);
  });

  it('does not have who is erased while it is prepared', async () => {
    await insertPerson('gone', { phone: '+491700000001', phoneSaid: 'CONFIRMED' });
    const contactId = people.get('gone')!;
    const id = await insertNewsletter();
    const task = { workspaceId, erasureId: newId(), contactIds: [contactId] };
    const prepared = await transact(ctx, async (tx) => {
      await personDataOf(createPersonMark(Buffer.alloc(32, 7))).erase(tx, task as never);
      const running = runNewsletters(ctx);
      await Promise.race([running, eventually(waitsForLock)]);
      return { running };
    });
    await prepared.running;
    expect(await recipients(id)).toEqual([]);
  });
});

const waitsForLock = async () =>
  expect(
    await rows(sql`
      select from pg_locks join pg_stat_activity activity using (pid)
      where not granted and activity.datname = current_database()
    `),
  ).not.toHaveLength(0);

describe('what was stopped before it left', () => {
  it('waits again, as another message; what has left does not', async () => {
    for (const name of ['stopped', 'left']) {
      await insertPerson(name, { phone: `+4917000000${name.length}`, phoneSaid: 'CONFIRMED' });
    }
    const { id } = await begin();
    await run(sql`
      update newsletter_recipient set state = 'QUEUED', handed_at = ${now}, queued_at = ${now} where newsletter_id = ${id}
    `);
    const idsOf = () =>
      rows(sql<{ name: string; id: string; state: string }>`
        select contact.name, recipient.id, recipient.state from newsletter_recipient recipient
        join contact on contact.id = recipient.contact_id where newsletter_id = ${id} order by contact.name desc
      `);
    const [stopped, left] = await idsOf();
    const progress = (messageId: string, outcome: 'STOPPED' | 'SENT') =>
      ({ workspaceId, data: { messageId, outcome, at: now.toISOString() } }) as never;
    await transact(ctx, (tx) => recordProgress(tx, [progress(stopped!.id, 'STOPPED'), progress(left!.id, 'SENT')]));
    const [anew, gone] = await idsOf();
    expect(anew).toMatchObject({ name: 'stopped', state: 'PENDING' });
    expect(anew!.id).not.toBe(stopped!.id);
    expect(gone).toEqual({ ...left!, state: 'SENT' });
    // Told late of the message that there was.
    await transact(ctx, (tx) => recordProgress(tx, [progress(stopped!.id, 'SENT')]));
    expect(await idsOf()).toEqual([anew, gone]);
  });

  it('keeps the newsletter from ending', async () => {
    await insertPerson('waiting', { phone: '+491700000001', phoneSaid: 'CONFIRMED' });
    const { id } = await begin();
    const stateOf = () => rows(sql<{ state: string }>`select state from newsletter where id = ${id}`);
    await run(sql`update newsletter_recipient set state = 'QUEUED', handed_at = ${now} where newsletter_id = ${id}`);
    await runNewsletters(ctx);
    expect(await stateOf()).toEqual([{ state: 'RUNNING' }]);
    await run(sql`update newsletter_recipient set state = 'SENT' where newsletter_id = ${id}`);
    await runNewsletters(ctx);
    expect(await stateOf()).toEqual([{ state: 'COMPLETED' }]);
  });
});

describe('what a budget held', () => {
  it('pauses the newsletter until it is approved, and not once more because of what was on its way before', async () => {
    for (const index of [1, 2, 3]) {
      await insertPerson(`person ${index}`, { phone: `+49170000030${index}`, phoneSaid: 'CONFIRMED' });
    }
    const { id } = await begin();
    await run(sql`insert into sending_channel (workspace_id, id) values (${workspaceId}, ${channelId})`);
    await runNewsletters(ctx);
    const handed = await rows(
      sql<{ id: string }>`select id from newsletter_recipient where newsletter_id = ${id} order by id`,
    );
    const hold = (index: number, reason: string) => {
      const data = { messageId: handed[index]!.id, outcome: 'HELD', reason, message: 'Later.', at: now.toISOString() };
      return transact(ctx, (tx) => recordProgress(tx, [{ workspaceId, data }] as never));
    };
    const stateOf = () => rows(sql<object>`select state, paused_because as because from newsletter where id = ${id}`);
    await hold(0, 'BUDGET_HELD');
    expect(await stateOf()).toEqual([{ state: 'PAUSED', because: 'BUDGET_HELD' }]);
    await run(
      sql`update newsletter set state = 'RUNNING', paused_because = null, approved_at = ${now} where id = ${id}`,
    );
    await hold(1, 'BUDGET_HELD');
    expect(await stateOf()).toEqual([{ state: 'RUNNING', because: null }]);
    expect((await recipients(id)).map(({ state }) => state)).toEqual(
      expect.arrayContaining(['PENDING', 'PENDING', 'HANDED_OVER']),
    );
    await hold(2, 'TEMPLATE_NOT_USABLE');
    expect(await stateOf()).toEqual([{ state: 'PAUSED', because: 'TEMPLATE_NOT_USABLE' }]);
  });
});

describe('the report', () => {
  const PEOPLE = 6;
  const OUTCOMES = [
    'QUEUED',
    'REFUSED',
    'HELD',
    'STOPPED',
    'SENT',
    'DELIVERED',
    'READ',
    'FAILED',
    'UNCONFIRMED',
    'REPLIED',
  ] as const;
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('progress' as const),
      events: fc.array(
        fc.record({
          person: fc.nat({ max: PEOPLE - 1 }),
          outcome: fc.constantFrom(...OUTCOMES),
          reason: fc.constantFrom('undeliverable', 'experiment'),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
    fc.record({ kind: fc.constantFrom('optOut' as const, 'erase' as const), person: fc.nat({ max: PEOPLE - 1 }) }),
    fc.record({ kind: fc.constant('run' as const) }),
  );
  const reportOf = async (id: string) => {
    const asked = { database, requireActor: () => ({ workspaceId }) } as never;
    return (await reportsOfNewsletters(asked, [id])).get(id)!;
  };

  /** By the list alone, one recipient after the other. */
  const countList = async (id: string) => {
    const list = await rows(sql<{
      state: string;
      reason: string | null;
      queued: boolean;
      replied: boolean;
      out: boolean;
    }>`
      select state, reason, queued_at is not null as queued, replied_at is not null as replied, opted_out_at is not null as out
      from newsletter_recipient where newsletter_id = ${id}
    `);
    const count = (is: (row: (typeof list)[number]) => boolean) => list.filter(is).length;
    const within = (...states: string[]) => count(({ state }) => states.includes(state));
    const reasons = (of: string) =>
      [
        ...Map.groupBy(
          list.filter(({ state }) => state === of),
          ({ reason }) => reason ?? 'UNKNOWN',
        ),
      ]
        .map(([reason, all]) => ({ reason, count: all.length }))
        .toSorted((one, other) => other.count - one.count || (one.reason < other.reason ? -1 : 1));
    return {
      recipients: list.length,
      waiting: within('PENDING', 'HANDED_OVER'),
      queued: count(({ queued }) => queued),
      sent: within('SENT', 'DELIVERED', 'READ'),
      delivered: within('DELIVERED', 'READ'),
      read: within('READ'),
      replied: count(({ replied }) => replied),
      optedOut: count(({ out }) => out),
      unconfirmed: within('UNCONFIRMED'),
      failed: within('FAILED'),
      failures: reasons('FAILED'),
      refused: within('REFUSED'),
      refusals: reasons('REFUSED'),
    };
  };

  it('is what the list comes to, in whatever order things are told, and however often', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        workspaceId = newId();
        now = new Date('2026-11-23T20:00:00Z');
        for (let index = 0; index < PEOPLE; index += 1) {
          const agreed = index === 0 ? {} : { phoneSaid: 'CONFIRMED' as const };
          await insertPerson(`person ${index}`, { phone: `+49170000020${index}`, ...agreed });
        }
        const { id } = await begin();
        await run(sql`insert into sending_channel (workspace_id, id) values (${workspaceId}, ${channelId})`);
        await runNewsletters(ctx);
        for (const each of steps) {
          now = new Date(now.getTime() + 1_000);
          const messages = await rows(sql<{ id: string; contactId: string }>`
            select id, contact_id as "contactId" from newsletter_recipient where newsletter_id = ${id} order by due_at, contact_id
          `);
          if (each.kind === 'run') await runNewsletters(ctx);
          else if (each.kind === 'progress') {
            const events = each.events.map(({ person, outcome, reason }) => ({
              workspaceId,
              data: { messageId: messages[person]!.id, outcome, reason, at: now.toISOString() },
            }));
            await transact(ctx, (tx) => recordProgress(tx, events as never));
          } else if (each.kind === 'optOut') {
            const { contactId } = messages[each.person]!;
            const entry = { workspaceId, contactId, channelId, purpose: 'marketing', kind: 'WITHDRAWN' } as const;
            if (contactId) await transact(ctx, (tx) => countOptOuts(tx, [{ ...entry, occurredAt: now }]));
          } else {
            await run(sql`
              update newsletter_recipient set contact_id = null, state = case when state = 'PENDING' then 'REFUSED' else state end
              where id = ${messages[each.person]!.id}
            `);
          }
          expect(await reportOf(id)).toEqual(await countList(id));
        }
        // Nothing piles up: a row for each state and reason is all that there is once it is told.
        await run(sql`update newsletter set is_untold = true where id = ${id}`);
        await runNewsletters(ctx);
        expect(await reportOf(id)).toEqual(await countList(id));
        const kept = await rows(sql`select state, reason from newsletter_tally where newsletter_id = ${id}`);
        expect(new Set(kept.map((row) => JSON.stringify(row))).size).toBe(kept.length);
      }),
      {
        numRuns: 15,
        examples: [
          [
            (['QUEUED', 'READ', 'SENT', 'REPLIED', 'REPLIED', 'FAILED', 'FAILED', 'STOPPED'] as const).map(
              (outcome) => ({
                kind: 'progress' as const,
                events: [1, 1, 2].map((person) => ({ person, outcome, reason: 'undeliverable' })),
              }),
            ),
          ],
          [
            [
              {
                kind: 'progress',
                events: [3, 4, 5].map((person) => ({ person, outcome: 'QUEUED', reason: 'experiment' })),
              },
              { kind: 'optOut', person: 3 },
              { kind: 'optOut', person: 3 },
              { kind: 'erase', person: 3 },
              { kind: 'run' },
              { kind: 'erase', person: 0 },
            ],
          ],
          // The last look finds it done.
          [
            [1, 2, 3, 4, 5].map((person) => ({
              kind: 'progress' as const,
              events: [{ person, outcome: 'READ' as const, reason: 'undeliverable' as const }],
            })),
          ],
        ],
      },
    );
  }, 60_000);
});

describe('messages of which no outcome comes', () => {
  const under = async (id: string) =>
    (
      await rows(sql<{ count: number }>`
        select count(*)::int as count from newsletter_recipient
        where newsletter_id = ${id} and state in ('HANDED_OVER', 'QUEUED')
      `)
    )[0]!.count;
  const wait = (seconds: number) => {
    now = new Date(now.getTime() + seconds * 1_000);
    return runNewsletters(ctx);
  };
  /** Over a number of which nothing was told: five a second, fifty under way. */
  const fill = async (people: number) => {
    for (let index = 0; index < people; index += 1) {
      await insertPerson(`person ${index}`, { phone: `+4917000001${100 + index}`, phoneSaid: 'CONFIRMED' });
    }
    const { id } = await begin();
    await run(sql`insert into sending_channel (workspace_id, id) values (${workspaceId}, ${channelId})`);
    for (let round = 0; round < 8; round += 1) await wait(2);
    expect(await under(id)).toBe(50);
    return id;
  };

  it('hold up no other newsletter of the channel', async () => {
    const stuck = await fill(60);
    const { id } = await begin();
    await wait(2);
    // Ten when it began, and ten now.
    expect(await under(id)).toBe(20);
    expect(await under(stuck)).toBe(50);
  });

  it('hold up their own for a minute: then one tells whether anything moves; and no day has more than its limit', async () => {
    const id = await fill(60);
    await wait(60);
    expect(await under(id)).toBe(51);
    await wait(2);
    expect(await under(id)).toBe(51);
    const [last] = await rows(sql<{ id: string }>`
      select id from newsletter_recipient where newsletter_id = ${id} and state = 'HANDED_OVER'
      order by handed_at desc limit 1
    `);
    const sent = { workspaceId, data: { messageId: last!.id, outcome: 'SENT', at: now.toISOString() } } as never;
    await transact(ctx, (tx) => recordProgress(tx, [sent]));
    await run(sql`update sending_channel set recipients_per_day = 54 where id = ${channelId}`);
    await wait(2);
    // One has left, and with it these are the 54.
    expect(await under(id)).toBe(53);
    // Those that may leave at any time count as long as they may; the one that has left does not any more.
    await wait(24.5 * 3_600);
    expect(await under(id)).toBe(54);
    await run(sql`update sending_channel set recipients_per_day = null where id = ${channelId}`);
    await wait(2);
    expect(await under(id)).toBe(59);
  });
});

describe('what goes wrong with one newsletter', () => {
  const stateOf = async (id: string) =>
    (
      await rows(sql<{ state: string; because: string | null }>`
        select state, paused_because as because from newsletter where id = ${id}
      `)
    )[0];

  it('while it is prepared pauses it, and the others go on', async () => {
    await insertPerson('nowhere', {});
    const broken = await insertNewsletter('2026-11-24T10:00');
    await run(sql`update newsletter set time_zone = 'Nowhere/Else' where id = ${broken}`);
    workspaceId = newId();
    await insertPerson('somebody', { phone: '+491700000001', phoneSaid: 'CONFIRMED' });
    const { id } = await begin();
    expect(await stateOf(broken)).toEqual({ state: 'PAUSED', because: 'INTERNAL' });
    expect(await stateOf(id)).toEqual({ state: 'RUNNING', because: null });
    expect(await recipients(id)).toMatchObject([{ state: 'PENDING' }]);
  });

  it('its template is asked of among those of its own workspace alone, when it is due', async () => {
    const mine = await insertNewsletter();
    const channel = newId();
    await run(sql`update newsletter set channel_id = ${channel} where id = ${mine}`);
    const { templateId } = (
      await rows(
        sql<{ templateId: string }>`select content->>'templateId' as "templateId" from newsletter where id = ${mine}`,
      )
    )[0]!;
    const tell = (workspace: string, account: string, status: string) =>
      run(sql`
        insert into newsletter_template (workspace_id, id, account_id, status, category, parameter_format)
        values (${workspace}, ${templateId}, ${account}, ${status}, 'MARKETING', 'POSITIONAL')
      `);
    const another = newId();
    await tell(another, 'theirs', 'REJECTED');
    await run(
      sql`insert into sending_channel (workspace_id, id, account_id) values (${another}, ${channel}, 'theirs')`,
    );
    await tell(workspaceId, 'ours', 'APPROVED');
    await runNewsletters(ctx);
    expect(await stateOf(mine)).toEqual({ state: 'COMPLETED', because: null });
    const other = await insertNewsletter();
    await run(
      sql`update newsletter set content = jsonb_set(content, '{templateId}', ${JSON.stringify(templateId)}::jsonb) where id = ${other}`,
    );
    await run(sql`update newsletter_template set status = 'PAUSED' where workspace_id = ${workspaceId}`);
    await run(sql`update newsletter_template set status = 'APPROVED' where workspace_id = ${another}`);
    await runNewsletters(ctx);
    expect(await stateOf(other)).toEqual({ state: 'PAUSED', because: 'TEMPLATE_NOT_USABLE' });
  });

  it('while it is handed over leaves the others alone', async () => {
    const begun: string[] = [];
    for (const perSecond of ['NaN', '80']) {
      workspaceId = newId();
      await insertPerson('somebody', { phone: '+491700000001', phoneSaid: 'CONFIRMED' });
      begun.push((await begin()).id);
      await run(sql`
        insert into sending_channel (workspace_id, id, messages_per_second)
        values (${workspaceId}, ${channelId}, ${perSecond}::float8)
      `);
    }
    await runNewsletters(ctx);
    expect(await recipients(begun[0]!)).toMatchObject([{ state: 'PENDING' }]);
    expect(await recipients(begun[1]!)).toMatchObject([{ state: 'HANDED_OVER' }]);
    await run(sql`delete from sending_channel where messages_per_second = 'NaN'`);
  });
});

/** No channel tells how fast it is, so nobody is handed over. */
async function begin(localTime: string | null = null): Promise<{ id: string }> {
  const id = await insertNewsletter(localTime);
  await runNewsletters(ctx);
  return { id };
}
