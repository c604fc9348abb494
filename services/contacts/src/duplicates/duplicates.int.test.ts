import { sql } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';
import { duplicatesStatement } from './duplicate.queries.js';

const contacts = new ContactsUnderTest();
const db = () => contacts.database.system().getKysely();
let token: string;
let workspaceId: string;
beforeAll(() => contacts.start());
afterAll(() => contacts.stop());
beforeEach(() => {
  workspaceId = newId();
  token = contacts.token(workspaceId, 'contact:read', 'contact:read_phone', 'contact:update', 'contact:manage');
});

async function ask<T>(query: string, variables: object = {}, as = token): Promise<T> {
  const { data, errors } = await contacts.query(query, as, { ...variables });
  expect(errors).toBeUndefined();
  return Object.values(data!)[0] as T;
}
const create = async (input: object) =>
  (
    await ask<{ id: string }>(
      'mutation ($input: CreateContactInput!) { createContact(input: $input) { ... on Contact { id } } }',
      { input: { idempotencyKey: newId(), ...input } },
    )
  ).id;
interface Page {
  nodes: { contact: { id: string }; duplicate: { id: string }; reasons: string[] }[];
  nextPage: string | null;
}
const QUERY = `query ($first: Int, $after: String) { duplicateContacts(first: $first, after: $after) {
  nodes { contact { id } duplicate { id } reasons } nextPage } }`;
/** Who has changed is looked at by the service, soon. */
const looked = () =>
  eventually(async () => {
    const { rows } = await sql`
      select contact_id from contact_likeness where workspace_id = ${workspaceId} and is_due limit 1
    `.execute(db());
    expect(rows).toEqual([]);
  });
const suggested = async (as = token) => {
  await looked();
  return (await ask<Page>(QUERY, { first: 100 }, as)).nodes.map(({ contact, duplicate, reasons }) => [
    contact.id,
    duplicate.id,
    ...reasons,
  ]);
};
const dismiss = (contactId: string, otherId: string) =>
  ask<object>(
    `mutation ($contactId: ID!, $otherId: ID!) { dismissDuplicate(contactId: $contactId, otherId: $otherId) {
      __typename ... on UserError { code } } }`,
    { contactId, otherId },
  );
async function join(keptId: string, mergedId: string): Promise<void> {
  const { version } = await ask<{ version: string }>(
    'query ($keptId: ID!, $mergedId: ID!) { contactMergePreview(keptId: $keptId, mergedId: $mergedId) { version } }',
    { keptId, mergedId },
  );
  const input = { keptId, mergedId, version, idempotencyKey: newId() };
  const merged = await ask<object>(
    'mutation ($input: MergeContactsInput!) { mergeContacts(input: $input) { __typename } }',
    { input },
  );
  expect(merged).toEqual({ __typename: 'ContactsMerged' });
}

