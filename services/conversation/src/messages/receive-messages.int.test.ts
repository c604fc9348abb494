import {
  channelMessageReceived,
  conversationOpened,
  messageReceived,
  threadIdentityChanged,
  threadOpened,
} from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Conversation } from '../conversations/conversation.entity.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';
import { Thread } from '../threads/thread.entity.js';
import { Message } from './message.entity.js';

let conversation: TestConversation;
beforeAll(async () => {
  conversation = await createTestConversation();
});
afterAll(() => conversation.close());

const message = (overrides = {}) => customerMessage(conversation.channelId, overrides);
const messagesOf = (workspaceId: string) =>
  conversation.database.forTenant(workspaceId).find(Message, {}, { orderBy: { threadId: 'asc', seq: 'asc' } });

describe('receiving customer messages', () => {
  it('opens a thread and a conversation with the first and numbers all without gaps', async () => {
    const workspaceId = newId();
    await conversation.receive(
      workspaceId,
      channelMessageReceived,
      message({ text: 'eins' }),
      message({ text: 'zwei' }),
    );
    await conversation.receive(workspaceId, channelMessageReceived, message({ text: 'drei' }));
    const messages = await messagesOf(workspaceId);
    expect(messages.map(({ seq, text }) => [seq, text])).toEqual([
      [1, 'eins'],
      [2, 'zwei'],
      [3, 'drei'],
    ]);
    const [only, ...others] = await conversation.database.forTenant(workspaceId).find(Conversation, {});
    expect(others).toEqual([]);
    expect(only).toMatchObject({ status: 'OPEN', lastSeq: 3 });
    expect(new Set(messages.map((each) => each.conversationId))).toEqual(new Set([only!.id]));
  });

  it('announces thread and conversation before the first message, in one log', async () => {
    const workspaceId = newId();
    await conversation.receive(workspaceId, channelMessageReceived, message(), message());
    expect((await conversation.logOf(workspaceId)).map(({ name }) => name)).toEqual([
      threadOpened.name,
      conversationOpened.name,
      messageReceived.name,
      messageReceived.name,
    ]);
  });

  it('keeps the body out of its events', async () => {
    const workspaceId = newId();
    await conversation.receive(workspaceId, channelMessageReceived, message({ text: 'geheim' }));
    expect(JSON.stringify(await conversation.logOf(workspaceId))).not.toContain('geheim');
  });

  it('extends the service window by the time of the provider', async () => {
    const workspaceId = newId();
    const sentAt = new Date(Date.now() - 60_000);
    const reaction = message({ type: 'reaction', sentAt: new Date().toISOString(), opensWindow: false });
    await conversation.receive(workspaceId, channelMessageReceived, message({ sentAt: sentAt.toISOString() }));
    await conversation.receive(
      workspaceId,
      channelMessageReceived,
      reaction,
      message({ sentAt: new Date(0).toISOString() }),
    );
    const [thread] = await conversation.database.forTenant(workspaceId).find(Thread, {});
    expect(thread!.windowExpiresAt).toEqual(new Date(sentAt.getTime() + 86_400_000));
  });

  // With plans that pair all threads with all names, each of the later batches took seconds.
  it('goes on as it began when the tables have grown, before anybody has analysed them', async () => {
    const young = await createTestConversation();
    const workspaceId = newId();
    for (let first = 0; first < 480; first += 40) {
      const people = Array.from({ length: 40 }, (_, index) => first + index);
      await young.receive(
        workspaceId,
        channelMessageReceived,
        ...people.map((n) =>
          message({ identity: { phone: `+4917${1_000_000 + n}`, bsuid: `DE.${n}`, profileName: 'x' } }),
        ),
      );
    }
    const threads = await young.database.forTenant(workspaceId).find(Thread, {});
    await young.close();
    expect(threads.map(({ lastSeq }) => lastSeq)).toEqual(Array.from({ length: 480 }, () => 1));
  });

  it('knows a person by user id when the phone is missing, and by phone when the user id is', async () => {
    const workspaceId = newId();
    const both = { phone: '+491701111111', bsuid: 'DE.42', profileName: 'Ada' };
    await conversation.receive(workspaceId, channelMessageReceived, message({ identity: both }));
    await conversation.receive(workspaceId, channelMessageReceived, message({ identity: { bsuid: 'DE.42' } }));
    await conversation.receive(workspaceId, channelMessageReceived, message({ identity: { phone: '+491701111111' } }));
    await conversation.receive(workspaceId, channelMessageReceived, message({ identity: { bsuid: 'DE.43' } }));
    expect((await messagesOf(workspaceId)).map(({ seq }) => seq)).toEqual([1, 2, 3, 1]);
    const [thread] = await conversation.database.forTenant(workspaceId).find(Thread, { bsuid: 'DE.42' });
    expect(thread).toMatchObject({ phone: '+491701111111', profileName: 'Ada' });
  });

  it('tells when a known person comes with another name', async () => {
    const workspaceId = newId();
    await conversation.receive(
      workspaceId,
      channelMessageReceived,
      message({ identity: { bsuid: 'DE.7', profileName: 'Ada' } }),
    );
    await conversation.receive(
      workspaceId,
      channelMessageReceived,
      message({ identity: { bsuid: 'DE.7', profileName: 'Ada L.' } }),
    );
    await conversation.receive(
      workspaceId,
      channelMessageReceived,
      message({ identity: { bsuid: 'DE.7', profileName: 'Ada L.' } }),
    );
    const log = await conversation.logOf(workspaceId);
    const changes = log.filter(({ name }) => name === threadIdentityChanged.name);
    expect(changes.map(({ data }) => (data as { identity: unknown }).identity)).toEqual([
      { bsuid: 'DE.7', profileName: 'Ada L.' },
    ]);
  });

  it('gives the same number on two channels two threads, and tenants nothing of each other', async () => {
    const [ours, theirs] = [newId(), newId()];
    await conversation.receive(ours, channelMessageReceived, message(), message({ channelId: newId() }));
    await conversation.receive(theirs, channelMessageReceived, message());
    expect((await messagesOf(ours)).map(({ seq }) => seq)).toEqual([1, 1]);
    expect((await messagesOf(theirs)).map(({ seq }) => seq)).toEqual([1]);
  });

  it('makes of any history of repetitions and batches what single delivery makes', async () => {
    const history = fc.record({
      customers: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 25 }),
      repetitions: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 12 }),
      cuts: fc.array(fc.nat(40), { maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(history, async ({ customers, repetitions, cuts }) => {
        const workspaceId = newId();
        const originals = customers.map((customer, index) =>
          message({ identity: { bsuid: `DE.${customer}` }, text: String(index) }),
        );
        // A repetition comes any time after its original.
        const delivered = [...originals];
        for (const [which, delay] of repetitions) {
          const original = originals[which % originals.length]!;
          const at = delivered.indexOf(original) + 1;
          delivered.splice(at + (delay % (delivered.length - at + 1)), 0, original);
        }
        const edges = [0, ...cuts.map((cut) => cut % (delivered.length + 1)), delivered.length].toSorted(
          (a, b) => a - b,
        );
        for (let edge = 1; edge < edges.length; edge += 1) {
          const batch = delivered.slice(edges[edge - 1], edges[edge]);
          if (batch.length > 0) await conversation.receive(workspaceId, channelMessageReceived, ...batch);
        }
        const messages = await messagesOf(workspaceId);
        expect(messages.map(({ text }) => text).toSorted()).toEqual(originals.map(({ text }) => text).toSorted());
        for (const ofThread of Map.groupBy(messages, ({ threadId }) => threadId).values()) {
          expect(ofThread.map(({ seq }) => seq)).toEqual(ofThread.map((_, index) => index + 1));
          const order = ofThread.map(({ text }) => Number(text));
          expect(order).toEqual(order.toSorted((a, b) => a - b));
        }
      }),
      { numRuns: 60 },
    );
  });
});
