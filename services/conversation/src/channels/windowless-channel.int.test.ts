import {
  accessCodeTold,
  accessCodeWritten,
  accessRequested,
  channelChanged,
  channelMessageReceived,
  CUSTOMER_TYPING_SUBJECTS,
  messageQueued,
  messageReceived,
  type ChannelCapabilities,
} from '@fenster/contracts';
import { readLog, sql } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { Message } from '../messages/message.entity.js';
import { startConversation, type RunningConversation } from '../testing/conversation.js';
import { asker, type Asker } from '../testing/inbox.js';
import { Channel } from './channel.entity.js';

const threema: ChannelCapabilities = {
  serviceWindow: false,
  templates: false,
  contentKinds: ['text'],
  mediaKinds: {},
  maxTextCharacters: 3_500,
  maxTextBytes: 3_500,
  quotes: false,
  reactions: false,
  readReceipts: false,
  typing: false,
  statuses: ['delivered', 'read'],
  businessProfile: false,
  costModel: 'UNTOLD',
};
const workspaceId = newId();
let running: RunningConversation;
let anna: Asker;
let conversationId: string;
const shownTyping: unknown[] = [];

beforeAll(async () => {
  running = await startConversation();
  running.connection.subscribe(CUSTOMER_TYPING_SUBJECTS, { callback: (_, message) => void shownTyping.push(message) });
  anna = asker(running, await running.tokenOf(workspaceId));
  const { channelId } = running;
  const told = { channelId, name: 'Threema', state: 'ACTIVE', capabilities: threema } as const;
  await running.publish(workspaceId, channelChanged, told);
  await running.publish(workspaceId, channelMessageReceived, {
    channelId,
    identity: { threemaId: 'ECHOECHO', profileName: 'Anna' },
    providerMessageId: '0011223344556677',
    type: 'text',
    text: 'Grüezi',
    sentAt: new Date(Date.now() - 48 * 3_600_000).toISOString(),
    opensWindow: true,
    isWindowless: true,
  });
  conversationId = await eventually(async () => {
    const { conversations } = await anna.ask<{ conversations: { nodes: { id: string }[] } }>(
      '{ conversations(first: 1) { nodes { id } } }',
    );
    expect(conversations.nodes).toHaveLength(1);
    return conversations.nodes[0]!.id;
  });
});
afterAll(() => running.stop());

const log = () => readLog(running.database.forTenant(workspaceId), 0, 1_000);
const send = (variables: object) =>
  anna.mutate('sendMessage', '$input: SendMessageInput!', '... on Message { id } ... on InvalidInput { field }', {
    input: { conversationId, idempotencyKey: newId(), ...variables },
  });

