import { ERASING_SERVICES, personErased, type ErasingService } from '@fenster/contracts';
import { readLog, sql, type Ctx } from '@fenster/database';
import { endFilesBeforeErasures } from '@fenster/jobs';
import { createLogger, newId, systemClock } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { forgetInSegments } from '../segments/forget-person.js';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';
import { countPerson } from './erase-person.js';
import { mergeRemembered, reapplyErasures, rememberedErasures } from './reapply-erasures.js';

const PHONE = '+4915112345678';

const contacts = new ContactsUnderTest();
let workspaceId: string;
let channelId: string;
let token: string;

beforeAll(() => contacts.start());
afterAll(() => contacts.stop());
beforeEach(() => {
  [workspaceId, channelId] = [newId(), newId()];
  token = contacts.token(
    workspaceId,
    'erasure:manage',
    'contact:read',
    'contact:read_phone',
    'contact:update',
    'contact:manage',
    'message:read',
    'consent:read',
    'consent:record',
  );
});

const db = () => contacts.database.system().getKysely();

async function ask<T = { __typename: string; id: string; reference: string }>(
  query: string,
  input: object,
): Promise<T> {
  const { data, errors } = await contacts.query(query, token, { input });
  expect(errors).toBeUndefined();
  return data!['result'] as T;
}

/** Whoever this is writes for the first time. */
async function meet(bsuid: string, phone = PHONE, at = new Date()): Promise<string> {
  const contactId = newId();
  await contacts.publish(
    contacts.event('opened', { workspaceId, contactId, channelId, identity: { phone, bsuid, profileName: bsuid } }, at),
  );
  await contacts.settle();
  return contactId;
}

/** What the other services would say; what they do is not of interest here. */
async function othersSay(phase: 'PLAN' | 'ROWS' | 'LOG', erasureId: string, except: readonly ErasingService[] = []) {
  for (const service of ERASING_SERVICES) {
    if (service === 'contacts' || except.includes(service)) continue;
    await sql`
      insert into erasure_report (workspace_id, erasure_id, phase, service, report)
      values (${workspaceId}, ${erasureId}, ${phase}, ${service}, '{"erased": [], "kept": []}')
    `.execute(db());
  }
}

/** From what conversation says to the end of what contacts does. */
async function eraseRows(erasureId: string): Promise<void> {
  await othersSay('ROWS', erasureId, ['conversation']);
  const { name, version, dataClass } = personErased.get('conversation')!;
  const report = { erased: [], kept: [] };
  const like = contacts.event('opened', { workspaceId, contactId: newId(), channelId, identity: {} });
  await contacts.publish({ ...like, name, version, dataClass, data: { erasureId, report } } as never);
  await contacts.settle();
  await eventually(async () => {
    const { rows } = await sql`select state from erasure_task where erasure_id = ${erasureId}`.execute(db());
    expect(rows).toEqual([{ state: 'DONE' }]);
  });
}

async function erase(subject: string | Record<string, string>): Promise<string> {
  const who = typeof subject === 'string' ? { contactId: subject } : subject;
  const { id, reference } = await ask(
    `mutation ($input: PlanErasureInput!) { result: planErasure(input: $input) { __typename ... on Erasure { id reference } } }`,
    { subject: who, idempotencyKey: `forget ${Object.values(who).join()}` },
  );
  await sql`update erasure set state = 'PLANNED' where id = ${id}`.execute(db());
  const confirmed = await ask(
    `mutation ($input: ConfirmErasureInput!) { result: confirmErasure(input: $input) { __typename } }`,
    { id, reference },
  );
  expect(confirmed).toMatchObject({ __typename: 'Erasure' });
  await eraseRows(id);
  return id;
}

const asSystem = (): Ctx => ({
  database: contacts.database,
  origin: { actor: { kind: 'system', id: 'test' }, correlationId: 'test' },
  log: createLogger('test', 'silent'),
  now: systemClock,
  wakeRelay: () => {},
});

async function reapply(): Promise<void> {
  const remembered = await rememberedErasures(contacts.database);
  await reapplyErasures(asSystem(), mergeRemembered(remembered.filter((each) => each.workspaceId === workspaceId)));
}

