import { describe, expect, it } from 'vitest';
import { ContactBook, type ContactEntry, type Sighting } from './contact-book.js';

const WORKSPACE = 'w1';
const NINE = new Date('2026-11-21T09:00:00Z');
const TEN = new Date('2026-11-21T10:00:00Z');
const ELEVEN = new Date('2026-11-21T11:00:00Z');
const PHONE = '+4915112345678';
const OTHER_PHONE = '+4915187654321';

function seen(
  contactId: string,
  identity: Sighting['identity'],
  at = TEN,
  channelId = 'c1',
  workspaceId = WORKSPACE,
): Sighting {
  return { workspaceId, contactId, channelId, identity, at };
}

function book(contacts: ContactEntry[] = [], aliases: { workspaceId: string; id: string; originId: string }[] = []) {
  let ids = 0;
  return new ContactBook(contacts, aliases, () => `i${(ids += 1)}`);
}

function known(
  id: string,
  names: [ContactEntry['identities'][number]['kind'], string, string?, Date?][],
  name: string | null = null,
): ContactEntry {
  return {
    workspaceId: WORKSPACE,
    id,
    contactId: id,
    givenName: null,
    profileName: name,
    createdAt: NINE,
    identities: names.map(([kind, value, channelId = 'c1', validFrom = NINE], index) => ({
      id: `${id}-${index}`,
      channelId,
      kind,
      value,
      validFrom,
      validTo: null,
    })),
  };
}

/** The changes in words. */
function told(contacts: ContactBook): string[] {
  const { newContacts, renamed, newAliases, newIdentities, ended } = contacts.changes;
  const time = (date: Date) => date.toISOString().slice(11, 16);
  return [
    ...newContacts.map(
      (contact) => `new contact ${contact.id} named ${contact.profileName} at ${time(contact.createdAt)}`,
    ),
    ...renamed.map((contact) => `${contact.id} is now named ${contact.profileName}`),
    ...newAliases.map((alias) => `${alias.id} is ${alias.contactId}`),
    ...ended.map(
      ({ contact, identity }) =>
        `${contact.id} was ${identity.kind} ${identity.value} until ${time(identity.validTo!)}`,
    ),
    ...newIdentities.map(
      ({ contact, identity }) =>
        `${contact.id} is ${identity.kind} ${identity.value} on ${identity.channelId} from ${time(identity.validFrom)}` +
        (identity.validTo ? ` until ${time(identity.validTo)}` : ''),
    ),
  ];
}

describe('somebody new', () => {
  it('becomes a contact under the id that the event gives', () => {
    const contacts = book();
    contacts.record(seen('anna', { phone: PHONE, bsuid: 'DE.1', username: 'anna.b', profileName: 'Anna' }));
    expect(told(contacts)).toEqual([
      'new contact anna named Anna at 10:00',
      `anna is PHONE ${PHONE} on c1 from 10:00`,
      'anna is BSUID DE.1 on c1 from 10:00',
      'anna is USERNAME anna.b on c1 from 10:00',
    ]);
  });

  it('needs neither a name nor a phone number', () => {
    const contacts = book();
    contacts.record(seen('anna', { bsuid: 'DE.1' }));
    expect(told(contacts)).toEqual(['new contact anna named null at 10:00', 'anna is BSUID DE.1 on c1 from 10:00']);
  });

  it('told of twice is stored once', () => {
    const contacts = book();
    contacts.record(seen('anna', { phone: PHONE, profileName: 'Anna' }));
    contacts.record(seen('anna', { phone: PHONE, profileName: 'Anna' }, ELEVEN));
    expect(told(contacts)).toEqual(['new contact anna named Anna at 10:00', `anna is PHONE ${PHONE} on c1 from 10:00`]);
  });
});

