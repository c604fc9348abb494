import {
  channelChanged,
  clickToChatLinkChanged,
  clickToChatLinkUsed,
  type ChannelChanged,
  type ClickToChatLinkChanged,
  type ClickToChatLinkUsed,
} from '@fenster/contracts';
import { readLog, renewAll, sql } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { scanQrCode } from '../../../../test/support/scan-qr-code.js';
import { ContactsUnderTest, type ThreadEvent } from '../testing/contacts-under-test.js';
import { linkRenewal } from './announce-links.js';

const contacts = new ContactsUnderTest();
let ours: string;
let manager: string;
let agent: string;
let channelId: string;
beforeAll(() => contacts.start());
afterAll(() => contacts.stop());
beforeEach(async () => {
  ours = newId();
  manager = contacts.token(ours, 'contact:read', 'contact:manage', 'conversation:read_all', 'consent:manage');
  agent = contacts.token(ours, 'contact:read');
  channelId = await connect({ chatUrl: 'https://wa.me/4930901820?text=' });
});

/** As channels tells it. */
async function connect(told: Partial<ChannelChanged>): Promise<string> {
  const id = newId();
  const data: ChannelChanged = { channelId: id, name: 'WhatsApp', state: 'ACTIVE', ...told };
  await contacts.publish(eventOf(channelChanged, data));
  await eventually(async () => {
    const { rows } = await execute(sql`select from sending_channel where id = ${id}`);
    expect(rows).toHaveLength(1);
  });
  return id;
}

function eventOf(
  { name, version, dataClass }: { name: string; version: number; dataClass: string },
  data: object,
): ThreadEvent {
  const opened = contacts.event('opened', { workspaceId: ours, contactId: newId(), channelId, identity: {} });
  return { ...opened, name, version, dataClass, data: data as never };
}

const execute = <T>(statement: ReturnType<typeof sql<T>>) => statement.execute(contacts.database.system().getKysely());
type Answer = Record<string, unknown> & { id: string };
async function ask<T = Answer>(query: string, variables: Record<string, unknown> = {}, as = manager): Promise<T> {
  const { data, errors } = await contacts.query(query, as, variables);
  return ((errors?.[0]?.extensions as T | undefined) ?? data!['result']) as T;
}
const REFUSAL = '__typename ... on UserError { code } ... on InvalidInput { field }';
const LINK = `id name campaign channel { id } locale text code url png: qrCodeUrl svg: qrCodeUrl(format: SVG) archivedAt
  consentText { body } messageCount conversationCount contactCount`;
const WORDS = { name: 'Schaufenster', campaign: 'Sommer', locale: 'de', text: 'Ich möchte Angebote.' };
const create = (input: Record<string, unknown> = {}, as = manager) =>
  ask(
    `mutation ($input: CreateClickToChatLinkInput!) { result: createClickToChatLink(input: $input) {
      ${REFUSAL} ... on ClickToChatLink { ${LINK} } } }`,
    { input: { channelId, ...WORDS, idempotencyKey: newId(), ...input } },
    as,
  );
const update = (input: Record<string, unknown>, as = manager) =>
  ask(
    `mutation ($input: UpdateClickToChatLinkInput!) { result: updateClickToChatLink(input: $input) {
      ${REFUSAL} ... on ClickToChatLink { ${LINK} } } }`,
    { input },
    as,
  );
const archive = (id: string, as = manager) =>
  ask(
    `mutation ($id: ID!) { result: archiveClickToChatLink(id: $id) { ... on UserError { code } ... on ClickToChatLink { ${LINK} } } }`,
    { id },
    as,
  );
const get = (id: string, as = manager) =>
  ask(`query ($id: ID!) { result: clickToChatLink(id: $id) { ${LINK} } }`, { id }, as);
const list = (variables: Record<string, unknown> = {}) =>
  ask<{ nodes: { id: string }[]; nextPage: string | null }>(
    `query ($first: Int, $after: String, $isArchived: Boolean) {
      result: clickToChatLinks(first: $first, after: $after, isArchived: $isArchived) { nodes { id } nextPage } }`,
    variables,
  );
const publishText = async (purpose: string, locale = 'de') => {
  const text = { purpose, locale, body: `Ich möchte ${purpose}.`, privacyNoticeVersion: '1' };
  const { hash } = await ask<{ hash: string }>(
    'mutation ($input: PublishConsentTextInput!) { result: publishConsentText(input: $input) { ... on ConsentText { hash } } }',
    { input: { ...text, privacyNoticeUrl: 'https://muster.example/datenschutz' } },
  );
  return hash;
};
const told = async () =>
  (await readLog(contacts.database.forTenant(ours), 0, 1_000))
    .filter(({ name }) => name === clickToChatLinkChanged.name)
    .map(({ data }) => data as ClickToChatLinkChanged);

