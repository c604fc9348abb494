import {
  channelMessageChanged,
  channelMessageImported,
  channelMessageReceived,
  messagesImported,
  threadOpened,
  type ChannelMessageImported,
} from '@fenster/contracts';
import { sql } from '@fenster/database';
import { newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Conversation } from '../conversations/conversation.entity.js';
import {
  createTestConversation,
  customerMessage,
  messageChange,
  type TestConversation,
} from '../testing/conversation.js';
import { Thread } from '../threads/thread.entity.js';
import { Message } from './message.entity.js';

let conversation: TestConversation;
beforeAll(async () => {
  conversation = await createTestConversation();
});
afterAll(() => conversation.close());

const HOUR = 3_600_000;
const hoursAgo = (hours: number) => new Date(Math.floor(Date.now() / HOUR) * HOUR - hours * HOUR).toISOString();
const ADA = { phone: '+491701234567' };

function imported(
  name: string,
  hours: number,
  overrides: Partial<ChannelMessageImported> = {},
): ChannelMessageImported {
  return {
    channelId: conversation.channelId,
    identity: ADA,
    providerMessageId: `wamid.${name}`,
    type: 'text',
    text: name,
    sentAt: hoursAgo(hours),
    by: 'customer',
    ...overrides,
  };
}
const messagesOf = (workspaceId: string) =>
  conversation.database.forTenant(workspaceId).find(Message, {}, { orderBy: { seq: 'asc' } });
const placesOf = async (workspaceId: string) =>
  (await messagesOf(workspaceId)).map(({ seq, text }) => [seq, text] as const);
const bring = (workspaceId: string, ...data: ChannelMessageImported[]) =>
  conversation.receive(workspaceId, channelMessageImported, ...data);