describe('suggestions of who may be one person', () => {
  it('are of who shares an address, a number or a name at a place, each with its reasons', async () => {
    const address = { postalCode: '10 115', city: 'Berlin' };
    const anna = await create({ name: 'Anna Berg', email: 'Anna@example.org', address });
    const again = await create({ name: 'anna  berg', email: 'anna@EXAMPLE.org', address: { postalCode: '10115' } });
    await create({ name: 'Anna Berg', email: 'other@example.org', address: { postalCode: '20095' } });
    const [one, other] = [newId(), newId()];
    for (const contactId of [one, other]) {
      const identity = { phone: '+4915112345678', bsuid: `DE.${contactId}` };
      const about = { workspaceId, contactId, channelId: channelOf(contactId), identity };
      await contacts.publish(contacts.event('opened', about));
      await contacts.settle();
    }
    // The number led the second thread to the first one's contact: nobody to suggest.
    expect(await suggested()).toEqual([[anna, again, 'SAME_EMAIL', 'SAME_NAME_AND_POSTAL_CODE']]);
    expect(await suggested(contacts.token(workspaceId, 'contact:read', 'contact:manage'))).toEqual([]);
    expect(await suggested(contacts.token(newId(), 'contact:read', 'contact:read_phone', 'contact:manage'))).toEqual(
      [],
    );
  });

  it('are of two who have one number on two channels', async () => {
    const channelId = newId();
    const known = newId();
    const met = async (contactId: string, bsuid: string, on: string) => {
      const identity = { phone: '+4915112345678', bsuid };
      await contacts.publish(contacts.event('opened', { workspaceId, contactId, channelId: on, identity }));
      await contacts.settle();
    };
    await met(known, 'DE.1', channelId);
    const [second, elsewhere] = [newId(), newId()];
    // On its channel somebody else has got the number; on another one it is still the first one's.
    await contacts.publish(
      contacts.event('identity_changed', {
        workspaceId,
        contactId: known,
        channelId: elsewhere,
        identity: { phone: '+4915112345678' },
      }),
    );
    await met(second, 'DE.2', channelId);
    expect(await suggested()).toEqual([[known, second, 'SAME_PHONE']]);
  });

  it('are made once at a time, page by page, and no more of who is two, also after a merge', async () => {
    const email = 'family@example.org';
    const ids: string[] = [];
    for (const name of ['A', 'B', 'C', 'D']) ids.push(await create({ name: `${name} Berg`, email }));
    const [a, b, c, d] = ids as [string, string, string, string];
    await looked();
    const pages: Page[] = [];
    do pages.push(await ask<Page>(QUERY, { first: 2, after: pages.at(-1)?.nextPage ?? null }));
    while (pages.at(-1)!.nextPage);
    expect(pages.flatMap(({ nodes }) => nodes.map(({ duplicate }) => duplicate.id))).toEqual([d, c, b]);
    expect(await dismiss(a, a)).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await dismiss(a, newId())).toMatchObject({ code: 'NOT_FOUND' });
    for (const other of [b, c, d]) expect(await dismiss(other, a)).toEqual({ __typename: 'DuplicateDismissed' });
    // Each of them may still be the one before it.
    expect(await suggested()).toEqual([
      [c, d, 'SAME_EMAIL'],
      [b, c, 'SAME_EMAIL'],
    ]);
    await dismiss(c, d);
    const e = await create({ name: 'A Berg' });
    await join(e, a);
    // Of whom the oldest of the four is part now, nobody is suggested; of the others the oldest is another one.
    expect(await suggested()).toEqual([
      [b, d, 'SAME_EMAIL'],
      [b, c, 'SAME_EMAIL'],
    ]);
  });
});

describe('what is found of a contact that changes', () => {
  const update = (id: string, input: object) =>
    ask<object>(
      'mutation ($input: UpdateContactInput!) { updateContact(input: $input) { __typename ... on UserError { code message } } }',
      { input: { id, ...input } },
    );

  it('is found where the one that was known for longer is the one that changes, and is gone when it changes back', async () => {
    const first = await create({ name: 'Anna', email: 'anna@example.org' });
    const second = await create({ name: 'Anna B.', email: 'berg@example.org' });
    expect(await suggested()).toEqual([]);
    await update(first, { email: 'BERG@example.org' });
    expect(await suggested()).toEqual([[first, second, 'SAME_EMAIL']]);
    await update(first, { email: 'anna@example.org' });
    expect(await suggested()).toEqual([]);
    await update(second, { email: 'anna@example.org' });
    expect(await suggested()).toEqual([[first, second, 'SAME_EMAIL']]);
  });

  it('is found of contacts that come at the same moment, whoever of them is stored first', async () => {
    const email = 'both@example.org';
    const ids = await Promise.all(['A', 'B', 'C'].map((name) => create({ name, email })));
    const found = await suggested();
    expect(found).toHaveLength(2);
    expect(new Set(found.flatMap(([one, other]) => [one, other]))).toEqual(new Set(ids));
  });

  it('given somebody who is looked at while another one comes to look like them, then they stay', async () => {
    const second = await create({ name: 'B', email: 'b@example.org' });
    await looked();
    const em = contacts.database.system();
    const older = newId();
    await em.begin();
    try {
      // Not committed while the service looks at the other one.
      await sql`
        insert into contact (workspace_id, id, given_name, email, created_at, updated_at)
        values (${workspaceId}, ${older}, 'A', 'b@example.org', '2020-01-01', now())
      `.execute(em.getKysely());
      await update(second, { name: 'B.', address: { postalCode: '10115' } });
      await looked();
      expect(await suggested()).toEqual([]);
      await em.commit();
    } finally {
      if (em.isInTransaction()) await em.rollback();
    }
    expect(await suggested()).toEqual([[older, second, 'SAME_EMAIL']]);
  });
});

