import {
  channelMessageReceived,
  clickToChatLinkChanged,
  clickToChatLinkUsed,
  consentTextChanged,
  threadConsentStated,
  writeClickToChatText,
  type ChannelMessageReceived,
  type ClickToChatLinkChanged,
  type ClickToChatLinkUsed,
  type Envelope,
  type ThreadConsentStated,
} from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Conversation } from '../conversations/conversation.entity.js';
import { Message } from '../messages/message.entity.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';

const CODE = 'K7QX2MNP';
const SCANNED = writeClickToChatText('Ich möchte Angebote per WhatsApp.', CODE);
const TEXT = {
  purpose: 'marketing',
  purposeKind: 'MARKETING',
  locale: 'de',
  version: 1,
  hash: 'ab'.repeat(32),
  body: 'Ich möchte Angebote der Muster GmbH per WhatsApp. Widerruf jederzeit mit STOP.',
  privacyNoticeUrl: 'https://muster.example/datenschutz',
  privacyNoticeVersion: '2026-11',
  isAsked: true,
} as const;
let conversation: TestConversation;
let workspaceId: string;
let linkId: string;
let now: Date;
beforeAll(async () => {
  conversation = await createTestConversation(() => now);
});
afterAll(() => conversation.close());
beforeEach(() => {
  workspaceId = newId();
  linkId = newId();
  now = new Date('2026-11-23T09:00:00Z');
});

const tenant = () => conversation.database.forTenant(workspaceId);
const tellLink = (link: Partial<ClickToChatLinkChanged> = {}) =>
  conversation.receive(workspaceId, clickToChatLinkChanged, {
    linkId,
    code: CODE,
    isActive: true,
    asksFor: null,
    ...link,
  });
const tellText = (text: { version?: number; body?: string; hash?: string } = {}) =>
  conversation.receive(workspaceId, consentTextChanged, { ...TEXT, ...text });
async function write(text: string, more: Partial<ChannelMessageReceived> = {}): Promise<void> {
  now = new Date(now.getTime() + 1_000);
  const message = customerMessage(conversation.channelId, { text, sentAt: now.toISOString(), ...more });
  await conversation.receive(workspaceId, channelMessageReceived, message);
  await conversation.letTimersRun();
}
const told = async <Data>(name: string) =>
  (await conversation.logOf(workspaceId)).filter((event) => event.name === name) as Envelope<Data>[];
const uses = () => told<ClickToChatLinkUsed>(clickToChatLinkUsed.name);
const said = async () => (await told<ThreadConsentStated>(threadConsentStated.name)).map(({ data }) => data);
const sent = async () => (await tenant().find(Message, { direction: 'OUTBOUND' })).map(({ text }) => text);
const conversations = () => tenant().find(Conversation, {}, { orderBy: { openedAt: 'asc' } });

describe('the code of a link', () => {
  it('tells the conversation that it begins where the customer came from, and contacts who it was', async () => {
    await tellLink();
    await write(SCANNED, { referral: { sourceType: 'ad', sourceId: '1' } as ChannelMessageReceived['referral'] });
    const [begun] = await conversations();
    expect(begun).toMatchObject({ clickToChatLinkId: linkId });
    const message = await tenant().findOneOrFail(Message, { text: SCANNED });
    // An ad is another thing, and stays.
    expect(message.referral).toMatchObject({ sourceId: '1' });
    const { contactId, threadId, id: conversationId } = begun!;
    expect(await uses()).toMatchObject([
      {
        entityId: linkId,
        actor: { kind: 'contact', id: contactId },
        occurredAt: now.toISOString(),
        data: { linkId, threadId, conversationId, contactId, messageId: message.id, beganConversation: true },
      },
    ]);
    // It stands for no consent, so nobody is asked for one.
    expect(await said()).toEqual([]);
    expect(await sent()).toEqual([]);
  });

  it('in a conversation that is going on is a use of the link, and begins nothing', async () => {
    await tellLink();
    await write('Hallo');
    await write(SCANNED);
    expect(await conversations()).toMatchObject([{ clickToChatLinkId: null }]);
    expect((await uses()).map(({ data }) => data.beganConversation)).toEqual([false]);
  });

  it.each([
    ['of another workspace', undefined],
    ['of a link that is archived', { isActive: false }],
  ])('%s means nothing', async (_, link) => {
    const ours = workspaceId;
    workspaceId = newId();
    await tellLink({ asksFor: { purpose: 'marketing', locale: 'de' } });
    workspaceId = ours;
    linkId = newId();
    if (link) await tellLink(link);
    await tellText();
    await write(SCANNED);
    expect(await conversations()).toMatchObject([{ clickToChatLinkId: null }]);
    expect(await uses()).toEqual([]);
    expect(await said()).toEqual([]);
  });

  it('written by the business in its phone app means nothing', async () => {
    await tellLink({ asksFor: { purpose: 'marketing', locale: 'de' } });
    await tellText();
    await write(SCANNED, { isEcho: true, opensWindow: false });
    expect(await uses()).toEqual([]);
    expect(await said()).toEqual([]);
  });
});