describe('importing messages', () => {
  it('puts both sides’ before what is there, in the order of time', async () => {
    const workspaceId = newId();
    await conversation.receive(
      workspaceId,
      channelMessageReceived,
      customerMessage(conversation.channelId, { text: 'neu' }),
    );
    await bring(
      workspaceId,
      imported('zweite', 30, { by: 'business', status: 'read' }),
      imported('erste', 31),
      imported('dritte', 29, { by: 'business' }),
    );
    const messages = await messagesOf(workspaceId);
    expect(
      messages.map(({ seq, text, direction, status, isImported, isEcho }) => [
        seq,
        text,
        direction,
        status,
        isImported,
        isEcho,
      ]),
    ).toEqual([
      [-2, 'erste', 'INBOUND', 'RECEIVED', true, false],
      [-1, 'zweite', 'OUTBOUND', 'READ', true, true],
      [0, 'dritte', 'OUTBOUND', 'SENT', true, true],
      [1, 'neu', 'INBOUND', 'RECEIVED', false, false],
    ]);
    const em = conversation.database.forTenant(workspaceId);
    const [past, present] = await em.find(Conversation, {}, { orderBy: { openedAt: 'asc' } });
    expect(past).toMatchObject({
      isImported: true,
      status: 'RESOLVED',
      lastSeq: 0,
      lastCustomerSeq: 0,
      waitingSince: null,
    });
    expect(past!.openedAt.toISOString()).toBe(hoursAgo(31));
    expect(past!.lastMessageAt.toISOString()).toBe(hoursAgo(29));
    expect(present).toMatchObject({ isImported: false, status: 'OPEN', lastSeq: 1 });
    expect(await em.count(Thread)).toBe(1);
  });

  it('opens no window, wakes nobody and nothing, even if it was written a moment ago', async () => {
    const workspaceId = newId();
    await bring(workspaceId, imported('eben', 0), imported('bild', 1, { type: 'image', payload: {} }));
    const [thread] = await conversation.database.forTenant(workspaceId).find(Thread, {});
    expect(thread).toMatchObject({
      windowExpiresAt: null,
      lastCustomerMessageAt: null,
      openConversationId: null,
      resolvedConversationId: null,
      lastSeq: 0,
    });
    const { rows } = await sql`select kind from timer where workspace_id = ${workspaceId}`.execute(
      conversation.database.system().getKysely(),
    );
    expect(rows).toEqual([]);
    expect((await conversation.logOf(workspaceId)).map(({ name }) => name)).toEqual([
      threadOpened.name,
      messagesImported.name,
    ]);
    // The first words since then are the first of a conversation of their own.
    await conversation.receive(
      workspaceId,
      channelMessageReceived,
      customerMessage(conversation.channelId, { identity: ADA }),
    );
    expect((await messagesOf(workspaceId)).map(({ seq }) => seq)).toEqual([-1, 0, 1]);
    expect(await conversation.database.forTenant(workspaceId).count(Conversation, { status: 'OPEN' })).toBe(1);
  });

  it('ends the same whatever comes in what order and how often', async () => {
    const all = [
      imported('a', 50),
      imported('b', 40, {
        type: 'unsupported',
        text: undefined,
        payload: { type: 'media_placeholder' },
        isPlaceholder: true,
      }),
      imported('b', 40, { type: 'image', text: 'b', payload: { mediaId: newId() } }),
      imported('c', 40),
      imported('d', 30, { by: 'business', status: 'delivered' }),
      imported('e', 20),
    ];
    const shown = async (workspaceId: string) =>
      (await messagesOf(workspaceId)).map(({ seq, text, type, status, payload }) => ({
        seq,
        text,
        type,
        status,
        payload,
      }));
    const one = newId();
    await bring(one, ...all);
    const expected = await shown(one);
    expect(expected.map(({ seq, text }) => [seq, text])).toEqual([
      [-4, 'a'],
      [-3, 'b'],
      [-2, 'c'],
      [-1, 'd'],
      [0, 'e'],
    ]);
    const order = fc.shuffledSubarray([...all, ...all], { minLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        order,
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 12, maxLength: 12 }),
        async (events, sizes) => {
          const workspaceId = newId();
          for (let at = 0; at < events.length;) {
            const batch = events.slice(at, (at += sizes.shift() ?? 1));
            await bring(workspaceId, ...batch);
          }
          expect(await shown(workspaceId)).toEqual(expected);
          const em = conversation.database.forTenant(workspaceId);
          expect(await em.count(Conversation)).toBe(1);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('tells once of each thread what came, and nothing of repetitions', async () => {
    const workspaceId = newId();
    const other = { phone: '+491709999999' };
    const events = [imported('1', 3), imported('2', 2), imported('3', 1, { identity: other })];
    await bring(workspaceId, ...events);
    await bring(workspaceId, ...events);
    const told = (await conversation.logOf(workspaceId)).filter(({ name }) => name === messagesImported.name);
    expect(told.map(({ data }) => data)).toMatchObject([
      { count: 2, oldestAt: hoursAgo(3), newestAt: hoursAgo(2) },
      { count: 1, oldestAt: hoursAgo(1) },
    ]);
    expect(JSON.stringify(told)).not.toContain('+49');
  });

  it('does not touch what came as it was written, nor words that were taken back', async () => {
    const workspaceId = newId();
    const live = customerMessage(conversation.channelId, { identity: ADA, text: 'live' });
    await conversation.receive(workspaceId, channelMessageReceived, live);
    await bring(workspaceId, imported('x', 1, { providerMessageId: live.providerMessageId }));
    expect(await placesOf(workspaceId)).toEqual([[1, 'live']]);

    const placeholder = imported('weg', 5, { type: 'unsupported', text: undefined, isPlaceholder: true });
    await conversation.receive(
      workspaceId,
      channelMessageChanged,
      messageChange(conversation.channelId, 'wamid.weg', { kind: 'revoke' }),
    );
    await bring(workspaceId, placeholder);
    await bring(workspaceId, imported('weg', 5, { type: 'image', text: 'Bild', payload: { mediaId: newId() } }));
    const [taken] = await messagesOf(workspaceId);
    expect(taken).toMatchObject({ seq: 0, text: null, payload: null });
    expect(taken!.revokedAt).not.toBeNull();
  });

  it('takes many threads at a time', async () => {
    const workspaceId = newId();
    const many = Array.from({ length: 500 }, (_, index) =>
      imported(`m${index}`, index, { identity: { phone: `+4917000000${index % 50}` } }),
    );
    await bring(workspaceId, ...many);
    expect(await conversation.database.forTenant(workspaceId).count(Message)).toBe(500);
    expect(await conversation.database.forTenant(workspaceId).count(Thread)).toBe(50);
  });
});
