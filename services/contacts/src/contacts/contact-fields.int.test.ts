import { readLog, sql } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { subscribe } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';

const contacts = new ContactsUnderTest();
let ours: string;
let token: string;
let channelId: string;
let number = 0;

beforeAll(() => contacts.start());
afterAll(() => contacts.stop());
beforeEach(() => {
  ours = newId();
  channelId = newId();
  token = tokenOf(ours);
});

const tokenOf = (workspaceId: string) =>
  contacts.token(workspaceId, 'contact:read', 'contact:read_phone', 'contact:update', 'contact:manage', 'message:read');
const newPhone = () => `+4915112${String((number += 1)).padStart(6, '0')}`;

type Answer = Record<string, unknown> & { id: string };
async function ask<T = Answer>(query: string, variables: Record<string, unknown> = {}, as = token): Promise<T> {
  const { data, errors } = await contacts.query(query, as, variables);
  return ((errors?.[0]?.extensions as T | undefined) ?? data!['result']) as T;
}
const CODE = '__typename ... on UserError { code }';
const REFUSAL = `${CODE} ... on InvalidInput { field } ... on NotFound { field }`;
const FIELDS = `id name profileName email phone country language
  address { street postalCode city region country } attributes { attribute { key } value } labels { name }`;
const create = (input: Record<string, unknown>, as = token) =>
  ask(
    `mutation ($input: CreateContactInput!) { result: createContact(input: $input) {
      ${REFUSAL} ... on ContactExists { contactId } ... on Contact { ${FIELDS} } } }`,
    { input: { idempotencyKey: newId(), ...input } },
    as,
  );
const update = (input: Record<string, unknown>, as = token) =>
  ask(
    `mutation ($input: UpdateContactInput!) { result: updateContact(input: $input) {
      ${REFUSAL} ... on Contact { ${FIELDS} } } }`,
    { input },
    as,
  );
const show = (id: string, as = token) => ask(`query ($id: ID!) { result: contact(id: $id) { ${FIELDS} } }`, { id }, as);
const define = (input: Record<string, unknown>, as = token) =>
  ask(
    `mutation ($input: CreateContactAttributeInput!) { result: createContactAttribute(input: $input) {
      ${CODE} ... on InvalidInput { field } ... on ContactAttribute { key type options purpose retentionClass archivedAt } } }`,
    {
      input: { key: 'tier', name: 'Stufe', type: 'TEXT', purpose: 'Rabatte', retentionClass: 'MASTER_DATA', ...input },
    },
    as,
  );
const see = async (contactId: string, profileName: string, identity = {}) => {
  const about = {
    workspaceId: ours,
    contactId,
    channelId,
    identity: { bsuid: `DE.${contactId}`, ...identity, profileName },
  };
  await contacts.publish(contacts.event('identity_changed', about));
  await contacts.settle();
};
const log = async (name: string) =>
  (await readLog(contacts.database.forTenant(ours), 0, 500)).filter((event) => event.name === name);
const search = async (text: string, as = token) =>
  (
    await ask<{ nodes: { name: string }[] }>(
      'query ($text: String) { result: contacts(search: $text) { nodes { name } } }',
      { text },
      as,
    )
  ).nodes.map(({ name }) => name);