describe('a filter by links', () => {
  const found = (filter: object, as = manager) =>
    ask<{ nodes: { name: string }[]; field?: string }>(
      'query ($filter: ContactFilterInput) { result: contacts(filter: $filter) { nodes { name } } }',
      { filter },
      as,
    );

  it('finds who came by them or by their campaign, also once they are archived, and knows none of other workspaces', async () => {
    const { id } = await create();
    const contactId = newId();
    await execute(sql`
      insert into contact (workspace_id, id, given_name, created_at, updated_at)
      values (${ours}, ${contactId}, 'Ada', now(), now()), (${ours}, ${newId()}, 'Bob', now(), now())
    `);
    await execute(sql`
      insert into click_to_chat_use
        (workspace_id, message_id, link_id, contact_id, conversation_id, began_conversation, used_at)
      values (${ours}, ${newId()}, ${id}, ${contactId}, ${newId()}, true, now())
    `);
    await archive(id);
    for (const filter of [{ clickToChatLinkIds: [id] }, { campaigns: ['Sommer'] }]) {
      expect(await found(filter)).toEqual({ nodes: [{ name: 'Ada' }] });
      expect(await found({ not: filter })).toEqual({ nodes: [{ name: 'Bob' }] });
      const elsewhere = contacts.token(newId(), 'contact:read');
      const [field] = Object.keys(filter);
      expect(await found(filter, elsewhere)).toMatchObject({ code: 'INVALID_INPUT', field: `filter.${field}` });
    }
  });
});

