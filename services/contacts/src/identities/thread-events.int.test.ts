import { readLog, sql } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Contact } from '../contacts/contact.entity.js';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';
import { ContactIdentity } from './contact-identity.entity.js';

const PHONE = '+4915112345678';
const NINE = new Date('2026-11-21T09:00:00Z');
const TEN = new Date('2026-11-21T10:00:00Z');

const contacts = new ContactsUnderTest();
let workspaceId: string;
let channelId: string;
let contactId: string;

beforeAll(() => contacts.start());
afterAll(() => contacts.stop());
beforeEach(() => {
  [workspaceId, channelId, contactId] = [newId(), newId(), newId()];
});

const stored = () => contacts.database.forTenant(workspaceId).find(Contact, {}, { orderBy: { id: 'asc' } });
const names = () =>
  contacts.database
    .forTenant(workspaceId)
    .find(ContactIdentity, {}, { orderBy: { validFrom: 'asc', kind: 'asc', value: 'asc' } });
const aliases = () =>
  contacts.database.forTenant(workspaceId).execute<object[]>('select workspace_id, id, contact_id from contact_alias');

/** Who looks up the countries of names from before must find none of these: segments ask for them from the first moment on. */
const WITH_COUNTRY = `alter table contact_identity
  add constraint at_home check (kind not in ('PHONE', 'BSUID') or country is not null)`;

describe('a thread that was opened', () => {
  it('tells where its names are at home, at once', async () => {
    await contacts.alter(WITH_COUNTRY);
    const identity = { phone: PHONE, bsuid: 'FR.1', username: 'anna' };
    await contacts.publish(contacts.event('opened', { workspaceId, contactId, channelId, identity }));
    await contacts.settle();
    const { rows } = await sql<{ kind: string; country: string | null }>`
      select kind, country from contact_identity where workspace_id = ${workspaceId} order by kind
    `.execute(contacts.database.system().getKysely());
    expect(rows).toEqual([
      { kind: 'BSUID', country: 'FR' },
      { kind: 'PHONE', country: 'DE' },
      { kind: 'USERNAME', country: null },
    ]);
  });

  it('becomes a contact with its identities', async () => {
    const identity = { phone: PHONE, bsuid: 'DE.1', username: 'anna.b', profileName: 'Anna' };
    await contacts.publish(contacts.event('opened', { workspaceId, contactId, channelId, identity }, NINE));
    await contacts.settle();
    expect(await stored()).toMatchObject([{ id: contactId, workspaceId, name: 'Anna', createdAt: NINE }]);
    const common = { workspaceId, contactId, channelId, validFrom: NINE, validTo: null };
    expect(await names()).toMatchObject([
      { ...common, kind: 'BSUID', value: 'DE.1' },
      { ...common, kind: 'PHONE', value: PHONE },
      { ...common, kind: 'USERNAME', value: 'anna.b' },
    ]);
  });

  it('has its effect once, however often it is delivered', async () => {
    const event = contacts.event('opened', { workspaceId, contactId, channelId, identity: { phone: PHONE } });
    await contacts.publish(event, event);
    await contacts.publish(event);
    await contacts.settle();
    expect(await stored()).toHaveLength(1);
    expect(await names()).toHaveLength(1);
  });

  it('has its effect once, also across a restart', async () => {
    const event = contacts.event('opened', { workspaceId, contactId, channelId, identity: { phone: PHONE } });
    await contacts.publish(event);
    await contacts.settle();
    await contacts.service.stop();
    await contacts.publish(event);
    await contacts.startService();
    await contacts.settle();
    expect(await names()).toHaveLength(1);
  });
});

describe('an identity that changed', () => {
  it('ends the old one and keeps it', async () => {
    const opened = { phone: PHONE, profileName: 'Anna' };
    const changed = { phone: '+436601234567', profileName: 'Anna B.' };
    await contacts.publish(contacts.event('opened', { workspaceId, contactId, channelId, identity: opened }, NINE));
    await contacts.settle();
    await contacts.publish(
      contacts.event('identity_changed', { workspaceId, contactId, channelId, identity: changed }, TEN),
    );
    await contacts.settle();
    expect(await stored()).toMatchObject([{ name: 'Anna B.', createdAt: NINE }]);
    expect(await names()).toMatchObject([
      { value: PHONE, validFrom: NINE, validTo: TEN },
      { value: '+436601234567', validFrom: TEN, validTo: null },
    ]);
  });

  it('is stored also if the opening of its thread never came', async () => {
    const identity = { bsuid: 'DE.1', profileName: 'Anna' };
    await contacts.publish(contacts.event('identity_changed', { workspaceId, contactId, channelId, identity }));
    await contacts.settle();
    expect(await stored()).toMatchObject([{ id: contactId, name: 'Anna' }]);
  });
});

