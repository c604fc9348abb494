import {
  budgetStateChanged,
  channelChanged,
  consentChanged,
  messageQueued,
  newsletterMessageDue,
  newsletterMessageProgressed,
  newsletterMessagesStopped,
  newsletterStarted,
  newsletterStopped,
  templateChanged,
  type BudgetStateChanged,
  type ConsentState,
  type NewsletterMessageProgressed,
} from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Conversation } from '../conversations/conversation.entity.js';
import { Message } from '../messages/message.entity.js';
import { createTestConversation, type TestConversation } from '../testing/conversation.js';
import { requestContext } from '../testing/request-context.js';
import { Thread } from '../threads/thread.entity.js';
import { settleUnconfirmedMessage } from '../unconfirmed/settle-unconfirmed.commands.js';

let conversation: TestConversation;
beforeAll(async () => {
  conversation = await createTestConversation();
});
afterAll(() => conversation.close());

const CHANNEL = { name: 'WhatsApp', accountId: 'waba1', state: 'ACTIVE' } as const;

async function begin({ purpose = 'marketing', isApproved = true, isPersonal = false } = {}) {
  const [workspaceId, newsletterId, templateId] = [newId(), newId(), newId()];
  const { channelId } = conversation;
  await conversation.receive(workspaceId, channelChanged, { ...CHANNEL, channelId });
  await conversation.receive(workspaceId, templateChanged, {
    templateId,
    accountId: CHANNEL.accountId,
    name: 'offer',
    language: 'de',
    status: isApproved ? 'APPROVED' : 'PAUSED',
    category: 'MARKETING',
    quality: 'GREEN',
    parameterFormat: 'POSITIONAL',
    definition: {
      body: {
        text: isPersonal ? 'Hallo {{1}}! STOP beendet Werbung.' : 'Nur heute! STOP beendet Werbung.',
        examples: [],
      },
      buttons: [],
      unknownParts: [],
    },
  });
  const content = { templateId, body: isPersonal ? [{ text: '…' }] : [], buttons: [] };
  const start = (isReleased: boolean) =>
    conversation.receive(workspaceId, newsletterStarted, {
      newsletterId,
      channelId,
      content,
      slots: isPersonal ? [{ part: 'body', index: 0 }] : [],
      purpose,
      createdById: newId(),
      isApproved: isReleased,
    });
  await start(false);
  let numbers = 1;
  const newPerson = (...values: string[]) => ({
    contactId: newId(),
    phone: `+49170100000${(numbers += 1)}`,
    values,
  });
  type Person = ReturnType<typeof newPerson>;
  return {
    workspaceId,
    newsletterId,
    newPerson,
    start,
    hear: (enforcement: BudgetStateChanged['enforcement']) =>
      conversation.receive(workspaceId, budgetStateChanged, {
        budgetId: newsletterId,
        month: '2099-11',
        until: '2099-11-30T23:00:00.000Z',
        teamId: null,
        newsletterId,
        category: null,
        currency: 'EUR',
        limitMicros: 1,
        spentMicros: 1,
        warnedPercent: 100,
        enforcement,
      }),
    say: ({ contactId, phone }: Person, said: string, state: ConsentState) =>
      conversation.receive(workspaceId, consentChanged, {
        contactId,
        channelId,
        identity: { kind: 'PHONE', value: phone },
        purpose: said,
        purposeKind: 'MARKETING',
        state,
        isGranted: state === 'CONFIRMED',
        since: '2026-11-22T12:00:00.000Z',
      }),
    /** What came of it, in this order. */
    send: async (...people: Person[]) => {
      const due = people.map(({ contactId, phone, values }) => ({
        newsletterId,
        messageId: newId(),
        contactId,
        identity: { kind: 'PHONE' as const, value: phone },
        values,
      }));
      await conversation.receive(workspaceId, newsletterMessageDue, ...due);
      const told = (await conversation.logOf(workspaceId)).filter(
        ({ name }) => name === newsletterMessageProgressed.name,
      );
      return due.map(({ messageId }) => {
        const { data } = told.find(({ entityId }) => entityId === messageId)!;
        const { outcome, reason } = data as NewsletterMessageProgressed;
        return reason ?? outcome;
      });
    },
    threads: () => conversation.database.forTenant(workspaceId).find(Thread, {}),
  };
}