const told = async (contactId: string) =>
  (await readLog(contacts.database.forTenant(workspaceId), 0, 1000)).filter(({ data }) =>
    JSON.stringify(data).includes(contactId),
  );

describe('an erasure that is done again', () => {
  it('leaves alone who has come back with the same number, however often it is done', async () => {
    const erasureId = await erase(await meet('DE.1'));
    const [first] = await rememberedErasures(contacts.database);
    expect(first).toMatchObject({ erasureId });

    const back = await meet('DE.1');
    const said = { kind: 'CONFIRMED', source: 'KEYWORD', identity: { phone: PHONE, bsuid: 'DE.1' } } as const;
    await contacts.publish(contacts.stated(workspaceId, { contactId: back, channelId, ...said }));
    await contacts.settle();
    const before = await told(back);
    expect(
      before.some(({ name, data }) => name === 'contacts.consent.changed' && JSON.stringify(data).includes(PHONE)),
    ).toBe(true);

    for (const _ of ['once', 'twice']) {
      await reapply();
      await eraseRows(erasureId);
      expect(await told(back)).toEqual(before);
      expect(await rememberedErasures(contacts.database)).toEqual([first]);
    }
  });
});

describe('a number that somebody else has now', () => {
  it('is not taken for that of its former owner, who is erased', async () => {
    const former = await meet('DE.1', PHONE, new Date('2026-11-21T09:00:00Z'));
    const now = await meet('DE.2', PHONE, new Date('2026-11-21T10:00:00Z'));
    const erasureId = await erase(former);
    const bsuid = contacts.markOf(workspaceId, 'DE.1');
    const { rows } = await sql<{ person_marks: string[] }>`
      select person_marks from erasure where id = ${erasureId}
    `.execute(db());
    expect(rows).toEqual([{ person_marks: [bsuid] }]);
    const { rows: suppressed } = await sql`
      select mark from suppression where workspace_id = ${workspaceId}
    `.execute(db());
    expect(suppressed).toEqual([{ mark: bsuid }]);
    const { rows: left } = await sql`
      select contact_id from contact_identity where workspace_id = ${workspaceId} and value = ${PHONE}
    `.execute(db());
    expect(left).toEqual([{ contact_id: now }]);
  });
});

describe('a parent BSUID', () => {
  const PARENT = 'DE.ENT.1';
  const meetOn = async (channel: string, bsuid: string, at: string) => {
    const contactId = newId();
    const identity = { bsuid, parentBsuid: PARENT };
    await contacts.publish(
      contacts.event('opened', { workspaceId, contactId, channelId: channel, identity }, new Date(at)),
    );
    await contacts.settle();
    return contactId;
  };
  const suppressed = async () => {
    const { rows } = await sql<{ mark: string; stops: object[] }>`
      select mark, stops from suppression where workspace_id = ${workspaceId}
    `.execute(db());
    return rows;
  };

  it('is one of the erased person, who is found by it, and no consent comes back with it', async () => {
    await meetOn(channelId, 'DE.1', '2026-11-21T09:00:00Z');
    const said = { kind: 'WITHDRAWN', source: 'KEYWORD', identity: { bsuid: 'DE.1' } } as const;
    const { rows: found } = await sql<{ contact_id: string }>`
      select contact_id from contact_identity where workspace_id = ${workspaceId} and kind = 'PARENT_BSUID'
    `.execute(db());
    const contactId = found[0]!.contact_id;
    await contacts.publish(contacts.stated(workspaceId, { contactId, channelId, ...said }));
    await contacts.settle();
    await erase({ parentBsuid: PARENT });
    const marks = await suppressed();
    expect(marks.map(({ mark }) => mark).toSorted()).toEqual(
      ['DE.1', PARENT].map((name) => contacts.markOf(workspaceId, name)).toSorted(),
    );
    expect(marks.find(({ mark }) => mark === contacts.markOf(workspaceId, PARENT))?.stops).toEqual([]);
    const { rows: left } = await sql`
      select value from contact_identity where workspace_id = ${workspaceId}
    `.execute(db());
    expect(left).toEqual([]);

    // Back with another user id: a parent id is no address that anything was said of.
    const back = await meetOn(channelId, 'DE.2', '2026-11-22T09:00:00Z');
    const { rows: states } = await sql`
      select state from consent_state where workspace_id = ${workspaceId} and contact_id = ${back}
    `.execute(db());
    expect(states).toEqual([]);
  });

  it('is not that of one of two contacts who have it', async () => {
    await meetOn(channelId, 'DE.1', '2026-11-21T09:00:00Z');
    const other = await meetOn(newId(), 'DE.2', '2026-11-21T10:00:00Z');
    await erase({ contactId: other });
    expect((await suppressed()).map(({ mark }) => mark)).toEqual([contacts.markOf(workspaceId, 'DE.2')]);
  });
});

