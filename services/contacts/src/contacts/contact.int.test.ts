import { accessibleWhere, defineAbility, type Permission } from '@fenster/auth';
import { createContext } from '@fenster/graphql';
import { createLogger, newId, systemClock, type Clock } from '@fenster/runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { actorWith } from '../../../../test/support/actor.js';
import { defineRules } from '../ability.js';
import { ContactIdentity } from '../identities/contact-identity.entity.js';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';
import { Contact } from './contact.entity.js';
import { referredContacts, WAITS_MS } from './contact.queries.js';

const REFERENCES = /* GraphQL */ `
  query ($representations: [_Any!]!) {
    _entities(representations: $representations) {
      ... on Contact {
        __typename
        id
        name
        phone
        maskedPhone
        username
        createdAt
      }
    }
  }
`;
const CONTACT = /* GraphQL */ `
  query ($id: ID!) {
    contact(id: $id) {
      id
      name
      phone
      maskedPhone
      username
      createdAt
    }
  }
`;
const CONTACTS = /* GraphQL */ `
  query ($first: Int, $after: String) {
    contacts(first: $first, after: $after) {
      nodes {
        id
        name
      }
      nextPage
    }
  }
`;

const contacts = new ContactsUnderTest();
const [ours, theirs] = [newId(), newId()];
const [anna, annaElsewhere, bert, stranger] = [newId(), newId(), newId(), newId()];
const at = (minute: number) => new Date(Date.UTC(2026, 10, 21, 10, minute));
const ANNA = {
  name: 'Anna',
  phone: '+4915112345678',
  maskedPhone: '+49 ••• 78',
  username: 'anna.b',
  createdAt: at(0).toISOString(),
};