describe('a newsletter to people whom nobody has written with', () => {
  it('makes threads for those to whom it may be sent, and for nobody else', async () => {
    const { workspaceId, newPerson, say, send, threads } = await begin();
    const [anna, bea, cara] = [newPerson(), newPerson(), newPerson()];
    await say(anna, 'marketing', 'CONFIRMED');
    await say(bea, 'marketing', 'WITHDRAWN');
    expect(await send(anna, bea, cara)).toEqual(['QUEUED', 'OPTED_OUT', 'CONSENT_MISSING']);
    const opened = await threads();
    expect(opened).toMatchObject([{ contactId: anna.contactId, phone: anna.phone, lastSeq: 1 }]);
    const conversations = await conversation.database.forTenant(workspaceId).find(Conversation, {});
    expect(conversations).toMatchObject([
      { id: opened[0]!.resolvedConversationId, threadId: opened[0]!.id, status: 'RESOLVED', lastSeq: 1 },
    ]);
    const log = (await conversation.logOf(workspaceId)).map(({ name }) => name);
    const opens = log.filter((name) => name === 'conversation.thread.opened');
    expect(opens).toHaveLength(1);
    expect(log.indexOf('conversation.thread.opened')).toBeLessThan(log.indexOf(messageQueued.name));
  });

  it('makes none while the template cannot be used', async () => {
    const { newPerson, say, send, threads } = await begin({ isApproved: false });
    const anna = newPerson();
    await say(anna, 'marketing', 'CONFIRMED');
    expect(await send(anna)).toEqual(['TEMPLATE_NOT_USABLE']);
    expect(await threads()).toEqual([]);
  });
});

describe('a newsletter with placeholders', () => {
  it('says to each what is theirs, and nothing to those whose words are missing or do not fit', async () => {
    const { workspaceId, newPerson, say, send } = await begin({ isPersonal: true });
    const people = [newPerson('Anna'), newPerson('Bea'), newPerson(), newPerson('x\n'), newPerson('Cara')];
    for (const person of people.slice(0, 4)) await say(person, 'marketing', 'CONFIRMED');
    const outcomes = ['QUEUED', 'QUEUED', 'VALUE_MISSING', 'VALUE_UNFIT', 'CONSENT_MISSING'];
    expect(await send(...people)).toEqual(outcomes);
    const messages = await conversation.database.forTenant(workspaceId).find(Message, {}, { orderBy: { text: 'asc' } });
    expect(messages.map(({ text }) => text)).toEqual(
      ['Anna', 'Bea'].map((name) => `Hallo ${name}! STOP beendet Werbung.`),
    );
    const queued = (await conversation.logOf(workspaceId)).filter(({ name }) => name === messageQueued.name);
    expect(queued.map(({ data }) => data)).toMatchObject([
      { to: { phone: people[0]!.phone }, content: { body: [{ text: 'Anna' }] } },
      { to: { phone: people[1]!.phone }, content: { body: [{ text: 'Bea' }] } },
    ]);
  });
});

describe('a newsletter for a purpose of one’s own', () => {
  it('goes to who has agreed to marketing and to that', async () => {
    const { newPerson, say, send } = await begin({ purpose: 'events' });
    const [anna, bea, cara] = [newPerson(), newPerson(), newPerson()];
    for (const person of [anna, bea]) await say(person, 'marketing', 'CONFIRMED');
    for (const person of [anna, cara]) await say(person, 'events', 'CONFIRMED');
    expect(await send(anna, bea, cara)).toEqual(['QUEUED', 'CONSENT_MISSING', 'CONSENT_MISSING']);
  });

  it('asks for that again when a message of it is sent again', async () => {
    const { workspaceId, newPerson, say, send } = await begin({ purpose: 'events' });
    const anna = newPerson();
    await say(anna, 'marketing', 'CONFIRMED');
    await say(anna, 'events', 'CONFIRMED');
    await send(anna);
    const em = conversation.database.forTenant(workspaceId);
    await em.nativeUpdate(Message, {}, { status: 'UNCONFIRMED' });
    await say(anna, 'events', 'WITHDRAWN');
    const [{ id: messageId }] = (await em.find(Message, {})) as [Message];
    const ctx = requestContext(conversation.database, { workspaceId });
    const settled = settleUnconfirmedMessage(ctx, { messageId, decision: 'SEND_AGAIN' });
    await expect(settled).rejects.toMatchObject({ code: 'OPTED_OUT' });
  });
});

describe('a newsletter that is stopped', () => {
  it('is told to channels after what was queued of it', async () => {
    const { workspaceId, newsletterId, newPerson, say, send } = await begin();
    const anna = newPerson();
    await say(anna, 'marketing', 'CONFIRMED');
    await send(anna);
    await conversation.receive(workspaceId, newsletterStopped, { newsletterId });
    const log = await conversation.logOf(workspaceId);
    const [queued, stopped] = [messageQueued, newsletterMessagesStopped].map(({ name }) =>
      log.find((event) => event.name === name),
    );
    expect(stopped).toMatchObject({ data: { newsletterId } });
    expect(stopped!.seq).toBeGreaterThan(queued!.seq);
  });
});

describe('a newsletter that a budget holds', () => {
  it('is held until somebody approves all of it; a budget that stops stops it nevertheless', async () => {
    const { newPerson, say, send, start, hear } = await begin();
    const people = [newPerson(), newPerson(), newPerson()] as const;
    for (const person of people) await say(person, 'marketing', 'CONFIRMED');
    await hear('HOLD');
    expect(await send(people[0])).toEqual(['BUDGET_HELD']);
    await start(true);
    expect(await send(people[1])).toEqual(['QUEUED']);
    await hear('STOP');
    expect(await send(people[2])).toEqual(['BUDGET_USED_UP']);
  });
});
