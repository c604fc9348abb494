import {
  channelMessageReceived,
  channelPreferenceReceived,
  optOutAsked,
  threadConsentStated,
  threadOpened,
  type ChannelMessageReceived,
} from '@fenster/contracts';
import type { Envelope } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Activity } from '../activities/activity.entity.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { Message } from '../messages/message.entity.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';
import { Thread } from '../threads/thread.entity.js';
import { OptOutWord } from './opt-out-word.entity.js';

let conversation: TestConversation;
let workspaceId: string;
let now: Date;
let minute: number;
beforeAll(async () => {
  conversation = await createTestConversation(() => now);
});
afterAll(() => conversation.close());
beforeEach(() => {
  workspaceId = newId();
  now = new Date('2026-11-23T09:00:00Z');
  minute = 0;
});

const tenant = () => conversation.database.forTenant(workspaceId);
const thread = () => tenant().findOneOrFail(Thread, { workspaceId });
const onlyConversation = () => tenant().findOneOrFail(Conversation, { workspaceId });
const sent = () => tenant().find(Message, { direction: 'OUTBOUND' }, { orderBy: { seq: 'asc' } });
const told = async <Data>(name: string) =>
  (await conversation.logOf(workspaceId)).filter((event) => event.name === name) as Envelope<Data>[];
const write = (...texts: string[]) =>
  conversation.receive(
    workspaceId,
    channelMessageReceived,
    ...texts.map((text): ChannelMessageReceived => {
      minute += 1;
      return customerMessage(conversation.channelId, { text, sentAt: new Date(now.getTime() + minute).toISOString() });
    }),
  );
/** As the event path does, once the transaction is there. */
async function confirm(): Promise<void> {
  const events = await told<never>(threadConsentStated.name);
  await conversation.receive(workspaceId, threadConsentStated, ...events.map(({ data }) => data));
}

describe('STOP', () => {
  it('ends marketing in the transaction that brings it, with what proves it, and says who said so', async () => {
    await write('Hallo', 'STOP');
    const { contactId, id: threadId, channelId, optedOutAt } = await thread();
    const said = await tenant().findOneOrFail(Message, { text: 'STOP' });
    expect(optedOutAt).toEqual(said.sentAt);
    expect(await told(threadConsentStated.name)).toMatchObject([
      {
        actor: { kind: 'contact', id: contactId },
        data: {
          threadId,
          contactId,
          channelId,
          conversationId: said.conversationId,
          identity: { phone: '+491701234567', bsuid: 'DE.1' },
          kind: 'WITHDRAWN',
          source: 'KEYWORD',
          messageId: said.id,
          providerMessageId: said.providerMessageId,
          statedAt: said.sentAt.toISOString(),
        },
      },
    ]);
    expect(await tenant().find(Activity, { kind: 'CONSENT' })).toMatchObject([
      { after: 'WITHDRAWN', actorKind: 'contact' },
    ]);
  });

  it('is nothing to answer: nobody waits, and what is resolved stays so', async () => {
    await write('STOP');
    expect(await onlyConversation()).toMatchObject({ status: 'OPEN', waitingSince: null });
    const { id, threadId } = await onlyConversation();
    await tenant().nativeUpdate(Conversation, { id }, { status: 'RESOLVED', resolvedAt: now });
    await tenant().nativeUpdate(Thread, { id: threadId }, { openConversationId: null, resolvedConversationId: id });
    await write('Stopp!');
    expect(await tenant().find(Conversation, {})).toMatchObject([{ id, status: 'RESOLVED', lastSeq: 2 }]);
    await write('Eine Frage noch');
    expect((await tenant().find(Conversation, {})).map(({ status }) => status)).toContain('OPEN');
  });

  it('counts once, however often it is delivered, and by the time of the last', async () => {
    const message = customerMessage(conversation.channelId, { text: 'stop', sentAt: now.toISOString() });
    await conversation.receive(workspaceId, channelMessageReceived, message, message);
    await conversation.receive(workspaceId, channelMessageReceived, message);
    expect(await told(threadConsentStated.name)).toHaveLength(1);
    const earlier = customerMessage(conversation.channelId, { text: 'stop', sentAt: new Date(0).toISOString() });
    await conversation.receive(workspaceId, channelMessageReceived, earlier);
    expect(await thread()).toMatchObject({ optedOutAt: now });
  });

  it('is nobody’s wish when a colleague writes it in the phone app', async () => {
    const echo = customerMessage(conversation.channelId, { text: 'STOP', isEcho: true, opensWindow: false });
    await conversation.receive(workspaceId, channelMessageReceived, echo);
    expect(await thread()).toMatchObject({ optedOutAt: null });
  });

  it('is confirmed once, in the language of the word, and again a day later', async () => {
    await write('Stopp');
    await confirm();
    await confirm();
    expect(await sent()).toMatchObject([
      { automation: 'OPT_OUT', text: expect.stringMatching(/keine Werbung/) as string },
    ]);
    now = new Date(now.getTime() + 23 * 3_600_000);
    await write('unsubscribe');
    await confirm();
    expect(await sent()).toHaveLength(1);
    now = new Date(now.getTime() + 3_600_000);
    await write('unsubscribe');
    await confirm();
    expect((await sent()).map(({ text }) => text)).toEqual([
      expect.stringMatching(/keine Werbung/),
      expect.stringMatching(/keine Werbung|no more marketing/),
    ]);
  });
});