describe('a number that nobody else has got since', () => {
  it('is one of the erased person, also when they gave it up', async () => {
    const contactId = await meet('DE.1', PHONE, new Date('2026-11-21T09:00:00Z'));
    const identity = { phone: '+436601234567', bsuid: 'DE.1' };
    await contacts.publish(contacts.event('identity_changed', { workspaceId, contactId, channelId, identity }));
    await contacts.settle();
    await erase(contactId);
    const { rows } = await sql<{ mark: string }>`
      select mark from suppression where workspace_id = ${workspaceId}
    `.execute(db());
    expect(rows.map(({ mark }) => mark).toSorted()).toEqual(
      ['DE.1', PHONE, '+436601234567'].map((name) => contacts.markOf(workspaceId, name)).toSorted(),
    );
  });
});

describe('a segment that somebody edits while a person is erased', () => {
  it('loses what only that person has, and nothing of the edit', async () => {
    const anna = await meet('DE.1');
    const segmentId = newId();
    const hers = { attribute: { key: 'customer_no', type: 'TEXT', is: ['K-4711'] } };
    await sql`
      insert into contact_attribute (workspace_id, key, name, type, purpose, retention_class, created_at)
      values (${workspaceId}, 'customer_no', 'No', 'TEXT', 'service', 'PREFERENCE', now())
    `.execute(db());
    await sql`
      insert into contact_attribute_value (workspace_id, contact_id, key, value, changed_at)
      values (${workspaceId}, ${anna}, 'customer_no', 'K-4711', now())
    `.execute(db());
    await sql`
      insert into segment (workspace_id, id, name, filter, created_at, updated_at)
      values (${workspaceId}, ${segmentId}, 'hers', ${JSON.stringify(hers)}::jsonb, now(), now())
    `.execute(db());
    let forgetting: Promise<void> | undefined;
    await contacts.transact(async (tx) => {
      const edited = { languages: ['de'], ...hers };
      await sql`
        update segment set filter = ${JSON.stringify(edited)}::jsonb where id = ${segmentId}
      `.execute(tx.sql);
      forgetting = contacts.transact((other) => forgetInSegments(other, { workspaceId, contactIds: [anna] }));
      await eventually(async () => {
        const { rows } = await sql`
          select pid from pg_locks join pg_stat_activity using (pid) where datname = current_database() and not granted
        `.execute(db());
        expect(rows).not.toEqual([]);
      });
    });
    await forgetting;
    const { rows } = await sql`select filter from segment where id = ${segmentId}`.execute(db());
    expect(rows).toEqual([{ filter: { languages: ['de'], or: [] } }]);
  });
});

describe('the key under which a program asked for something', () => {
  it('goes with whom it was about, and stays with others', async () => {
    const make = (name: string, number: string) =>
      ask<{ id: string }>(
        `mutation ($input: CreateContactInput!) { result: createContact(input: $input) { ... on Contact { id } } }`,
        { name, phone: { number, channelId }, idempotencyKey: `create ${name} ${number}` },
      ).then(({ id }) => id);
    const anna = await make('Anna', PHONE);
    await make('Bob', '+436601234567');
    await ask(`mutation ($input: AddContactNoteInput!) { result: addContactNote(input: $input) { __typename } }`, {
      contactId: anna,
      text: 'Anna bakes.',
      idempotencyKey: 'Anna bakes.',
    });
    await ask(`mutation ($input: RecordConsentInput!) { result: recordConsent(input: $input) { __typename } }`, {
      subject: { contactId: anna },
      channelId,
      purpose: 'order_updates',
      kind: 'REFUSED',
      source: 'AGENT',
      evidence: { note: 'On the phone.' },
      idempotencyKey: 'Anna refuses',
    });
    const keys = async () => {
      const { rows } = await sql<{ key: string }>`
        select key from idempotency_key where workspace_id = ${workspaceId} order by created_at
      `.execute(db());
      return rows.map(({ key }) => key);
    };
    const ofBob = 'create Bob +436601234567';
    expect(await keys()).toEqual([`create Anna ${PHONE}`, ofBob, 'Anna bakes.', 'Anna refuses']);
    await erase(anna);
    expect(await keys()).toEqual([ofBob]);
  });
});