beforeAll(async () => {
  await contacts.start();
  const [first, second] = [newId(), newId()];
  await contacts.publish(
    contacts.event(
      'opened',
      {
        workspaceId: ours,
        contactId: anna,
        channelId: first,
        identity: { phone: '+4915112345678', username: 'anna.b', profileName: 'Anna' },
      },
      at(0),
    ),
    contacts.event(
      'opened',
      { workspaceId: ours, contactId: annaElsewhere, channelId: second, identity: { phone: '+4915112345678' } },
      at(1),
    ),
    contacts.event(
      'opened',
      {
        workspaceId: ours,
        contactId: bert,
        channelId: first,
        identity: { bsuid: 'DE.2', threemaId: 'BERTBERT', profileName: 'Bert' },
      },
      at(2),
    ),
    contacts.event(
      'opened',
      {
        workspaceId: theirs,
        contactId: stranger,
        channelId: newId(),
        identity: { phone: '+436601234567', profileName: 'Cleo' },
      },
      at(3),
    ),
  );
  await contacts.settle();
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => contacts.stop());

const reader = (workspaceId = ours) => contacts.token(workspaceId, 'contact:read');
const phoneReader = () => contacts.token(ours, 'contact:read', 'contact:read_phone');

/** What a resolver gets, with a clock of the test's. */
function context(now: Clock = systemClock, permissions: Permission[] = ['contact:read']) {
  const log = createLogger('test', 'silent');
  return createContext(
    { app: {}, database: contacts.database, now, log, wakeRelay: () => {} },
    actorWith({ workspaceId: ours, permissions }),
    'test',
  );
}

async function resolve(token: string | undefined, ...ids: string[]) {
  return contacts.query(REFERENCES, token, { representations: ids.map((id) => ({ __typename: 'Contact', id })) });
}

describe('a contact', () => {
  it('shows the phone number to those who may see it, and to others masked', async () => {
    expect((await contacts.query(CONTACT, phoneReader(), { id: anna })).data).toEqual({
      contact: { id: anna, ...ANNA },
    });
    expect((await contacts.query(CONTACT, reader(), { id: anna })).data).toEqual({
      contact: { id: anna, ...ANNA, phone: null },
    });
  });

  it('shows the Threema id to those who may see phone numbers, and to nobody else', async () => {
    const query = 'query ($id: ID!) { contact(id: $id) { threemaId } }';
    const seenBy = async (token: string, id: string) => (await contacts.query(query, token, { id })).data;
    expect(await seenBy(phoneReader(), bert)).toEqual({ contact: { threemaId: 'BERTBERT' } });
    expect(await seenBy(reader(), bert)).toEqual({ contact: { threemaId: null } });
    expect(await seenBy(phoneReader(), anna)).toEqual({ contact: { threemaId: null } });
  });

  it('may have neither phone number nor username', async () => {
    const { data } = await contacts.query(CONTACT, phoneReader(), { id: bert });
    expect(data).toMatchObject({ contact: { name: 'Bert', phone: null, maskedPhone: null, username: null } });
  });

  it('is found by another id that it was known under', async () => {
    const { data } = await contacts.query(CONTACT, reader(), { id: annaElsewhere });
    expect(data).toMatchObject({ contact: { id: anna, name: 'Anna' } });
  });

  it('of another workspace reads like one that does not exist', async () => {
    const answers = await Promise.all(
      [stranger, newId(), 'not an id'].map((id) => contacts.query(CONTACT, reader(), { id })),
    );
    for (const { data, errors } of answers) {
      expect(data).toBeNull();
      expect(errors).toMatchObject([{ message: 'Contact not found.', extensions: { code: 'NOT_FOUND' } }]);
    }
  });

  it('is refused without the permission, and without a token', async () => {
    expect(
      (await contacts.query(CONTACT, contacts.token(ours, 'conversation:read'), { id: anna })).errors,
    ).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    expect((await contacts.query(CONTACT, undefined, { id: anna })).errors).toMatchObject([
      { extensions: { code: 'UNAUTHENTICATED' } },
    ]);
    expect((await contacts.query(CONTACT, 'a.unknown.b', { id: anna })).status).toBe(401);
  });
});

describe('contacts', () => {
  it('come in pages, the newest first, each once, and only one workspace’s', async () => {
    const workspaceId = newId();
    const people = Array.from({ length: 7 }, (_, index) => ({
      contactId: newId(),
      identity: { bsuid: `DE.${index}` },
      index,
    }));
    // Two share their moment, so that the page boundary falls between equals.
    await contacts.publish(
      ...people.map(({ contactId, identity, index }) =>
        contacts.event('opened', { workspaceId, contactId, channelId: newId(), identity }, at(Math.floor(index / 2))),
      ),
    );
    await contacts.settle();
    const token = reader(workspaceId);
    const seen: string[] = [];
    const sizes: number[] = [];
    for (let after: string | null | undefined; after !== null;) {
      const { data } = await contacts.query(CONTACTS, token, { first: 3, after });
      const page = data!.contacts as { nodes: { id: string }[]; nextPage: string | null };
      seen.push(...page.nodes.map((node) => node.id));
      sizes.push(page.nodes.length);
      after = page.nextPage;
    }
    const newestFirst = people.toSorted(
      (a, b) => Math.floor(b.index / 2) - Math.floor(a.index / 2) || (a.contactId < b.contactId ? 1 : -1),
    );
    expect(seen).toEqual(newestFirst.map((person) => person.contactId));
    expect(sizes).toEqual([3, 3, 1]);
  });

  it('are a page of 50 unless asked otherwise, and none for an empty workspace', async () => {
    const { data } = await contacts.query('{ contacts { nodes { id } nextPage } }', reader(newId()));
    expect(data).toEqual({ contacts: { nodes: [], nextPage: null } });
  });

  it.each([
    [{ first: 0 }, 'first', 'must be between 1 and 100.'],
    [{ first: 101 }, 'first', 'must be between 1 and 100.'],
    [{ first: 10, after: 'x' }, 'after', 'is not a page that this API handed out.'],
  ])('given %j, then the answer names %s', async (variables, field, message) => {
    const { errors } = await contacts.query(CONTACTS, reader(), variables);
    expect(errors).toMatchObject([{ message, extensions: { code: 'INVALID_INPUT', field } }]);
  });
});

describe('a reference', () => {
  it('keeps the id that it has, also where that is an alias', async () => {
    const { data } = await resolve(phoneReader(), annaElsewhere, anna, annaElsewhere);
    expect(data!._entities).toEqual(
      [annaElsewhere, anna, annaElsewhere].map((id) => ({ __typename: 'Contact', id, ...ANNA })),
    );
  });

  it('to another workspace, to nobody, or of somebody without the permission is null', async () => {
    expect((await resolve(reader(), stranger, newId(), 'not an id', bert)).data!._entities).toEqual([
      null,
      null,
      null,
      expect.objectContaining({ name: 'Bert' }),
    ]);
    const { data, errors } = await resolve(
      contacts.token(ours, 'conversation:read', 'cost:read', 'contact:read_phone'),
      anna,
    );
    expect(data).toEqual({ _entities: [null] });
    expect(errors).toBeUndefined();
  });

  it('is not answered without a token', async () => {
    const { data, errors } = await resolve(undefined, anna);
    expect(data).toEqual({ _entities: [null] });
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });

  it('to a contact whose event is still on its way waits for it', async () => {
    const late = newId();
    const event = contacts.event('opened', {
      workspaceId: ours,
      contactId: late,
      channelId: newId(),
      identity: { bsuid: 'DE.9', profileName: 'Late' },
    });
    // The clock is asked after the first attempt has failed; only then is the event published.
    let published: Promise<void> | undefined;
    const ctx = context(() => {
      published ??= contacts.publish(event);
      return new Date();
    });
    const found = await ctx.loader(referredContacts).loadMany([late, bert]);
    await published;
    expect(found).toMatchObject([{ id: late, name: 'Late' }, { id: bert }]);
  });

  it('to a contact that never comes gives up, with one query per attempt for all that are missing', async () => {
    const ctx = context();
    const attempts = vi.spyOn(ctx.database, 'readForTenant');
    expect(await ctx.loader(referredContacts).loadMany([newId(), bert, newId()])).toMatchObject([
      undefined,
      { id: bert },
      undefined,
    ]);
    expect(attempts).toHaveBeenCalledTimes(1 + WAITS_MS.length);
  });

  it('by an old id that is not there is answered at once', async () => {
    const ctx = context(() => new Date(Date.now() + 120_000));
    const attempts = vi.spyOn(ctx.database, 'readForTenant');
    expect(await ctx.loader(referredContacts).load(newId())).toBeUndefined();
    expect(attempts).toHaveBeenCalledOnce();
  });

  it('of somebody without the permission is answered without a query', async () => {
    const ctx = context(undefined, []);
    const attempts = vi.spyOn(ctx.database, 'readForTenant');
    expect(await ctx.loader(referredContacts).load(newId())).toBeUndefined();
    expect(attempts).not.toHaveBeenCalled();
  });
});

describe('the rules', () => {
  it('show nothing of another workspace when row-level security is out of the way', async () => {
    const ability = defineAbility(actorWith({ workspaceId: theirs, permissions: ['contact:read'] }), defineRules);
    const system = contacts.database.system();
    expect(await system.find(Contact, accessibleWhere(ability, 'read', 'Contact'))).toMatchObject([{ id: stranger }]);
    expect(await system.find(ContactIdentity, accessibleWhere(ability, 'read', 'ContactIdentity'))).toMatchObject([
      { contactId: stranger },
    ]);
  });
});

describe('row-level security', () => {
  it('shows nothing of another workspace when the query has no filter of its own', async () => {
    expect(await contacts.database.forTenant(theirs).find(Contact, {})).toMatchObject([{ id: stranger }]);
    expect(await contacts.database.forTenant(ours).find(Contact, { id: stranger })).toEqual([]);
    expect(await contacts.database.forTenant(ours).find(ContactIdentity, { contactId: stranger })).toEqual([]);
    expect(await contacts.database.forTenant(theirs).execute('select 1 from contact_alias')).toEqual([]);
  });

  it.each(['contact', 'contact_identity', 'contact_alias'])('shows no row of %s without a workspace', async (table) => {
    expect(await contacts.database.system().execute(`select 1 from "${table}"`)).not.toEqual([]);
    expect(await contacts.database.forTenant('').execute(`select 1 from "${table}"`)).toEqual([]);
  });
});
