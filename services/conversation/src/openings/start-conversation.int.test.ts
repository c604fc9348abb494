import type { ActionGrant, Actor, Permission } from '@fenster/auth';
import {
  channelChanged,
  channelMessageReceived,
  channelRecipientIdentified,
  conversationOpened,
  messageQueued,
  templateCategoryChanged,
  templateCategoryTold,
  templateChanged,
  threadOpened,
  type TemplateChanged,
} from '@fenster/contracts';
import { sql, transact, violatedConstraint } from '@fenster/database';
import { DomainError, newId } from '@fenster/runtime';
import { eventually } from '../../../../test/support/eventually.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Conversation } from '../conversations/conversation.entity.js';
import { askSendGate, replyOptions } from '../messages/check-send.queries.js';
import { channelEventsConsumer } from '../messages/channel-events.consumer.js';
import { sendMessage } from '../messages/message.commands.js';
import { requestChange } from '../conversations/change-conversation.js';
import { resolving } from '../status/status.commands.js';
import { Thread } from '../threads/thread.entity.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';
import { requestContext } from '../testing/request-context.js';
import { startConversation } from './start-conversation.commands.js';

let conversation: TestConversation;
let now = new Date('2026-11-22T10:00:00Z');
let workspaceId: string;
const HOUR = 3_600_000;
const ACCOUNT = 'waba1';
const memberId = newId();
const phone = '+4915112345678';

beforeAll(async () => {
  conversation = await createTestConversation(() => now);
});
afterAll(() => conversation?.close());

const TERMIN: Omit<TemplateChanged, 'templateId'> = {
  accountId: ACCOUNT,
  name: 'termin',
  language: 'de',
  status: 'APPROVED',
  category: 'UTILITY',
  quality: 'GREEN',
  parameterFormat: 'POSITIONAL',
  definition: { body: { text: 'Hallo {{1}}, bis morgen!', examples: [] }, buttons: [], unknownParts: [] },
};
let templateId: string;
const tell = (over: Partial<TemplateChanged> = {}) =>
  conversation.receive(workspaceId, templateChanged, { ...TERMIN, templateId, ...over });

beforeEach(async () => {
  now = new Date('2026-11-22T10:00:00Z');
  workspaceId = newId();
  templateId = newId();
  const { channelId } = conversation;
  await conversation.receive(workspaceId, channelChanged, {
    channelId,
    name: 'Mitte',
    accountId: ACCOUNT,
    state: 'ACTIVE',
  });
  await tell();
});

const contextOf = (rights: Partial<Actor> = {}) =>
  requestContext(conversation.database, { id: memberId, workspaceId, ...rights }, () => now);
let keys = 0;
const template = (over: object = {}) => ({ templateId, body: [{ text: 'Anna' }], ...over });
const inputOf = (over: object = {}) => ({
  channelId: conversation.channelId,
  phone,
  content: { template: template() },
  idempotencyKey: `start-${(keys += 1)}`,
  ...over,
});
const start = (over: object = {}, rights: Partial<Actor> = {}) => startConversation(contextOf(rights), inputOf(over));
async function refusalOf(work: Promise<unknown>): Promise<{ code: string; field?: string | undefined }> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DomainError)) throw error ?? new Error('It was not refused.');
  return { code: error.code, field: error.field };
}
const eventsNamed = async (name: string) =>
  (await conversation.logOf(workspaceId))
    .filter((event) => event.name === name)
    .map(({ data }) => data as Record<string, unknown>);
const em = () => conversation.database.forTenant(workspaceId);
const write = (over: Parameters<typeof customerMessage>[1] = {}) =>
  conversation.receive(
    workspaceId,
    channelMessageReceived,
    customerMessage(conversation.channelId, { identity: { phone, bsuid: 'DE.1' }, sentAt: now.toISOString(), ...over }),
  );