describe('a segment that asks for what only the erased person has', () => {
  it('forgets it, and keeps what others have too', async () => {
    const [anna, bob] = [await meet('DE.1'), await meet('DE.2', '+436601234567')];
    await sql`
      insert into contact_attribute (workspace_id, key, name, type, purpose, retention_class, created_at)
      select ${workspaceId}, key, key, 'TEXT', 'service', 'PREFERENCE', now() from unnest(array['customer_no', 'town']) key
    `.execute(db());
    await sql`
      insert into contact_attribute_value (workspace_id, contact_id, key, value, changed_at)
      values (${workspaceId}, ${anna}, 'customer_no', 'K-4711', now()), (${workspaceId}, ${bob}, 'customer_no', 'K-1', now()),
        (${workspaceId}, ${anna}, 'town', 'Ulm', now()), (${workspaceId}, ${bob}, 'town', 'Ulm', now())
    `.execute(db());
    const ask = (key: string, of: object) => ({ attribute: { key, type: 'TEXT', ...of } });
    const ofBob = ask('customer_no', { is: ['K-1'] });
    const filters = {
      'her number': ask('customer_no', { is: ['K-4711'] }),
      'a part of it': { or: [ofBob, { languages: ['de'], ...ask('customer_no', { contains: '4711' }) }] },
      'all but her number': { not: ask('customer_no', { is: ['K-4711'] }) },
      'up to her number': { not: ask('customer_no', { atMost: 'K-4711' }) },
      'both numbers': { not: ask('customer_no', { is: ['K-4711', 'K-1'] }) },
      'the town': ask('town', { is: ['Ulm'] }),
    };
    for (const [name, filter] of Object.entries(filters)) {
      await sql`
        insert into segment (workspace_id, id, name, filter, created_at, updated_at)
        values (${workspaceId}, ${newId()}, ${name}, ${JSON.stringify(filter)}::jsonb, now(), now())
      `.execute(db());
    }
    const planned = await contacts.transact((tx) => countPerson(tx, { workspaceId, contactIds: [anna] }));
    expect(planned.erased).toContainEqual({ what: 'segments', count: 4 });
    await erase(anna);
    const { rows } = await sql<{ name: string; filter: object }>`
      select name, filter from segment where workspace_id = ${workspaceId}
    `.execute(db());
    expect(Object.fromEntries(rows.map(({ name, filter }) => [name, filter]))).toEqual({
      'her number': { or: [] },
      'a part of it': { or: [ofBob, { languages: ['de'], or: [] }] },
      // Or it would be everybody.
      'all but her number': { or: [] },
      'up to her number': filters['up to her number'],
      'both numbers': { not: ofBob },
      'the town': filters['the town'],
    });
    const changed = (await readLog(contacts.database.forTenant(workspaceId), 0, 1000)).filter(
      ({ name }) => name === 'contacts.segment.changed',
    );
    expect(changed).toHaveLength(4);
  });
});