describe('a link that stands for a consent', () => {
  beforeEach(async () => {
    await tellLink({ asksFor: { purpose: 'marketing', locale: 'de' } });
    await tellText();
  });

  it('is a wish to be asked and no yes: the question has the published words, and the answer counts', async () => {
    await write(SCANNED);
    const scanned = await tenant().findOneOrFail(Message, { text: SCANNED });
    expect(await said()).toMatchObject([
      {
        kind: 'REQUESTED',
        source: 'QR',
        purposes: ['marketing'],
        locale: 'de',
        textHash: TEXT.hash,
        messageId: scanned.id,
        providerMessageId: scanned.providerMessageId,
        clickToChatLinkId: linkId,
        requestMessageId: expect.any(String) as string,
      },
    ]);
    expect((await sent()).join()).toContain(TEXT.body);
    await write('JA');
    expect((await said()).map(({ kind }) => kind)).toEqual(['REQUESTED', 'CONFIRMED']);
  });

  it('asks with the newest words of its purpose, once however often it is used', async () => {
    await tellText({ version: 2, body: 'Ja, Angebote der Muster AG.', hash: 'cd'.repeat(32) });
    await write(SCANNED);
    await write(SCANNED);
    expect((await said()).map(({ textHash }) => textHash)).toEqual(['cd'.repeat(32)]);
    expect(await uses()).toHaveLength(2);
  });

  it('is asked with the hash of the webhook that brought the wish, of several in one batch that of the last', async () => {
    const messages = ['wamid.first', 'wamid.last'].map((providerMessageId) =>
      customerMessage(conversation.channelId, { text: SCANNED, sentAt: now.toISOString(), providerMessageId }),
    );
    const hashes = new Map<unknown, string>(messages.map((message, index) => [message, `${index}f`.repeat(32)]));
    conversation.correlationOf = (message) => hashes.get(message)!;
    await conversation.receive(workspaceId, channelMessageReceived, ...messages);
    conversation.correlationOf = () => 'test';
    await conversation.letTimersRun();
    expect(await said()).toMatchObject([
      { kind: 'REQUESTED', source: 'QR', providerMessageId: 'wamid.last', webhookHash: '1f'.repeat(32) },
    ]);
  });

  it('has no hash of a webhook that brought another message than the one that is asked about', async () => {
    const other = { linkId: newId(), code: 'AAAABBBB' };
    await tellLink({ ...other, asksFor: { purpose: 'marketing', locale: 'de' } });
    conversation.correlationOf = () => 'af'.repeat(32);
    const later = writeClickToChatText('Hallo', other.code);
    const both = [SCANNED, later].map((text) =>
      customerMessage(conversation.channelId, { text, sentAt: now.toISOString() }),
    );
    await conversation.receive(workspaceId, channelMessageReceived, ...both);
    conversation.correlationOf = () => 'test';
    await tellLink({ ...other, isActive: false });
    await conversation.letTimersRun();
    const { webhookHash, ...evidence } = (await said())[0]!;
    expect(evidence).toMatchObject({
      kind: 'REQUESTED',
      messageId: (await tenant().findOneOrFail(Message, { text: SCANNED })).id,
    });
    expect(webhookHash).toBeUndefined();
  });

  it('asks nobody who wrote STOP since, and again who uses it after that', async () => {
    now = new Date(now.getTime() + 1_000);
    const at = { sentAt: now.toISOString() };
    await conversation.receive(
      workspaceId,
      channelMessageReceived,
      customerMessage(conversation.channelId, { text: SCANNED, ...at }),
      customerMessage(conversation.channelId, { text: 'STOP', ...at }),
    );
    await conversation.letTimersRun();
    expect((await said()).map(({ kind }) => kind)).toEqual(['WITHDRAWN']);
    await write(SCANNED);
    expect((await said()).map(({ kind }) => kind)).toEqual(['WITHDRAWN', 'REQUESTED']);
  });

  it('whose purpose has no text any more asks nobody', async () => {
    await conversation.receive(workspaceId, consentTextChanged, { ...TEXT, isAsked: false });
    await write(SCANNED);
    expect(await said()).toEqual([]);
    expect(await uses()).toHaveLength(1);
  });
});