describe('writing to somebody first', () => {
  it('opens a thread and a conversation for who is new, which is the work of who began it', async () => {
    const sent = await start({ phone: '+49 151 12345678' });
    expect(sent).toMatchObject({ seq: 1, status: 'QUEUED', type: 'template', text: 'Hallo Anna, bis morgen!' });
    const opened = await em().findOneOrFail(Conversation, { id: sent.conversationId });
    expect(opened).toMatchObject({ status: 'OPEN', assigneeId: memberId, lastSeq: 1 });
    expect(await eventsNamed(threadOpened.name)).toMatchObject([{ contactId: opened.contactId, identity: { phone } }]);
    expect(await eventsNamed(conversationOpened.name)).toHaveLength(1);
    expect(await eventsNamed(messageQueued.name)).toMatchObject([
      {
        type: 'template',
        to: { phone },
        windowExpiresAt: null,
        freeEntryExpiresAt: null,
        content: { kind: 'template', templateId, name: 'termin', language: 'de', category: 'UTILITY' },
      },
    ]);
  });

  it('gets the answer into the same thread and conversation', async () => {
    const sent = await start();
    await write({ text: 'Gern' });
    const threads = await em().find(Thread, {});
    expect(threads).toMatchObject([{ id: sent.threadId, bsuid: 'DE.1', lastSeq: 2 }]);
    expect(await em().count(Conversation, {})).toBe(1);
  });

  it('sends once, however often it is called with one key', async () => {
    const input = inputOf();
    const first = await startConversation(contextOf(), input);
    expect((await startConversation(contextOf(), input)).id).toBe(first.id);
    expect(await refusalOf(startConversation(contextOf(), { ...input, phone: '+4915100000000' }))).toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
    expect(await eventsNamed(messageQueued.name)).toHaveLength(1);
  });

  it('makes one thread of one person, also when two colleagues write at once, or the person does', async () => {
    const [one, other] = await Promise.all([start(), start()]);
    expect(other.threadId).toBe(one.threadId);
    expect(other.conversationId).toBe(one.conversationId);
    expect(await em().count(Thread, {})).toBe(1);
    const all = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => {
        const somebody = `+4915199999${index % 4}00`;
        return index < 4
          ? start({ phone: somebody })
          : write({ identity: { phone: somebody }, providerMessageId: `wamid.race${index}` }).catch(() =>
              // As its consumer does: what failed is received once more.
              write({ identity: { phone: somebody }, providerMessageId: `wamid.race${index}` }),
            );
      }),
    );
    expect(all.filter(({ status }) => status === 'rejected')).toEqual([]);
    const { rows } = await sql<{ phone: string; threads: string }>`
      select phone, count(*) as threads from thread where workspace_id = ${workspaceId} group by phone
    `.execute(conversation.database.system().getKysely());
    expect(rows.map(({ threads }) => Number(threads))).toEqual([1, 1, 1, 1, 1]);
  });

  it('is found by what the person writes at the same moment, once that is received again', async () => {
    const committing = Promise.withResolvers<void>();
    const inserted = Promise.withResolvers<void>();
    const [threadId, { channelId }] = [newId(), conversation];
    const beginning = transact(contextOf(), async (tx) => {
      await sql`insert into thread (workspace_id, id, channel_id, contact_id, phone, last_seq, created_at)
        values (${workspaceId}, ${threadId}, ${channelId}, ${newId()}, ${phone}, 0, ${now})`.execute(tx.sql);
      await sql`insert into thread_identity (workspace_id, channel_id, kind, value, thread_id, created_at)
        values (${workspaceId}, ${channelId}, 'PHONE', ${phone}, ${threadId}, ${now})`.execute(tx.sql);
      inserted.resolve();
      await committing.promise;
    });
    await inserted.promise;
    const writing = write().then(
      () => 'received',
      (error: unknown) => violatedConstraint(error),
    );
    await eventually(async () => {
      const { rows } = await sql`select from pg_locks where not granted`.execute(
        conversation.database.system().getKysely(),
      );
      expect(rows).not.toEqual([]);
    });
    committing.resolve();
    await beginning;
    expect(await writing).toBe('thread_identity_pkey');
    await write();
    expect(await em().find(Thread, {})).toMatchObject([{ id: threadId, lastSeq: 1, bsuid: 'DE.1' }]);
  });

  describe('whom the provider knows by another number', () => {
    const [dialled, known] = ['+5531987654321', '+553187654321'];
    const identify = (messageId: string, number = known) =>
      conversation.receive(workspaceId, channelRecipientIdentified, {
        channelId: conversation.channelId,
        messageId,
        identity: { phone: number },
      });

    it('is answered in the same thread, and found by both numbers', async () => {
      const sent = await start({ phone: dialled });
      await identify(sent.id);
      await identify(sent.id);
      await write({ identity: { phone: known, bsuid: 'BR.1' } });
      expect(await em().find(Thread, {})).toMatchObject([
        { id: sent.threadId, lastSeq: 2, phone: known, bsuid: 'BR.1' },
      ]);
      for (const number of [dialled, known]) expect((await start({ phone: number })).threadId).toBe(sent.threadId);
    });

    it('is known before what they write, where both come together', () => {
      const order = channelEventsConsumer.subscriptions.map(({ event }) => event.name);
      expect(order.indexOf(channelRecipientIdentified.name)).toBeLessThan(order.indexOf(channelMessageReceived.name));
    });

    it('is not taken for somebody else who has that number', async () => {
      await write({ identity: { phone: known } });
      const [theirs] = await em().find(Thread, {});
      const sent = await start({ phone: dialled });
      await identify(sent.id);
      await write({ identity: { phone: known } });
      expect(await em().findOneOrFail(Thread, { id: theirs!.id })).toMatchObject({ lastSeq: 2 });
      expect(await em().findOneOrFail(Thread, { id: sent.threadId })).toMatchObject({ lastSeq: 1, phone: dialled });
    });

    it('is nobody of another workspace', async () => {
      const sent = await start({ phone: dialled });
      const mine = workspaceId;
      workspaceId = newId();
      await identify(sent.id);
      const { rows } = await sql<{ workspace_id: string; value: string }>`
        select workspace_id, value from thread_identity where thread_id = ${sent.threadId}
      `.execute(conversation.database.system().getKysely());
      expect(rows).toEqual([{ workspace_id: mine, value: dialled }]);
    });
  });

  it('goes on in the conversation that is open, reopens what was just resolved, and begins anew after that', async () => {
    await write();
    const [open] = await em().find(Conversation, {});
    expect((await start()).conversationId).toBe(open!.id);
    await requestChange(contextOf(), open!.id, () => resolving({}));
    now = new Date(now.getTime() + 23 * HOUR);
    expect((await start()).conversationId).toBe(open!.id);
    expect(await em().findOneOrFail(Conversation, { id: open!.id })).toMatchObject({ status: 'OPEN' });
    await requestChange(contextOf(), open!.id, () => resolving({}));
    now = new Date(now.getTime() + 25 * HOUR);
    const later = await start();
    expect(later.conversationId).not.toBe(open!.id);
    expect(later.seq).toBe(4);
  });

  it('reaches by a contact who is known on the channel, or on another by number', async () => {
    await write();
    const [known] = await em().find(Thread, {});
    const { contactId } = known!;
    expect((await start({ phone: null, contactId })).threadId).toBe(known!.id);
    const second = newId();
    await conversation.receive(workspaceId, channelChanged, {
      channelId: second,
      name: 'Nord',
      accountId: ACCOUNT,
      state: 'ACTIVE',
    });
    const there = await start({ phone: null, contactId, channelId: second });
    expect(await em().findOneOrFail(Thread, { id: there.threadId })).toMatchObject({
      contactId,
      phone,
      channelId: second,
    });
    expect(await refusalOf(start({ phone: null, contactId: newId() }))).toEqual({
      code: 'NOT_FOUND',
      field: 'contactId',
    });
    const without = { permissions: ['message:send', 'conversation:read', 'conversation:read_all'] as Permission[] };
    expect(await refusalOf(start({ phone: null, contactId }, without))).toEqual({
      code: 'NOT_FOUND',
      field: 'contactId',
    });
  });

  it('says what is wrong with whom', async () => {
    expect(await refusalOf(start({ phone: '0151 1234' }))).toEqual({ code: 'INVALID_INPUT', field: 'phone' });
    expect(await refusalOf(start({ phone: null }))).toEqual({ code: 'INVALID_INPUT', field: 'phone' });
    expect(await refusalOf(start({ contactId: newId() }))).toEqual({ code: 'INVALID_INPUT', field: 'phone' });
    expect(await refusalOf(start({ channelId: newId() }))).toEqual({ code: 'NOT_FOUND', field: 'channelId' });
    expect(await em().count(Thread, {})).toBe(0);
  });

  it('leaves nothing behind that the gate refuses', async () => {
    expect(await refusalOf(start({ content: { text: { body: 'Hallo' } } }))).toMatchObject({ code: 'WINDOW_CLOSED' });
    await tell({ status: 'PAUSED' });
    expect(await refusalOf(start())).toMatchObject({ code: 'TEMPLATE_NOT_USABLE' });
    expect(await em().count(Thread, {})).toBe(0);
    expect(await conversation.logOf(workspaceId)).toEqual([]);
  });

  it('is for who may answer on the channel; and who sees no more than that is told of colleagues, not of the talk', async () => {
    const agent = { permissions: ['message:send', 'conversation:read'] as Permission[] };
    expect(await refusalOf(start({}, agent))).toEqual({ code: 'NOT_FOUND', field: 'channelId' });
    const ofChannel = { ...agent, channelIds: [conversation.channelId] };
    const mine = await start({}, ofChannel);
    expect(mine.status).toBe('QUEUED');
    const colleague = { ...ofChannel, id: newId() };
    expect(await refusalOf(start({}, colleague))).toMatchObject({ code: 'ANOTHER_CONVERSATION_OPEN' });
  });
});