describe('what colleagues have named after a person', () => {
  const named = async () => {
    const { rows } = await sql<{ name: string }>`
      select name from segment where workspace_id = ${workspaceId}
      union all select name from contact_label where workspace_id = ${workspaceId}
      union all select name from newsletter where workspace_id = ${workspaceId}
      union all select name from click_to_chat_link where workspace_id = ${workspaceId}
      union all select campaign from click_to_chat_link where workspace_id = ${workspaceId} and campaign is not null
    `.execute(db());
    return rows.map(({ name }) => name).toSorted();
  };
  const filtersOf = async (table: 'segment' | 'newsletter') => {
    const { rows } = await sql<{ filter: object }>`
      select filter from ${sql.table(table)} where workspace_id = ${workspaceId} and filter <> '{}'
    `.execute(db());
    return rows.map(({ filter }) => filter);
  };
  const call = (contactId: string, name: string, email: string | null = null) =>
    sql`
      update contact set given_name = ${name}, email = ${email} where workspace_id = ${workspaceId} and id = ${contactId}
    `.execute(db());
  const segment = (name: string, filter: object = {}) =>
    sql`
      insert into segment (workspace_id, id, name, filter, created_at, updated_at)
      values (${workspaceId}, ${newId()}, ${name}, ${JSON.stringify(filter)}::jsonb, now(), now())
    `.execute(db());

  it('is told to whoever confirms, and called otherwise then; what others are called too, and what is elsewhere, stays', async () => {
    const [anna, bob] = [await meet('DE.1'), await meet('DE.2', '+436601234567')];
    await call(anna, 'Anna Berg', 'anna@example.org');
    await call(bob, 'Bob Berg', 'bob@example.org');
    const elsewhere = workspaceId;
    workspaceId = newId();
    await segment('Anna Berg');
    const theirs = workspaceId;
    workspaceId = elsewhere;
    const asked = { not: { campaigns: ['Für Anna Berg', 'Sommer'] } };
    for (const name of ['Anna Berg', 'berg, anna', '0151 12345678', 'Anna', 'Bob Berg']) await segment(name);
    await segment('Sommer', asked);
    await sql`
      insert into contact_label (workspace_id, id, name, colour, created_at)
      values (${workspaceId}, ${newId()}, 'an anna@example.org', '#000000', now())
    `.execute(db());
    await sql`
      insert into newsletter (workspace_id, id, name, channel_id, segment_id, filter, content, state, created_at, created_by_kind, created_by_id)
      values (${workspaceId}, ${newId()}, 'Test mit Anna Berg', ${channelId}, ${newId()}, ${JSON.stringify(asked)}::jsonb, '{}', 'DRAFT', now(), 'member', ${newId()})
    `.execute(db());
    await sql`
      insert into click_to_chat_link (workspace_id, id, code, name, campaign, channel_id, locale, text, created_at)
      values (${workspaceId}, ${newId()}, 'ABCDEFGH', 'Tür von DE.1', 'Für Anna Berg', ${channelId}, 'de', 'Hallo', now())
    `.execute(db());
    const { id } = await ask(
      `mutation ($input: PlanErasureInput!) { result: planErasure(input: $input) { __typename ... on Erasure { id reference } } }`,
      { subject: { contactId: anna }, idempotencyKey: 'look first' },
    );
    const mentionsOf = async (erasureId: string) => {
      const { data } = await contacts.query(
        'query ($id: ID!) { erasure(id: $id) { mentions { kind name without } plan { erased { what count } } } }',
        token,
        { id: erasureId },
      );
      return data!['erasure'] as { mentions: { name: string; without: string }[]; plan: { erased: object[] }[] };
    };
    const { mentions, plan } = await mentionsOf(id);
    const byName = (one: { name: string }, other: { name: string }) => one.name.localeCompare(other.name);
    expect(mentions.toSorted(byName)).toEqual([
      { kind: 'SEGMENT', name: '0151 12345678', without: expect.stringMatching(/^\[…\]/) as string },
      { kind: 'CONTACT_LABEL', name: 'an anna@example.org', without: 'an […]' },
      { kind: 'SEGMENT', name: 'Anna Berg', without: expect.stringMatching(/^\[…\]/) as string },
      { kind: 'SEGMENT', name: 'berg, anna', without: expect.stringMatching(/^\[…\]/) as string },
      { kind: 'CAMPAIGN', name: 'Für Anna Berg', without: 'Für […]' },
      { kind: 'NEWSLETTER', name: 'Test mit Anna Berg', without: 'Test mit […]' },
      { kind: 'CLICK_TO_CHAT_LINK', name: 'Tür von DE.1', without: 'Tür von […]' },
    ]);
    expect(plan.flatMap(({ erased }) => erased)).toContainEqual({ what: 'mentions', count: 7 });
    const erasureId = await erase(anna);
    expect(await named()).toEqual(
      [
        '[…]',
        '[…] 2',
        '[…] 3',
        'Anna',
        'Bob Berg',
        'Für […]',
        'Sommer',
        'Test mit […]',
        'Tür von […]',
        'an […]',
      ].toSorted(),
    );
    const left = { not: { campaigns: ['Für […]', 'Sommer'] } };
    expect([await filtersOf('segment'), await filtersOf('newsletter')]).toEqual([[left], [left]]);
    expect((await mentionsOf(erasureId)).mentions).toEqual([]);
    const changed = (await readLog(contacts.database.forTenant(workspaceId), 0, 1000)).filter(
      ({ name }) => name === 'contacts.segment.changed',
    );
    expect(changed).toHaveLength(3);
    workspaceId = theirs;
    expect(await named()).toEqual(['Anna Berg']);
    workspaceId = elsewhere;
  });

  it('stays where somebody else is called so as well', async () => {
    const [anna, other] = [await meet('DE.1'), await meet('DE.2', '+436601234567')];
    await call(anna, 'Anna Berg');
    await call(other, 'anna berg');
    await segment('Anna Berg');
    await segment('Anna Berg, +4915112345678');
    await erase(anna);
    expect(await named()).toEqual(['Anna Berg', 'Anna Berg, […]']);
  });
});