describe('somebody known', () => {
  it('who says nothing new changes nothing', () => {
    const contacts = book([
      known(
        'anna',
        [
          ['PHONE', PHONE],
          ['BSUID', 'DE.1'],
        ],
        'Anna',
      ),
    ]);
    contacts.record(seen('anna', { bsuid: 'DE.1', profileName: 'Anna' }));
    expect(told(contacts)).toEqual([]);
  });

  it('who has another number keeps the old one as history', () => {
    const contacts = book([known('anna', [['PHONE', PHONE]], 'Anna')]);
    contacts.record(seen('anna', { phone: OTHER_PHONE, profileName: 'Anna B.' }));
    expect(told(contacts)).toEqual([
      'anna is now named Anna B.',
      `anna was PHONE ${PHONE} until 10:00`,
      `anna is PHONE ${OTHER_PHONE} on c1 from 10:00`,
    ]);
  });

  it('who is told to have a number no longer keeps it as history, on that channel', () => {
    const contacts = book([
      known('anna', [
        ['PHONE', PHONE],
        ['PHONE', PHONE, 'c2'],
        ['BSUID', 'DE.1'],
      ]),
    ]);
    contacts.record({ ...seen('anna', { bsuid: 'DE.2' }), former: { phone: PHONE } });
    expect(told(contacts)).toEqual([
      `anna was PHONE ${PHONE} until 10:00`,
      'anna was BSUID DE.1 until 10:00',
      'anna is BSUID DE.2 on c1 from 10:00',
    ]);
  });

  it('who changes twice in one batch has a history of both', () => {
    const contacts = book([known('anna', [['USERNAME', 'a']])]);
    contacts.record(seen('anna', { username: 'b' }, TEN));
    contacts.record(seen('anna', { username: 'a' }, ELEVEN));
    expect(told(contacts)).toEqual([
      'anna was USERNAME a until 10:00',
      'anna is USERNAME b on c1 from 10:00 until 11:00',
      'anna is USERNAME a on c1 from 11:00',
    ]);
  });

  it('whose change is older than what is stored: nothing ends before it began', () => {
    const contacts = book([known('anna', [['PHONE', PHONE, 'c1', ELEVEN]])]);
    contacts.record(seen('anna', { phone: OTHER_PHONE }, TEN));
    expect(told(contacts)).toContain(`anna was PHONE ${PHONE} until 11:00`);
  });

  it('may be called differently on each channel', () => {
    const contacts = book([known('anna', [['PHONE', PHONE, 'c1']])]);
    contacts.record(seen('anna', { phone: OTHER_PHONE }, TEN, 'c2'));
    expect(told(contacts)).toEqual([`anna is PHONE ${OTHER_PHONE} on c2 from 10:00`]);
  });
});