describe('a click-to-chat link', () => {
  it('begins a chat with a message that is ready to be sent, and has a QR code that says the same', async () => {
    const link = await create();
    expect(link).toMatchObject({ ...WORDS, channel: { id: channelId }, consentText: null, archivedAt: null });
    const url = new URL(link['url'] as string);
    expect(url.origin + url.pathname).toBe('https://wa.me/4930901820');
    expect(url.searchParams.get('text')).toBe(`${WORDS.text}\n\n#${link['code'] as string}`);
    const png = await fetch(link['png'] as string);
    expect(png.headers.get('content-type')).toBe('image/png');
    expect(scanQrCode(Buffer.from(await png.arrayBuffer()))).toBe(url.href);
    const svg = await fetch(link['svg'] as string);
    expect(svg.headers.get('content-type')).toBe('image/svg+xml');
    expect(await svg.text()).toContain('<svg');
    expect(await told()).toEqual([{ linkId: link.id, code: link['code'], isActive: true, asksFor: null }]);
  });

  it('stands for a published text, and says so to who asks for the consent', async () => {
    const textHash = await publishText('marketing');
    const link = await create({ textHash });
    expect(link).toMatchObject({ consentText: { body: 'Ich möchte marketing.' } });
    expect((await told()).at(-1)).toMatchObject({ asksFor: { purpose: 'marketing', locale: 'de' } });
    expect(await update({ id: link.id, textHash: '', campaign: '', name: 'Tür' })).toMatchObject({
      name: 'Tür',
      campaign: null,
      consentText: null,
      text: WORDS.text,
      code: link['code'],
    });
    expect((await told()).at(-1)).toMatchObject({ asksFor: null });
  });

  it('is made once for a key', async () => {
    const idempotencyKey = newId();
    expect(await create({ idempotencyKey })).toEqual(await create({ idempotencyKey }));
    expect(await create({ idempotencyKey, name: 'Tür' })).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('of another kind of channel begins with what that kind has, and not where nothing is known', async () => {
    const sms = await connect({ chatUrl: 'sms:+4930901820?body=' });
    expect((await create({ channelId: sms }))['url']).toMatch(/^sms:\+4930901820\?body=Ich%20m%C3%B6chte/);
    const unknown = await connect({});
    expect(await create({ channelId: unknown })).toMatchObject({ code: 'INVALID_INPUT', field: 'channelId' });
  });

  it.each([
    ['name', { name: ' ' }],
    ['campaign', { campaign: 'x'.repeat(101) }],
    ['locale', { locale: 'German!' }],
    ['text', { text: '' }],
    ['text', { text: 'Angebote #K7QX2MNP' }],
    ['text', { text: '👋'.repeat(100) }],
    ['textHash', { textHash: 'ab'.repeat(32) }],
  ])('is refused for its %s', async (field, input) => {
    expect(await create(input)).toMatchObject({ code: 'INVALID_INPUT', field });
    expect((await list()).nodes).toEqual([]);
  });

  it('is refused a text of another language, or one that nobody has to agree to', async () => {
    expect(await create({ textHash: await publishText('marketing', 'fr') })).toMatchObject({ field: 'textHash' });
    expect(await create({ textHash: await publishText('service') })).toMatchObject({ field: 'textHash' });
  });

  it('whose purpose is archived gets another name, and no other words', async () => {
    const mutate = (field: string, type: string, input: object) =>
      ask(`mutation ($input: ${type}!) { result: ${field}(input: $input) { __typename } }`, { input });
    await mutate('createConsentPurpose', 'CreateConsentPurposeInput', {
      key: 'raffle',
      kind: 'MARKETING',
      name: 'Raffle',
    });
    const { id } = await create({ textHash: await publishText('raffle') });
    await mutate('updateConsentPurpose', 'UpdateConsentPurposeInput', { key: 'raffle', isArchived: true });
    expect(await update({ id, name: 'Tür' })).toMatchObject({ name: 'Tür' });
    expect(await update({ id, text: 'Ich will gewinnen.' })).toMatchObject({ field: 'textHash' });
    expect(await update({ id, text: 'Hallo.', textHash: '' })).toMatchObject({ text: 'Hallo.' });
  });

  it('is for those who manage contacts, of their workspace, on channels that they may use', async () => {
    const link = await create();
    const stranger = contacts.token(newId(), 'contact:read', 'contact:manage', 'conversation:read_all');
    for (const attempt of [
      await get(link.id, stranger),
      await update({ id: link.id, name: 'Tür' }, stranger),
      await archive(link.id, stranger),
      await create({}, stranger),
      await create({}, contacts.token(ours, 'contact:read', 'contact:manage')),
    ])
      expect(attempt).toMatchObject({ code: 'NOT_FOUND' });
    expect(await create({}, agent)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await get(link.id, agent)).toMatchObject({ id: link.id, url: link['url'] });
  });

  it('that is archived means nothing any more: it is in another list, and its QR code is gone', async () => {
    const [first, second, third] = [await create(), await create(), await create()];
    expect(await archive(second.id)).toMatchObject({ archivedAt: expect.any(String) as string, png: null });
    await archive(second.id);
    expect((await told()).filter(({ isActive }) => !isActive)).toHaveLength(1);
    expect((await fetch(second['png'] as string)).status).toBe(404);
    expect(await update({ id: second.id, name: 'Tür' })).toMatchObject({ code: 'INVALID_INPUT', field: 'id' });
    const page = await list({ first: 1 });
    expect(page.nodes).toEqual([{ id: third.id }]);
    expect((await list({ first: 5, after: page.nextPage })).nodes).toEqual([{ id: first.id }]);
    expect((await list({ isArchived: true })).nodes).toEqual([{ id: second.id }]);
  });

  it('is told again every few days', async () => {
    const link = await create();
    await execute(
      sql`update click_to_chat_link set announced_at = announced_at - interval '4 days' where id = ${link.id}`,
    );
    await renewAll(contacts.asSystem(), linkRenewal);
    const events = await told();
    expect(events).toHaveLength(2);
    expect(events[1]).toEqual(events[0]);
  });
});

describe('whoever uses a link', () => {
  const opened = (contactId: string, phone: string) =>
    contacts.event('opened', { workspaceId: ours, contactId, channelId, identity: { phone } });
  const used = (
    linkId: string,
    contactId: string,
    more: Partial<ClickToChatLinkUsed> = {},
    occurredAt = new Date(),
  ): ThreadEvent => ({
    ...eventOf(clickToChatLinkUsed, {
      linkId,
      contactId,
      threadId: newId(),
      conversationId: newId(),
      messageId: newId(),
      beganConversation: true,
      ...more,
    }),
    occurredAt: occurredAt.toISOString(),
  });
  const counts = async (id: string) => {
    const { messageCount, conversationCount, contactCount } = await get(id);
    return [messageCount, conversationCount, contactCount];
  };
  const attribution = (id: string) =>
    ask<{ attribution: { name: string; campaign: string } | null }>(
      'query ($id: ID!) { result: contact(id: $id) { attribution { name campaign } } }',
      { id },
      agent,
    );

  it('came by the first one, and each counts once', async () => {
    const [poster, flyer] = [await create(), await create({ name: 'Flyer', campaign: null })];
    const [ada, bob, cem] = [newId(), newId(), newId()];
    const first = used(poster.id, ada);
    const again = used(flyer.id, ada, { beganConversation: false }, new Date(Date.now() + 1_000));
    await contacts.publish(
      opened(ada, '+4915112345001'),
      opened(bob, '+4915112345002'),
      opened(cem, '+4915112345003'),
      first,
      used(poster.id, bob),
      used(poster.id, bob, { beganConversation: false }),
      again,
    );
    await contacts.publish(again, used(poster.id, ada), used(newId(), cem), used(poster.id, newId()));
    await contacts.settle();
    // [messages, conversations, contacts]
    expect(await counts(poster.id)).toEqual([4, 3, 2]);
    expect(await counts(flyer.id)).toEqual([1, 0, 1]);
    expect(await attribution(ada)).toEqual({ attribution: { name: 'Schaufenster', campaign: 'Sommer' } });
    expect(await attribution(cem)).toEqual({ attribution: null });
  });
});