describe('the word in a sentence', () => {
  it('ends nothing, and asks for somebody to decide', async () => {
    await write('Bitte stop, das reicht mir langsam', 'Please cancel my order');
    expect(await thread()).toMatchObject({ optedOutAt: null });
    const { id: messageId, conversationId } = await tenant().findOneOrFail(Message, { text: { $like: 'Bitte%' } });
    expect(await told(optOutAsked.name)).toMatchObject([{ data: { messageId, conversationId } }]);
    expect((await onlyConversation()).waitingSince).not.toBeNull();
  });
});

describe('the words of a workspace', () => {
  it('count there, and nowhere else', async () => {
    const own = { locale: 'fr', isEveryday: false, isActive: true };
    await tenant().insertMany(OptOutWord, [
      { workspaceId, word: 'desinscrire', ...own },
      { workspaceId, word: 'end', locale: null, isEveryday: true, isActive: false },
    ]);
    await write('End');
    expect(await thread()).toMatchObject({ optedOutAt: null });
    await write('Désinscrire');
    expect((await thread()).optedOutAt).not.toBeNull();
    workspaceId = newId();
    await write('Désinscrire');
    expect(await thread()).toMatchObject({ optedOutAt: null });
    await write('End');
    expect((await thread()).optedOutAt).not.toBeNull();
  });
});

describe('the switch in WhatsApp', () => {
  const PHONE = '+491701234567';
  const prefer = (value: 'STOP' | 'RESUME', second: number, identity: object = { phone: PHONE }) =>
    conversation.receive(workspaceId, channelPreferenceReceived, {
      channelId: conversation.channelId,
      identity,
      purpose: 'MARKETING',
      value,
      changedAt: new Date(now.getTime() + second * 1_000).toISOString(),
    });

  it('stops and resumes, whatever order that comes in, and each is told to the ledger', async () => {
    await write('Hallo');
    await prefer('STOP', 1);
    expect((await thread()).marketingStoppedAt).toEqual(new Date(now.getTime() + 1_000));
    await prefer('RESUME', 3, { bsuid: 'DE.1' });
    expect(await thread()).toMatchObject({ marketingStoppedAt: null });
    await prefer('STOP', 2);
    expect(await thread()).toMatchObject({ marketingStoppedAt: null });
    await prefer('STOP', 3);
    await prefer('RESUME', 3);
    expect((await thread()).marketingStoppedAt).toEqual(new Date(now.getTime() + 3_000));
    const said = await told<{ kind: string; source: string; identity: object }>(threadConsentStated.name);
    expect(said.map(({ data }) => data.kind)).toEqual([
      'PLATFORM_STOPPED',
      'PLATFORM_RESUMED',
      'PLATFORM_STOPPED',
      'PLATFORM_STOPPED',
      'PLATFORM_RESUMED',
    ]);
    expect(said[0]).toMatchObject({
      actor: { kind: 'provider' },
      data: { source: 'PLATFORM', identity: { phone: PHONE } },
    });
  });

  it('does not lift what the person told us, nor does anything lift the switch but itself', async () => {
    await write('STOP');
    await prefer('RESUME', 1);
    expect((await thread()).optedOutAt).not.toBeNull();
    await prefer('STOP', 2);
    await write('Ich will doch wieder');
    expect((await thread()).marketingStoppedAt).not.toBeNull();
  });

  it('of somebody who never wrote makes them known, before anything is sent to them; a resumption does not', async () => {
    const identity = { phone: '+491709999999' };
    await prefer('RESUME', 1, identity);
    expect(await told(threadConsentStated.name)).toEqual([]);
    await prefer('STOP', 2, identity);
    await prefer('STOP', 2, identity);
    const { id, contactId, marketingStoppedAt } = await thread();
    expect(marketingStoppedAt).toEqual(new Date(now.getTime() + 2_000));
    expect(await tenant().count(Conversation, { workspaceId })).toBe(0);
    expect(await told(threadOpened.name)).toMatchObject([{ data: { threadId: id, contactId, identity } }]);
    expect((await told<object>(threadConsentStated.name)).map(({ data }) => data)).toMatchObject([
      { threadId: id, contactId, conversationId: null, kind: 'PLATFORM_STOPPED', identity },
      { kind: 'PLATFORM_STOPPED' },
    ]);
    // What they write then is the first message of a thread like any other.
    await conversation.receive(
      workspaceId,
      channelMessageReceived,
      customerMessage(conversation.channelId, { text: 'Hallo', identity, sentAt: now.toISOString() }),
    );
    expect(await thread()).toMatchObject({ id, contactId, lastSeq: 1 });
    expect(await onlyConversation()).toMatchObject({ status: 'OPEN', lastSeq: 1 });
  });
});