describe('a conversation over a channel without a service window', () => {
  it('waits for an answer, whenever the customer wrote, and is told no window', async () => {
    const query = `query ($id: ID!) { conversation(id: $id) { status waitingSince serviceWindow { isOpen expiresAt closesInSeconds } } }`;
    expect(await anna.ask(query, { id: conversationId })).toEqual({
      conversation: {
        status: 'OPEN',
        waitingSince: expect.any(String) as string,
        serviceWindow: { isOpen: true, expiresAt: null, closesInSeconds: null },
      },
    });
    const events = await log();
    expect(events.find(({ name }) => name === messageReceived.name)!.data).toMatchObject({
      windowExpiresAt: null,
      windowChange: null,
    });
    expect(events.filter(({ name }) => name.includes('service_window'))).toEqual([]);
  });

  it('says which replies it takes', async () => {
    const query =
      'query ($id: ID!) { replyOptions(conversationId: $id) { kind isAllowed allowedUntil reasons { code } } }';
    const { replyOptions } = await anna.ask<{ replyOptions: object[] }>(query, { id: conversationId });
    expect(replyOptions).toContainEqual({
      kind: 'TEXT',
      isAllowed: true,
      allowedUntil: null,
      reasons: [],
    });
    expect(replyOptions).toContainEqual({
      kind: 'INTERACTIVE',
      isAllowed: false,
      allowedUntil: null,
      reasons: [{ code: 'KIND_NOT_SENDABLE' }],
    });
  });

  it('sends a text to whom the channel knows, without a word of a window', async () => {
    expect(await send({ text: 'Guten Tag' })).toMatchObject({ id: expect.any(String) as string });
    const queued = (await log()).filter(({ name }) => name === messageQueued.name);
    expect(queued.map(({ data }) => data)).toMatchObject([{ to: { threemaId: 'ECHOECHO' }, text: 'Guten Tag' }]);
    expect(queued[0]!.data).not.toHaveProperty('windowExpiresAt');
  });

  it('refuses what the channel cannot carry, and names the field', async () => {
    const list = { body: 'Wann?', button: 'Tage', sections: [{ rows: [{ id: '1', title: 'Heute' }] }] };
    expect(await send({ content: { list } })).toMatchObject({ code: 'INVALID_INPUT', field: 'content.list' });
    expect(await send({ text: 'ü'.repeat(1_751) })).toMatchObject({ code: 'INVALID_INPUT', field: 'text' });
    const { conversation } = await anna.ask<{ conversation: { messages: { nodes: { id: string }[] } } }>(
      'query ($id: ID!) { conversation(id: $id) { messages(last: 5) { nodes { id } } } }',
      { id: conversationId },
    );
    const messageId = conversation.messages.nodes[0]!.id;
    expect(
      await anna.mutate('reactToMessage', '$messageId: ID!, $emoji: String', '... on Message { id }', {
        messageId,
        emoji: '👍',
      }),
    ).toMatchObject({ code: 'KIND_NOT_SENDABLE' });
  });

  it('shows nobody that somebody types or has read, whatever the settings of the channel say', async () => {
    await anna.mutate('updateChannelSettings', '$input: UpdateChannelSettingsInput!', '__typename', {
      input: { channelId: running.channelId, showsTyping: true, sendsReadReceipts: true },
    });
    await anna.mutate('setTyping', '$conversationId: ID!, $isTyping: Boolean!, $isReply: Boolean', '__typename', {
      conversationId,
      isTyping: true,
      isReply: true,
    });
    await anna.mutate('markRead', '$input: MarkReadInput!', '__typename', { input: { conversationId, upToSeq: 1 } });
    await running.connection.flush();
    const names = (await log()).map(({ name }) => name);
    expect(names).toContain('conversation.read_cursor.moved');
    expect(names).not.toContain('conversation.messages.viewed');
    expect(shownTyping).toEqual([]);
  });

  it('takes a code word as proof of who wrote only where the channel proves it', async () => {
    const { channelId } = running;
    const db = running.database.system().getKysely();
    const { rows } = await sql<{ contact_id: string }>`
      select contact_id from thread where workspace_id = ${workspaceId}
    `.execute(db);
    const requestId = newId();
    await running.publish(workspaceId, accessRequested, {
      requestId,
      contactIds: [rows[0]!.contact_id],
      codeWord: 'ABCD-EFGH',
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const written = async () => (await log()).filter(({ name }) => name === accessCodeWritten.name);
    await eventually(async () => {
      expect((await log()).filter(({ name }) => name === accessCodeTold.name)).toHaveLength(1);
    });
    const writeCode = async (senderProven: boolean) => {
      const capabilities = { ...threema, senderProven };
      await running.publish(workspaceId, channelChanged, { channelId, name: 'Threema', state: 'ACTIVE', capabilities });
      await eventually(async () => {
        const channel = await running.database.forTenant(workspaceId).findOneOrFail(Channel, { id: channelId });
        expect(channel.capabilities).toMatchObject({ senderProven });
      });
      const providerMessageId = newId();
      await running.publish(workspaceId, channelMessageReceived, {
        channelId,
        identity: { threemaId: 'ECHOECHO', profileName: 'Anna' },
        providerMessageId,
        type: 'text',
        text: 'abcd-efgh',
        sentAt: new Date().toISOString(),
        opensWindow: true,
        isWindowless: true,
      });
      await eventually(async () => {
        expect(await running.database.forTenant(workspaceId).count(Message, { providerMessageId })).toBe(1);
      });
    };
    await writeCode(false);
    expect(await written()).toEqual([]);
    await writeCode(true);
    expect((await written()).map(({ data }) => data)).toMatchObject([{ requestId }]);
  });
});