describe('a page of suggestions', () => {
  interface PlanNode {
    'Relation Name'?: string;
    'Actual Rows': number;
    'Actual Loops': number;
    'Rows Removed by Filter'?: number;
    'Rows Removed by Index Recheck'?: number;
    Plans?: PlanNode[];
  }
  const rowsRead = (node: PlanNode): number => {
    const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
    const own = node['Relation Name'] === undefined ? 0 : (node['Actual Rows'] + removed) * node['Actual Loops'];
    return own + (node.Plans ?? []).reduce((sum, each) => sum + rowsRead(each), 0);
  };
  const addContacts = (from: number, to: number) =>
    sql`
      insert into contact (workspace_id, id, given_name, email, address, created_at, updated_at)
      select ${workspaceId}, gen_random_uuid(), 'Kunde ' || n,
        case when n % 500 = 0 then 'familie@example.org' else 'kunde' || n || '@example.org' end,
        jsonb_build_object('postalCode', '10115'), '2026-01-01'::timestamptz + n * interval '1 second', now()
      from generate_series(${from}::int, ${to}::int) n
    `.execute(db());

  it('reads as much of ten thousand contacts as of a thousand', async () => {
    const read = async () => {
      await looked();
      await contacts.alter('analyze contact; analyze contact_identity; analyze contact_likeness');
      const statement = duplicatesStatement({ workspaceId, position: undefined, visible: { workspaceId } }, 2);
      const [row] = await contacts.database.readForTenant(
        workspaceId,
        sql<{ 'QUERY PLAN': { Plan: PlanNode }[] }>`explain (analyze, format json) ${statement}`,
      );
      return rowsRead(row!['QUERY PLAN'][0]!.Plan);
    };
    await addContacts(1, 1_500);
    const ofFew = await read();
    await addContacts(1_501, 10_500);
    const ofMany = await read();
    expect(ofMany).toBeLessThanOrEqual(ofFew);
    expect(ofMany).toBeLessThan(50);
  });

  it('ends where nobody is left, though those who are dismissed fill whole pages', async () => {
    await addContacts(1, 4_000);
    await looked();
    const all = (await ask<Page>(QUERY, { first: 100 })).nodes;
    expect(all).toHaveLength(7);
    // Each is suggested with the first and with the one before it.
    for (;;) {
      const { nodes } = await ask<Page>(QUERY, { first: 100 });
      const rest = nodes.filter(({ duplicate }) => duplicate.id !== all.at(-1)!.duplicate.id);
      if (rest.length === 0) break;
      for (const { contact, duplicate } of rest) await dismiss(contact.id, duplicate.id);
    }
    const pages: Page[] = [];
    do pages.push(await ask<Page>(QUERY, { first: 1, after: pages.at(-1)?.nextPage ?? null }));
    while (pages.at(-1)!.nextPage);
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.flatMap(({ nodes }) => nodes.map(({ duplicate }) => duplicate.id))).toEqual([
      all.at(-1)!.duplicate.id,
    ]);
  });
});

/** One of its own. */
function channelOf(contactId: string): string {
  return contactId;
}