describe('the same person under another id', () => {
  it('given their phone number on another channel, then the new id is an alias', () => {
    const contacts = book([
      known(
        'anna',
        [
          ['PHONE', PHONE, 'c1'],
          ['BSUID', 'DE.1', 'c1'],
        ],
        'Anna',
      ),
    ]);
    contacts.record(seen('anna-2', { phone: PHONE, bsuid: 'DE.2', profileName: 'Anna' }, TEN, 'c2'));
    expect(told(contacts)).toEqual([
      'anna-2 is anna',
      `anna is PHONE ${PHONE} on c2 from 10:00`,
      'anna is BSUID DE.2 on c2 from 10:00',
    ]);
  });

  it('is found within one batch, and so are later events about either id', () => {
    const contacts = book();
    contacts.record(seen('anna', { phone: PHONE }));
    contacts.record(seen('anna-2', { phone: PHONE }, TEN, 'c2'));
    contacts.record(seen('anna-2', { username: 'anna.b', profileName: 'Anna' }, ELEVEN, 'c2'));
    expect(told(contacts)).toEqual([
      'new contact anna named Anna at 10:00',
      'anna-2 is anna',
      `anna is PHONE ${PHONE} on c1 from 10:00`,
      `anna is PHONE ${PHONE} on c2 from 10:00`,
      'anna is USERNAME anna.b on c2 from 11:00',
    ]);
  });

  it('is found by an alias that is stored', () => {
    const contacts = book(
      [known('anna', [['BSUID', 'DE.1']])],
      [{ workspaceId: WORKSPACE, id: 'anna-2', originId: 'anna' }],
    );
    contacts.record(seen('anna-2', { username: 'anna.b' }));
    expect(told(contacts)).toEqual(['anna is USERNAME anna.b on c1 from 10:00']);
  });

  it('given a BSUID that somebody has and a number that somebody else has, then the BSUID decides', () => {
    const contacts = book([known('anna', [['BSUID', 'DE.1']]), known('bert', [['PHONE', PHONE, 'c2']])]);
    contacts.record(seen('new', { phone: PHONE, bsuid: 'DE.1' }));
    expect(told(contacts)).toEqual(['new is anna', `anna is PHONE ${PHONE} on c1 from 10:00`]);
  });

  it('given a number that two contacts have, then it is whoever got it last', () => {
    const contacts = book([
      known('anna', [['PHONE', PHONE, 'c1', NINE]]),
      known('bert', [['PHONE', PHONE, 'c2', TEN]]),
    ]);
    contacts.record(seen('new', { phone: PHONE }, ELEVEN, 'c3'));
    expect(told(contacts)).toEqual(['new is bert', `bert is PHONE ${PHONE} on c3 from 11:00`]);
  });

  it('is not found by a parent BSUID: what one business was told is not for another one to take over', () => {
    const contacts = book([known('anna', [['PARENT_BSUID', 'DE.ENT.1', 'c1']])]);
    contacts.record(seen('new', { bsuid: 'DE.2', parentBsuid: 'DE.ENT.1' }, TEN, 'c2'));
    expect(told(contacts)).toEqual([
      'new contact new named null at 10:00',
      'new is BSUID DE.2 on c2 from 10:00',
      'new is PARENT_BSUID DE.ENT.1 on c2 from 10:00',
    ]);
  });

  it('who has the parent BSUID of somebody else on the channel has it from then on', () => {
    const contacts = book([known('anna', [['PARENT_BSUID', 'DE.ENT.1', 'c1']])]);
    contacts.record(seen('new', { bsuid: 'DE.2', parentBsuid: 'DE.ENT.1' }, TEN, 'c1'));
    expect(told(contacts)).toContain('anna was PARENT_BSUID DE.ENT.1 until 10:00');
  });

  it('is never found across workspaces', () => {
    const contacts = book([known('anna', [['PHONE', PHONE]])]);
    contacts.record(seen('new', { phone: PHONE }, TEN, 'c9', 'w2'));
    expect(told(contacts)).toEqual(['new contact new named null at 10:00', `new is PHONE ${PHONE} on c9 from 10:00`]);
  });

  it('is not found when both ids are contacts already: merging those is for people to decide', () => {
    const contacts = book([known('anna', [['PHONE', PHONE, 'c1']]), known('bert', [['BSUID', 'DE.2', 'c2']])]);
    contacts.record(seen('bert', { phone: PHONE }, TEN, 'c2'));
    expect(told(contacts)).toEqual([`bert is PHONE ${PHONE} on c2 from 10:00`]);
  });
});

describe('another person', () => {
  it('with a number that was handed on is a contact of their own, and the number is theirs from then on', () => {
    const contacts = book([
      known(
        'anna',
        [
          ['PHONE', PHONE],
          ['BSUID', 'DE.1'],
        ],
        'Anna',
      ),
    ]);
    contacts.record(seen('bert', { phone: PHONE, bsuid: 'DE.2', profileName: 'Bert' }));
    expect(told(contacts)).toEqual([
      'new contact bert named Bert at 10:00',
      `anna was PHONE ${PHONE} until 10:00`,
      `bert is PHONE ${PHONE} on c1 from 10:00`,
      'bert is BSUID DE.2 on c1 from 10:00',
    ]);
  });

  it('with a username that was free again is a contact of their own', () => {
    const contacts = book([
      known('anna', [
        ['USERNAME', 'sunny', 'c1'],
        ['BSUID', 'DE.1', 'c1'],
      ]),
    ]);
    contacts.record(seen('bert', { bsuid: 'DE.2', username: 'sunny' }, TEN, 'c1'));
    contacts.record(seen('cleo', { bsuid: 'DE.3', username: 'sunny' }, ELEVEN, 'c2'));
    expect(told(contacts)).toEqual([
      'new contact bert named null at 10:00',
      'new contact cleo named null at 11:00',
      'anna was USERNAME sunny until 10:00',
      'bert is BSUID DE.2 on c1 from 10:00',
      'bert is USERNAME sunny on c1 from 10:00',
      'cleo is BSUID DE.3 on c2 from 11:00',
      'cleo is USERNAME sunny on c2 from 11:00',
    ]);
  });
});