describe('what a contact is called', () => {
  const told = async () => {
    const events = await readLog(contacts.database.forTenant(workspaceId), 0, 100);
    return events.map(({ name, data }) => [name, data]);
  };
  const telling = (id: string, name: string) => ['contacts.contact.changed', { contactId: id, name }];
  const see = async (id: string, profileName?: string, kind: 'opened' | 'identity_changed' = 'opened') => {
    const identity = { phone: PHONE, bsuid: 'DE.1', ...(profileName && { profileName }) };
    await contacts.publish(contacts.event(kind, { workspaceId, contactId: id, channelId, identity }));
    await contacts.settle();
  };

  it('is told when the contact is made and when the name changes, and not otherwise', async () => {
    await see(contactId, 'Anna');
    await see(contactId, 'Anna', 'identity_changed');
    await see(contactId, 'Anna B.', 'identity_changed');
    await see(contactId, undefined, 'identity_changed');
    expect(await told()).toEqual([telling(contactId, 'Anna'), telling(contactId, 'Anna B.')]);
  });

  it('is told for every id that the contact is known under', async () => {
    const alias = newId();
    await see(contactId, 'Anna');
    await see(alias);
    await see(alias, 'Anna B.', 'identity_changed');
    const [first, second, ...renamed] = await told();
    expect([first, second]).toEqual([telling(contactId, 'Anna'), telling(alias, 'Anna')]);
    expect(renamed.toSorted()).toEqual([telling(contactId, 'Anna B.'), telling(alias, 'Anna B.')].toSorted());
  });

  it('is not told while nobody knows it', async () => {
    await see(contactId);
    expect(await told()).toEqual([]);
  });
});

describe('an event that does not fit its schema', () => {
  it('goes to the dead letters and lets the rest pass', async () => {
    const bad = contacts.event('opened', {
      workspaceId,
      contactId: newId(),
      channelId,
      identity: { phone: 'call me' },
    });
    await contacts.publish(
      bad,
      contacts.event('opened', { workspaceId, contactId, channelId, identity: { phone: PHONE } }),
    );
    await contacts.settle();
    expect((await stored()).map((contact) => contact.id)).toEqual([contactId]);
    const letters = await contacts.database.forTenant(workspaceId).execute('select source, reason from dead_letter');
    expect(letters).toEqual([{ source: 'contacts-thread-events', reason: 'does not fit the schema of its event' }]);
  });
});

describe('a person who is known under another id', () => {
  it('keeps one contact, and the new id becomes an alias', async () => {
    const [otherId, otherChannel] = [newId(), newId()];
    await contacts.publish(
      contacts.event('opened', { workspaceId, contactId, channelId, identity: { phone: PHONE } }, NINE),
    );
    await contacts.settle();
    await contacts.publish(
      contacts.event(
        'opened',
        { workspaceId, contactId: otherId, channelId: otherChannel, identity: { phone: PHONE } },
        TEN,
      ),
    );
    await contacts.publish(
      contacts.event(
        'identity_changed',
        { workspaceId, contactId: otherId, channelId: otherChannel, identity: { phone: PHONE, username: 'anna.b' } },
        TEN,
      ),
    );
    await contacts.settle();
    expect(await stored()).toMatchObject([{ id: contactId }]);
    expect(await aliases()).toEqual([{ workspace_id: workspaceId, id: otherId, contact_id: contactId }]);
    expect(await names()).toMatchObject([
      { contactId, channelId, kind: 'PHONE' },
      { contactId, channelId: otherChannel, kind: 'PHONE' },
      { contactId, channelId: otherChannel, kind: 'USERNAME' },
    ]);
  });

  it('is a contact of their own in each workspace', async () => {
    const [first, second] = [workspaceId, newId()];
    await contacts.publish(
      contacts.event('opened', { workspaceId: first, contactId, channelId, identity: { phone: PHONE } }),
      contacts.event('opened', {
        workspaceId: second,
        contactId: newId(),
        channelId: newId(),
        identity: { phone: PHONE },
      }),
    );
    await contacts.settle();
    for (const workspace of [first, second]) {
      workspaceId = workspace;
      expect(await stored()).toHaveLength(1);
      expect(await aliases()).toEqual([]);
    }
  });

  it('passes a number on to the next person', async () => {
    const nextId = newId();
    await contacts.publish(
      contacts.event('opened', { workspaceId, contactId, channelId, identity: { phone: PHONE, bsuid: 'DE.1' } }, NINE),
      contacts.event(
        'opened',
        { workspaceId, contactId: nextId, channelId, identity: { phone: PHONE, bsuid: 'DE.2' } },
        TEN,
      ),
    );
    await contacts.settle();
    expect((await stored()).map((contact) => contact.id)).toEqual([contactId, nextId].toSorted());
    expect((await names()).filter((identity) => identity.kind === 'PHONE')).toMatchObject([
      { contactId, validTo: TEN },
      { contactId: nextId, validTo: null },
    ]);
  });
});

describe('a large batch', () => {
  it('is handled as if its events came one by one', async () => {
    const people = Array.from({ length: 300 }, (_, index) => ({
      contactId: newId(),
      identity: { phone: `+49151${String(index).padStart(8, '0')}`, profileName: `Person ${index}` },
    }));
    const events = people.map((person) => contacts.event('opened', { workspaceId, channelId, ...person }));
    const again = people.map(({ identity }) =>
      contacts.event('opened', { workspaceId, channelId: contactId, contactId: newId(), identity }),
    );
    for (let start = 0; start < 300; start += 50) {
      await contacts.publish(...events.slice(start, start + 50), ...again.slice(start, start + 50));
    }
    await contacts.settle();
    expect((await stored()).map((contact) => contact.id)).toEqual(people.map((person) => person.contactId).toSorted());
    expect(await aliases()).toHaveLength(300);
    expect(await names()).toHaveLength(600);
  });
});
