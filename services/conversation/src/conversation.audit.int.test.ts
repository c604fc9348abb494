import { channelMessageReceived, type AuditEntryRecorded } from '@fenster/contracts';
import { readLog } from '@fenster/database';
import { CLIENT_ADDRESS_HEADER, newId, USER_AGENT_HEADER } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, subscribe } from '../../../test/support/api-client.js';
import { eventually } from '../../../test/support/eventually.js';
import { customerMessage, startConversation, type RunningConversation } from './testing/conversation.js';

let conversation: RunningConversation;
let workspaceId: string;
let token: string;
let conversationId: string;
const memberId = newId();

beforeAll(async () => {
  conversation = await startConversation();
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  workspaceId = newId();
  token = await conversation.tokenOf(workspaceId, undefined, { id: memberId });
  await conversation.publish(
    workspaceId,
    channelMessageReceived,
    customerMessage(conversation.channelId, { text: 'Geheim' }),
    customerMessage(conversation.channelId, { text: 'Noch geheimer' }),
  );
  conversationId = await eventually(async () => {
    const { data } = await ask<{ conversations: { nodes: { id: string; lastSeq: number }[] } }>(
      '{ conversations { nodes { id lastSeq } } }',
    );
    expect(data.conversations.nodes).toMatchObject([{ lastSeq: 2 }]);
    return data.conversations.nodes[0]!.id;
  });
});

const ask = <T = never>(query: string, as = token) =>
  request<T>(conversation.url, query, {
    token: as,
    headers: { [CLIENT_ADDRESS_HEADER]: '192.0.2.9', [USER_AGENT_HEADER]: 'Inbox/2' },
  });

const entries = async () =>
  (await readLog(conversation.database.forTenant(workspaceId), 0, 100)).filter(({ name }) =>
    name.endsWith('audit_entry.recorded'),
  );
const MESSAGES = () => `{ conversation(id: "${conversationId}") { messages { nodes { seq text } } } }`;
const send = (fields: string, as = token) =>
  ask(
    `mutation { sendMessage(input: { conversationId: "${conversationId}", text: "Gern", idempotencyKey: "${newId()}" })
     { __typename ... on Message { id ${fields} } } }`,
    as,
  );

/** All entries, once one that comes last is there. */
async function audited(): Promise<AuditEntryRecorded[]> {
  await ask(MESSAGES(), await conversation.tokenOf(workspaceId));
  return eventually(async () => {
    const found = await entries();
    expect(found.at(-1)).toMatchObject({ data: { action: 'conversation.read' } });
    expect(found.at(-1)!.actor.id).not.toBe(memberId);
    return found.slice(0, -1).map(({ data }) => data as AuditEntryRecorded);
  });
}

describe('the audit log', () => {
  it('tells of a reply, by whom and from where, and never what was written', async () => {
    const { data } = await ask<{ sendMessage: { id: string } }>(
      `mutation { sendMessage(input: { conversationId: "${conversationId}", text: "Nur für Sie", idempotencyKey: "k" }) { ... on Message { id } } }`,
    );
    const found = await entries();
    expect(found).toMatchObject([
      {
        name: 'conversation.audit_entry.recorded',
        actor: { kind: 'member', id: memberId },
        data: {
          action: 'message.send',
          objectType: 'message',
          objectIds: [data.sendMessage.id],
          clientAddress: '192.0.2.9',
          userAgent: 'Inbox/2',
        },
      },
    ]);
    expect(JSON.stringify(found)).not.toContain('Nur');
  });

  it('tells of it once, however often it is repeated', async () => {
    const input = `{ conversationId: "${conversationId}", text: "Ja", idempotencyKey: "twice" }`;
    for (let time = 0; time < 3; time += 1) await ask(`mutation { sendMessage(input: ${input}) { __typename } }`);
    expect(await entries()).toHaveLength(1);
  });

  it('tells who was shown the messages of which conversation, once for each request', async () => {
    await ask(MESSAGES());
    expect(await audited()).toEqual([
      expect.objectContaining({ action: 'conversation.read', objectIds: [conversationId] }),
    ]);
    expect(JSON.stringify(await entries())).not.toContain('eheim');
  });

  it('tells nothing of lists, nothing where the text was not shown, and nothing of one’s own words', async () => {
    await ask('{ conversations { nodes { id messages { nodes { seq status } } } } }');
    await ask(
      MESSAGES(),
      await conversation.tokenOf(workspaceId, ['conversation:read', 'conversation:read_all'], { id: memberId }),
    );
    await send('text');
    await send('text', await conversation.tokenOf(workspaceId, undefined, { id: memberId, kind: 'api_key' }));
    expect(await audited()).toMatchObject([{ action: 'message.send' }, { action: 'message.send' }]);
    await send('conversation { messages { nodes { text } } }');
    expect((await audited()).map(({ action }) => action).slice(3)).toEqual(['message.send', 'conversation.read']);
  });

  it('tells nothing of an inbound message, and nothing of each event that a subscription delivers', async () => {
    const subscriber = subscribe<{ inboxEvents: { message?: { text: string } } }>(
      conversation.url,
      'subscription { inboxEvents { __typename ... on MessageAdded { message { text conversation { messages { nodes { text } } } } } } }',
      token,
    );
    await eventually(() => expect(subscriber.received).toHaveLength(1));
    await conversation.publish(workspaceId, channelMessageReceived, customerMessage(conversation.channelId));
    await eventually(() => expect(subscriber.received.at(-1)!.inboxEvents.message?.text).toBe('Hallo'));
    await subscriber.stop();
    expect(await audited()).toEqual([]);
  });
});