describe('a contact that a colleague enters', () => {
  it('has a number in E.164 and its country, however it was typed, and is made once per key', async () => {
    const input = {
      name: ' Anna  Berg ',
      phone: { number: '0151 / 99 88 77 66', country: 'DE', channelId },
      email: 'Anna@Example.org',
      language: 'de-at',
      address: { city: 'Wien', country: 'at' },
      idempotencyKey: 'k',
    };
    const [one, again] = await Promise.all([create(input), create(input)]);
    expect(one).toMatchObject({
      name: 'Anna Berg',
      profileName: null,
      phone: '+4915199887766',
      country: 'DE',
      email: 'Anna@example.org',
      language: 'de-AT',
      address: { street: null, city: 'Wien', country: 'AT' },
    });
    expect(again).toEqual(one);
    expect((await log('contacts.contact.created')).map(({ data }) => data)).toEqual([{ contactId: one.id }]);
    expect((await log('contacts.contact.changed')).map(({ data }) => data)).toEqual([
      { contactId: one.id, name: 'Anna Berg' },
    ]);
    expect(await create({ ...input, name: 'Bert' })).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('who was forgotten has still stopped what they had stopped', async () => {
    const phone = newPhone();
    const stops = JSON.stringify([{ purpose: 'marketing', state: 'WITHDRAWN' }]);
    await sql`
      insert into suppression (workspace_id, mark, channel_id, identity_kind, identity_id, stops, erasure_id, created_at)
      values (${ours}, ${contacts.markOf(ours, phone)}, ${channelId}, 'PHONE', ${newId()}, ${stops}, ${newId()}, now())
    `.execute(contacts.database.system().getKysely());
    const { id } = await create({ name: 'Anna', phone: { number: phone, channelId } });
    const { rows } = await sql<object>`
      select purpose, state from consent_state where workspace_id = ${ours} and contact_id = ${id}
    `.execute(contacts.database.system().getKysely());
    expect(rows).toEqual([{ purpose: 'marketing', state: 'WITHDRAWN' }]);
  });

  it('is refused if somebody has the number, who is named; also at the same moment', async () => {
    const phone = { number: newPhone(), channelId };
    const answers = await Promise.all([create({ name: 'A', phone }), create({ name: 'B', phone })]);
    const made = answers.find(({ __typename }) => __typename === 'Contact')!;
    expect(answers.find((answer) => answer !== made)).toEqual({
      __typename: 'ContactExists',
      code: 'CONTACT_EXISTS',
      contactId: made.id,
    });
    const elsewhere = await create({ name: 'C', phone }, tokenOf(newId()));
    expect(elsewhere).toMatchObject({ __typename: 'Contact', name: 'C' });
  });

  it('is the person who writes from that number later', async () => {
    const phone = newPhone();
    const { id } = await create({ name: 'Anna Berg', phone: { number: phone, channelId } });
    const seenAs = newId();
    await see(seenAs, 'anna 🌸', { phone });
    expect(await show(seenAs)).toMatchObject({ id, name: 'Anna Berg', profileName: 'anna 🌸' });
  });

  it.each([
    [{}, 'name'],
    [{ name: 'x'.repeat(201) }, 'name'],
    [{ email: 'anna' }, 'email'],
    [{ name: 'A', language: 'Deutsch!' }, 'language'],
    [{ name: 'A', address: { country: 'XX' } }, 'address.country'],
    [{ phone: { number: '0151 12345678', channelId: newId() } }, 'phone.number'],
    [{ phone: { number: '+4915112345678', channelId: 'x' } }, 'phone.channelId'],
    [{ name: 'A', attributes: [{ key: 'nothing', value: '1' }] }, 'attributes.0.key'],
    [{ name: 'A', labelIds: [newId()] }, 'labelIds'],
    [{ name: 'A', idempotencyKey: '' }, 'idempotencyKey'],
  ])('given %j, then it is refused, naming the field', async (input, field) => {
    expect(await create(input)).toMatchObject({ field });
    expect(await search('A')).toEqual([]);
  });
});

describe('the name of a contact', () => {
  it('that a colleague wrote stays whatever the channel tells, and without it the profile name is back', async () => {
    const id = newId();
    await see(id, 'Anna');
    expect(await show(id)).toMatchObject({ name: 'Anna', profileName: 'Anna' });
    expect(await update({ id, name: 'Frau Dr. Berg' })).toMatchObject({ name: 'Frau Dr. Berg', profileName: 'Anna' });
    await see(id, 'anna 🌸');
    expect(await show(id)).toMatchObject({ name: 'Frau Dr. Berg', profileName: 'anna 🌸' });
    expect(await update({ id, name: null })).toMatchObject({ name: 'anna 🌸', profileName: 'anna 🌸' });
    const told = (await log('contacts.contact.changed')).map(({ data }) => (data as { name: string }).name);
    expect(told).toEqual(['Anna', 'Frau Dr. Berg', 'anna 🌸']);
  });
});

describe('what is known of a contact', () => {
  it('is changed field by field, told and audited without its values, and not if nothing is another', async () => {
    const { id } = await create({ name: 'Anna', email: 'a@example.org', address: { city: 'Wien' } });
    const updates = async () =>
      (await log('contacts.contact.updated')).map(({ data }) => (data as { fields: string[] }).fields);
    expect(await update({ id, email: 'b@example.org', language: 'de' })).toMatchObject({
      name: 'Anna',
      email: 'b@example.org',
      language: 'de',
      address: { city: 'Wien' },
    });
    await update({ id, email: 'b@example.org' });
    expect(await update({ id, address: null, email: '' })).toMatchObject({ email: null, address: null });
    expect(await updates()).toEqual([
      ['email', 'language'],
      ['email', 'address'],
    ]);
    const audit = JSON.stringify((await log('contacts.audit_entry.recorded')).map(({ data }) => data));
    expect(audit).toContain('contact.update');
    expect(audit).toContain('"email"');
    expect(audit).not.toContain('example.org');
  });

  it('is changed by those who may, in their own workspace', async () => {
    const { id } = await create({ name: 'Anna' });
    const reader = contacts.token(ours, 'contact:read');
    for (const refused of [update({ id, name: 'x' }, reader), create({ name: 'x' }, reader), define({}, reader)]) {
      expect(await refused).toMatchObject({ code: 'FORBIDDEN' });
    }
    const agent = contacts.token(ours, 'contact:read', 'contact:update');
    expect(await define({}, agent)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await update({ id, name: 'x' }, tokenOf(newId()))).toMatchObject({ __typename: 'NotFound' });
    expect(await show(id)).toMatchObject({ name: 'Anna' });
  });

  it('is shown without what reaches the person to those who may not see it', async () => {
    const phone = newPhone();
    const { id } = await create({
      name: 'Anna',
      email: 'anna@example.org',
      address: { city: 'Wien' },
      phone: { number: phone, channelId },
    });
    const identities =
      'query ($id: ID!) { result: contact(id: $id) { identities { kind value validTo channel { id } } } }';
    const reader = contacts.token(ours, 'contact:read');
    expect(await show(id, reader)).toMatchObject({ name: 'Anna', email: null, phone: null, address: null });
    const shown = { kind: 'PHONE', validTo: null, channel: { id: channelId } };
    expect(await ask(identities, { id }, reader)).toEqual({ identities: [{ ...shown, value: null }] });
    expect(await ask(identities, { id })).toEqual({ identities: [{ ...shown, value: phone }] });
  });

  it('shows former names with their time, the current ones first', async () => {
    const id = newId();
    const [old, now] = [newPhone(), newPhone()];
    const at = (hour: number) => new Date(Date.UTC(2026, 10, 21, hour));
    const known = { workspaceId: ours, contactId: id, channelId };
    await contacts.publish(
      contacts.event('opened', { ...known, identity: { phone: old } }, at(9)),
      contacts.event('identity_changed', { ...known, identity: { phone: now } }, at(10)),
    );
    await contacts.settle();
    expect(
      await ask('query ($id: ID!) { result: contact(id: $id) { identities { value validFrom validTo } } }', { id }),
    ).toEqual({
      identities: [
        { value: now, validFrom: at(10).toISOString(), validTo: null },
        { value: old, validFrom: at(9).toISOString(), validTo: at(10).toISOString() },
      ],
    });
  });
});

describe('attributes', () => {
  it('are defined with purpose and retention class, set by type, and taken away', async () => {
    expect(await define({ key: 'size', type: 'NUMBER', retentionClass: 'PREFERENCE' })).toEqual({
      __typename: 'ContactAttribute',
      key: 'size',
      type: 'NUMBER',
      options: [],
      purpose: 'Rabatte',
      retentionClass: 'PREFERENCE',
      archivedAt: null,
    });
    expect(await define({ key: 'size' })).toMatchObject({ __typename: 'ContactAttributeTaken' });
    expect(await define({ key: 'Größe' })).toMatchObject({ field: 'key' });
    expect(await define({ key: 'x', purpose: ' ' })).toMatchObject({ field: 'purpose' });
    await define({ key: 'tier', type: 'CHOICE', options: ['Gold', 'Silber'] });
    const { id } = await create({ name: 'Anna', attributes: [{ key: 'tier', value: 'gold' }] });
    expect(await update({ id, attributes: [{ key: 'size', value: ' 042.0 ' }] })).toMatchObject({
      attributes: [
        { attribute: { key: 'size' }, value: '42' },
        { attribute: { key: 'tier' }, value: 'Gold' },
      ],
    });
    const wrong = [
      { key: 'tier', value: 'Silber' },
      { key: 'size', value: 'groß' },
    ];
    expect(await update({ id, attributes: wrong })).toMatchObject({ field: 'attributes.1.value' });
    const twice = [
      { key: 'size', value: '1' },
      { key: 'size', value: null },
    ];
    expect(await update({ id, attributes: twice })).toMatchObject({ field: 'attributes.1.key' });
    expect(await update({ id, attributes: [{ key: 'size', value: null }] })).toMatchObject({
      attributes: [{ attribute: { key: 'tier' }, value: 'Gold' }],
    });
  });

  it('keep their options, and are neither shown nor set when they are archived', async () => {
    const change = (input: Record<string, unknown>) =>
      ask(
        `mutation ($input: UpdateContactAttributeInput!) { result: updateContactAttribute(input: $input) {
          ${REFUSAL} ... on ContactAttribute { options archivedAt } } }`,
        { input: { key: 'tier', ...input } },
      );
    expect(await change({})).toMatchObject({ code: 'NOT_FOUND' });
    await define({ type: 'CHOICE', options: ['Gold'] });
    const { id } = await create({ name: 'Anna', attributes: [{ key: 'tier', value: 'Gold' }] });
    expect(await change({ options: ['Silber'] })).toMatchObject({ field: 'options' });
    expect(await change({ options: ['Gold', 'Silber'] })).toMatchObject({ options: ['Gold', 'Silber'] });
    expect(await change({ isArchived: true })).toMatchObject({ archivedAt: expect.any(String) });
    expect(await show(id)).toMatchObject({ attributes: [] });
    expect(await update({ id, attributes: [{ key: 'tier', value: 'Gold' }] })).toMatchObject({
      field: 'attributes.0.key',
    });
    await change({ isArchived: false });
    expect(await show(id)).toMatchObject({ attributes: [{ value: 'Gold' }] });
  });
});

describe('labels of contacts', () => {
  const make = (name: string) =>
    ask(
      `mutation ($input: CreateContactLabelInput!) { result: createContactLabel(input: $input) { ${REFUSAL} ... on ContactLabel { id name } } }`,
      { input: { name, colour: '#00ff00', idempotencyKey: newId() } },
    );
  const label = (input: Record<string, unknown>) =>
    ask(
      `mutation ($input: LabelContactInput!) { result: labelContact(input: $input) { ${REFUSAL} ... on Contact { labels { name } } } }`,
      { input },
    );

  it('are set and taken off, and gone from contacts when they are deleted', async () => {
    const [vip, press] = [await make('VIP'), await make('Presse')];
    expect(await make('vip')).toMatchObject({ code: 'CONTACT_LABEL_NAME_TAKEN' });
    const { id: contactId } = await create({ name: 'Anna', labelIds: [vip.id] });
    expect(await label({ contactId, set: [press.id] })).toMatchObject({
      labels: [{ name: 'Presse' }, { name: 'VIP' }],
    });
    expect(await label({ contactId, unset: [vip.id] })).toMatchObject({ labels: [{ name: 'Presse' }] });
    await label({ contactId, unset: [vip.id] });
    expect(await log('contacts.contact.updated')).toHaveLength(2);
    expect(await label({ contactId, set: [newId()] })).toMatchObject({ code: 'NOT_FOUND', field: 'set' });
    expect(await label({ contactId })).toMatchObject({ field: 'set' });
    await ask('mutation ($id: ID!) { result: deleteContactLabel(id: $id) { ... on ContactLabelDeleted { id } } }', {
      id: press.id,
    });
    expect(await show(contactId)).toMatchObject({ labels: [] });
  });

  it('are renamed, and at most twenty on a contact', async () => {
    const { id } = await make('VIP');
    const rename = (input: Record<string, unknown>) =>
      ask(
        `mutation ($input: UpdateContactLabelInput!) { result: updateContactLabel(input: $input) { ${REFUSAL} ... on ContactLabel { name colour } } }`,
        { input },
      );
    expect(await rename({ id, name: 'Stammkunde' })).toMatchObject({ name: 'Stammkunde', colour: '#00ff00' });
    expect(await rename({ id, colour: 'red' })).toMatchObject({ field: 'colour' });
    const { id: contactId } = await create({ name: 'Anna', labelIds: [id] });
    const more = await Promise.all(Array.from({ length: 20 }, (_, index) => make(`L${index}`)));
    expect(await label({ contactId, set: more.map((each) => each.id) })).toMatchObject({ field: 'set' });
    expect(await show(contactId)).toMatchObject({ labels: [{ name: 'Stammkunde' }] });
  });
});

describe('notes of a contact', () => {
  const NOTE = 'id text author { id } editedAt';
  const add = (input: Record<string, unknown>, as = token) =>
    ask(
      `mutation ($input: AddContactNoteInput!) { result: addContactNote(input: $input) { ${REFUSAL} ... on ContactNote { ${NOTE} } } }`,
      { input: { idempotencyKey: newId(), ...input } },
      as,
    );
  const edit = (input: Record<string, unknown>, as = token) =>
    ask(
      `mutation ($input: EditContactNoteInput!) { result: editContactNote(input: $input) { ${REFUSAL} ... on ContactNote { ${NOTE} } } }`,
      { input },
      as,
    );
  const remove = (id: string, as = token) =>
    ask(
      `mutation ($id: ID!) { result: deleteContactNote(id: $id) { ${CODE} ... on ContactNoteDeleted { id } } }`,
      { id },
      as,
    );
  const notesOf = (id: string, as = token) =>
    ask<{ notes: { nodes: { text: string }[]; nextPage: string | null } | null }>(
      'query ($id: ID!, $first: Int!, $after: String) { result: contact(id: $id) { notes(first: $first, after: $after) { nodes { text } nextPage } } }',
      { id, first: 2 },
      as,
    );

  it('are added once, edited by their author, deleted by who may, and read by those who read messages', async () => {
    const { id: contactId } = await create({ name: 'Anna' });
    const input = { contactId, text: ' Ruft gern morgens an. ', idempotencyKey: 'k' };
    const [note, again] = [await add(input), await add(input)];
    expect(note).toMatchObject({ text: 'Ruft gern morgens an.', editedAt: null });
    expect(again).toEqual(note);
    for (const text of ['zwei', 'drei']) await add({ contactId, text });
    expect(await notesOf(contactId)).toEqual({
      notes: { nodes: [{ text: 'drei' }, { text: 'zwei' }], nextPage: expect.any(String) },
    });
    expect(await notesOf(contactId, contacts.token(ours, 'contact:read'))).toEqual({ notes: null });
    const colleague = contacts.token(ours, 'contact:read', 'contact:update', 'message:read');
    expect(await edit({ id: note.id, text: 'anders' }, colleague)).toMatchObject({ code: 'NOT_THE_AUTHOR' });
    expect(await remove(note.id, colleague)).toMatchObject({ code: 'NOT_THE_AUTHOR' });
    expect(await edit({ id: note.id, text: 'Lieber abends.' })).toMatchObject({
      text: 'Lieber abends.',
      editedAt: expect.any(String),
    });
    expect(await remove(note.id, tokenOf(ours))).toMatchObject({ __typename: 'ContactNoteDeleted' });
    expect(await remove(note.id)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await add({ contactId, text: '' })).toMatchObject({ field: 'text' });
  });

  it('are not written by those who may not read them', async () => {
    const { id: contactId } = await create({ name: 'Anna' });
    const blind = contacts.token(ours, 'contact:read', 'contact:update');
    expect(await add({ contactId, text: 'x' }, blind)).toMatchObject({ code: 'NOT_FOUND' });
    const { id } = await add({ contactId, text: 'x' });
    expect(await remove(id, contacts.token(ours, 'contact:read', 'contact:update', 'contact:manage'))).toMatchObject({
      code: 'NOT_FOUND',
    });
    expect((await notesOf(contactId)).notes!.nodes).toHaveLength(1);
  });
});

describe('searching contacts', () => {
  it('finds names by the beginning of words, whatever the accents, in one workspace', async () => {
    for (const name of ['Anna Müller', 'Jörg Annen', 'Bert Muller', 'Müllerin & Söhne']) await create({ name });
    await create({ name: 'Anna Müller' }, tokenOf(newId()));
    expect(await search('mull')).toEqual(['Müllerin & Söhne', 'Bert Muller', 'Anna Müller']);
    expect(await search('ann MÜLLER')).toEqual(['Anna Müller']);
    expect(await search('ann')).toEqual(['Jörg Annen', 'Anna Müller']);
    expect(await search('nna')).toEqual([]);
    expect(await search(`x' | 'a`)).toEqual([]);
    expect(await ask('{ result: contacts(search: "…") { nodes { id } } }')).toMatchObject({ field: 'search' });
  });

  it('finds by profile name, username, e-mail address and the end of a number', async () => {
    await see(newId(), 'Rosa', { username: 'rosa_rot', phone: '+4915700001234' });
    await create({ name: 'Berta', email: 'Berta.B@example.org' });
    expect(await search('rosa')).toEqual(['Rosa']);
    expect(await search('@rosa_r')).toEqual(['Rosa']);
    expect(await search('rosaXr')).toEqual([]);
    expect(await search('berta.b@exa')).toEqual(['Berta']);
    for (const typed of ['0157 0000 1234', '+49 157 00001234', '1234']) expect(await search(typed)).toEqual(['Rosa']);
    expect(await search('0234')).toEqual([]);
    const blind = contacts.token(ours, 'contact:read');
    for (const hidden of ['1234', 'berta.b@example.org']) expect(await search(hidden, blind)).toEqual([]);
    expect(await search('rosa_rot', blind)).toEqual(['Rosa']);
  });

  it('goes on page after page, the newest first', async () => {
    for (let index = 0; index < 5; index += 1) await create({ name: `Seite ${index}` });
    const names: string[] = [];
    let after: string | null = null;
    do {
      const page: { nodes: { name: string }[]; nextPage: string | null } = await ask(
        'query ($after: String) { result: contacts(first: 2, search: "seite", after: $after) { nodes { name } nextPage } }',
        { after },
      );
      names.push(...page.nodes.map(({ name }) => name));
      after = page.nextPage;
    } while (after);
    expect(names).toEqual([4, 3, 2, 1, 0].map((index) => `Seite ${index}`));
  });
});

describe('a subscriber to contacts', () => {
  it('hears of changes live, of those that were missed, and of none elsewhere', async () => {
    type Event = { contactEvents: Record<string, unknown> & { cursor: string } };
    const query = `subscription ($after: Cursor) { contactEvents(after: $after) {
      __typename cursor byMember { id } ... on ContactUpdated { fields contact { name } }
      ... on ContactNamed { contact { name } } ... on ContactCreated { contact { name } } } }`;
    const url = `${contacts.service.url}/graphql`;
    const follow = (variables = {}) => subscribe<Event>(url, query, token, variables);
    const toldBy = ({ received }: { received: Event[] }) =>
      received.map(({ contactEvents: { __typename, fields } }) =>
        [__typename, ...((fields as string[]) ?? [])].join(' '),
      );
    const live = follow();
    await eventually(() => expect([live.errors, toldBy(live)]).toEqual([[], ['ContactsLiveStarted']]));
    const { id } = await create({ name: 'Anna' });
    await update({ id, name: 'Anna B.', language: 'de' });
    await create({ name: 'Bert' });
    const expected = ['ContactNamed', 'ContactCreated', 'ContactNamed', 'ContactUpdated name language'];
    await eventually(() => expect(toldBy(live).slice(1, 5)).toEqual(expected));
    const { cursor, byMember } = live.received[2]!.contactEvents;
    expect(byMember).toEqual({ id: expect.any(String) });
    const later = follow({ after: cursor });
    const missed = [...expected.slice(2), 'ContactNamed', 'ContactCreated', 'ContactsLiveStarted'];
    await eventually(() => expect(toldBy(later)).toEqual(missed));
    expect(later.received[0]!.contactEvents['contact']).toEqual({ name: 'Anna B.' });
    const elsewhere = subscribe<Event>(url, query, tokenOf(newId()), {});
    await update({ id, language: 'fr' });
    await eventually(() => expect(toldBy(live).at(-1)).toBe('ContactUpdated language'));
    expect(toldBy(elsewhere).filter((each) => each !== 'ContactsLiveStarted')).toEqual([]);
    await Promise.all([live.stop(), later.stop(), elsewhere.stop()]);
  });
});