describe('templates in a conversation', () => {
  let conversationId: string;
  beforeEach(async () => {
    await write();
    conversationId = (await em().find(Conversation, {}))[0]!.id;
    now = new Date(now.getTime() + 25 * HOUR);
  });
  const send = (over: object = {}, rights: Partial<Actor> = {}) =>
    sendMessage(contextOf(rights), {
      conversationId,
      content: { template: template(over) },
      idempotencyKey: `send-${(keys += 1)}`,
    });

  it('are sent outside the window, by id, or by name and language however they are spelt', async () => {
    expect(await send()).toMatchObject({ type: 'template', text: 'Hallo Anna, bis morgen!' });
    expect(await send({ templateId: null, name: 'termin', language: 'DE' })).toMatchObject({ status: 'QUEUED' });
    expect(await refusalOf(send({ templateId: null, name: 'termin', language: 'fr' }))).toEqual({
      code: 'INVALID_INPUT',
      field: 'content.template.name',
    });
    expect(await refusalOf(send({ templateId: null, name: 'termin' }))).toMatchObject({
      field: 'content.template.language',
    });
    expect(await refusalOf(send({ templateId: newId() }))).toMatchObject({ field: 'content.template.templateId' });
    expect(await refusalOf(send({ body: [] }))).toMatchObject({ field: 'content.template.body' });
  });

  it('keep the category that they were sent with', async () => {
    await send();
    await tell({ category: 'AUTHENTICATION' });
    await send({ body: [{ text: '123456' }] });
    expect(
      (await eventsNamed(messageQueued.name)).map(({ content }) => (content as { category: string }).category),
    ).toEqual(['UTILITY', 'AUTHENTICATION']);
  });

  it('of another account or another workspace are none here', async () => {
    const foreign = newId();
    await tell({ templateId: foreign, accountId: 'waba2' });
    expect(await refusalOf(send({ templateId: foreign }))).toMatchObject({ field: 'content.template.templateId' });
    const elsewhere = newId();
    await conversation.receive(newId(), templateChanged, { ...TERMIN, templateId: elsewhere });
    expect(await refusalOf(send({ templateId: elsewhere }))).toMatchObject({ field: 'content.template.templateId' });
  });

  it('that drift to another category are told to subscribers', async () => {
    const about = { templateId, name: 'termin', language: 'de', from: 'UTILITY', to: 'MARKETING' } as const;
    await conversation.receive(workspaceId, templateCategoryChanged, { ...about, phase: 'ANNOUNCED' });
    expect(await eventsNamed(templateCategoryTold.name)).toEqual([{ ...about, phase: 'ANNOUNCED' }]);
  });

  it('are asked for beforehand, and offered', async () => {
    const options = await replyOptions(contextOf(), conversationId);
    expect(options.find(({ kind }) => kind === 'TEMPLATE')).toMatchObject({ isAllowed: true, allowedUntil: null });
    expect(options.find(({ kind }) => kind === 'TEXT')).toMatchObject({ isAllowed: false });
    const check = async (over: object = {}) =>
      (await askSendGate(contextOf(), { conversationId, content: { template: template(over) } })).reasons.map(
        ({ code }) => code,
      );
    expect(await check()).toEqual([]);
    await tell({ status: 'REJECTED' });
    expect(await check()).toEqual(['TEMPLATE_NOT_USABLE']);
  });

  it('are sent by a program that may send this one, and no other', async () => {
    const grants: ActionGrant[] = [
      { action: 'message:send', resource: 'template:termin', quota: { count: 1, per: 'DAY' } },
    ];
    const key = {
      kind: 'api_key',
      id: newId(),
      permissions: ['conversation:read', 'conversation:read_all'],
      grants,
    } as const;
    const other = newId();
    await tell({ templateId: other, name: 'angebot' });
    expect(await refusalOf(send({ templateId: other }, key))).toMatchObject({ code: 'BEYOND_API_KEY' });
    const options = await replyOptions(contextOf(key), conversationId);
    expect(options.filter(({ isAllowed }) => isAllowed).map(({ kind }) => kind)).toEqual(['TEMPLATE']);
    expect(await send({}, key)).toMatchObject({ status: 'QUEUED', apiKeyId: key.id });
    expect(await refusalOf(send({}, key))).toMatchObject({ code: 'QUOTA_EXCEEDED' });
  });
});
