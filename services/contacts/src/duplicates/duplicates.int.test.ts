import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';

const contacts = new ContactsUnderTest();
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
const suggested = async (as = token) =>
  (await ask<Page>(QUERY, { first: 100 }, as)).nodes.map(({ contact, duplicate, reasons }) => [
    contact.id,
    duplicate.id,
    ...reasons,
  ]);
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

/** One of its own. */
function channelOf(contactId: string): string {
  return contactId;
}