describe('files from before an erasure', () => {
  const files = async () => {
    const { rows } = await sql<{ id: string }>`
      select id from stored_file where workspace_id = ${workspaceId} and expires_at > now()
    `.execute(db());
    return rows.map(({ id }) => id);
  };
  const upload = async () => {
    const { id, uploadUrl } = await ask<{ id: string; uploadUrl: string }>(
      `mutation ($input: CreateImportUploadInput!) { result: createContactImportUpload(input: $input) {
        ... on ContactImportUpload { id uploadUrl } } }`,
      { fileName: 'a.csv', idempotencyKey: newId() },
    );
    expect((await fetch(uploadUrl, { method: 'PUT', body: `Name,Telefon\nAnna,${PHONE}\n` })).status).toBe(201);
    return id;
  };

  it('are gone, uploaded ones and exported ones, and those from after it are not', async () => {
    const contactId = await meet('DE.1');
    await upload();
    const { id: jobId } = await ask(
      `mutation ($input: StartContactExportInput!) { result: startContactExport(input: $input) { ... on Job { id } } }`,
      { format: 'CSV', idempotencyKey: newId() },
    );
    const url = await eventually(async () => {
      const { data } = await contacts.query('query ($id: ID!) { job(id: $id) { downloadUrl } }', token, { id: jobId });
      const { downloadUrl } = data!['job'] as { downloadUrl: string | null };
      expect(downloadUrl).not.toBeNull();
      return downloadUrl!;
    });
    expect(await (await fetch(url)).text()).toContain(PHONE);
    const erasureId = await erase(contactId);
    expect(await files()).toEqual([]);
    expect((await fetch(url)).status).toBe(404);
    expect((await sql`select from object_removal`.execute(db())).rows).toEqual([]);

    const later = await upload();
    await reapply();
    await eraseRows(erasureId);
    expect(await files()).toEqual([later]);
  });

  it('stay while a job works on them', async () => {
    const contactId = await meet('DE.1');
    const fileId = await upload();
    await sql`
      insert into job (workspace_id, id, kind, state, settings, file_id, created_by_kind, created_at)
      values (${workspaceId}, ${newId()}, 'CONTACT_IMPORT', 'RUNNING', '{}', ${fileId}, 'system', now())
    `.execute(db());
    await erase(contactId);
    expect(await files()).toEqual([fileId]);
    await sql`update job set state = 'COMPLETED', ended_at = now() where file_id = ${fileId}`.execute(db());
    await endFilesBeforeErasures({ ctx: asSystem() });
    expect(await files()).toEqual([]);
  });
});
