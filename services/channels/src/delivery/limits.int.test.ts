import type { Envelope, MessageQueued, TemplateCategory } from '@fenster/contracts';
import { messageQueued } from '@fenster/contracts';
import { openDatabase, sql, transact, type Ctx, type Database } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../../test/support/test-database.js';
import { connectChannel } from '../channels/channel.commands.js';
import { cloudConnection, toCloudConnection } from '../channels/connect-whatsapp.js';
import { migrations } from '../migrations.js';
import { eventsOf, SECRET_KEY } from '../testing/channels.js';
import type { NextStep } from './attempt.js';
import { claimDue, type ClaimedMessage } from './claim-due.js';
import { messageQueuedConsumer } from './message-queued.consumer.js';
import { recordStep } from './outbound.commands.js';
import { tellDelayed } from './tell-delayed.js';

let testDatabase: Awaited<ReturnType<typeof createTestDatabase>>;
let database: Database;
let clock: Date;
let workspaceId: string;

const SECOND = 1_000;
const DAY = 86_400_000;
const LEASE = 30 * SECOND;
const log = createLogger('test', 'silent');

beforeAll(async () => {
  testDatabase = await createTestDatabase('channels', migrations);
  database = await openDatabase({ service: 'channels', url: testDatabase.url, poolSize: 8, entities: [], log });
});
afterAll(async () => {
  await database?.close();
  await testDatabase?.drop();
});
beforeEach(async () => {
  clock = new Date('2026-11-22T12:00:00Z');
  workspaceId = newId();
  // What other tests left is none of this one's.
  await sql`delete from outbound_message`.execute(database.system().getKysely());
});

const ctx: Ctx = {
  get database() {
    return database;
  },
  now: () => clock,
  log,
  wakeRelay: () => {},
  origin: { actor: { kind: 'system' }, correlationId: 'test' },
};
const pass = (ms: number) => (clock = new Date(clock.getTime() + ms));

let numbers = 0;
async function connect(overrides: { messagesPerSecond?: number; wabaId?: string } = {}): Promise<string> {
  numbers += 1;
  const connection = cloudConnection.parse({
    workspaceId,
    name: 'Number',
    phoneNumberId: String(1_000_000 + numbers),
    displayPhoneNumber: `+4930${100_000 + numbers}`,
    wabaId: String(2_000_000 + numbers),
    appId: String(3_000_000 + numbers),
    appSecret: 'secret',
    verifyToken: 'token',
    accessToken: 'token',
    apiBaseUrl: 'http://127.0.0.1:9',
    apiVersion: 'v26.0',
    currency: 'EUR',
    timeZone: 'Europe/Berlin',
    ...overrides,
  });
  return transact(ctx, (tx) => connectChannel(tx, SECRET_KEY, toCloudConnection(connection)));
}

async function setFact(channelId: string, name: string, value: string): Promise<void> {
  await sql`
    insert into channel_fact (workspace_id, channel_id, name, value, as_of)
    values (${workspaceId}, ${channelId}, ${name}, ${JSON.stringify(value)}, ${clock})
  `.execute(database.system().getKysely());
}

let position = 0;
interface Outgoing {
  channelId: string;
  threadId?: string;
  phone?: string;
  windowExpiresAt?: string | null;
  template?: TemplateCategory;
}

const templateOf = (category: TemplateCategory) => ({
  kind: 'template' as const,
  templateId: newId(),
  name: 'termin',
  language: 'de',
  category,
  text: 'Bis morgen!',
  body: [],
  buttons: [],
});

/** Queues messages as conversation would; returns their ids. */
async function queue(...messages: Outgoing[]): Promise<string[]> {
  const envelopes = messages.map(({ channelId, threadId = newId(), phone, windowExpiresAt, template }) => {
    position += 1;
    const data: MessageQueued = {
      messageId: newId(),
      threadId,
      conversationId: newId(),
      channelId,
      seq: position,
      to: { phone: phone ?? `+49151${1_000_000 + position}` },
      ...(template ? { type: 'template', content: templateOf(template) } : { type: 'text', text: 'Hallo' }),
      ...(windowExpiresAt !== undefined && { windowExpiresAt }),
    };
    const envelope: Envelope<MessageQueued> = {
      id: newId(),
      name: messageQueued.name,
      version: 1,
      workspaceId,
      seq: position,
      entityId: data.messageId,
      occurredAt: clock.toISOString(),
      recordedAt: clock.toISOString(),
      actor: { kind: 'member', id: newId() },
      correlationId: 'reply',
      dataClass: 'message_body',
      data,
    };
    return envelope;
  });
  const consumer = messageQueuedConsumer({ secretKey: SECRET_KEY, wakeSender: () => {} });
  await transact(ctx, (tx) => consumer.subscriptions[0]!.handle(tx, envelopes as Envelope[]));
  return envelopes.map(({ entityId }) => entityId);
}

let accepted = 0;
const accept = (): NextStep => ({ kind: 'accepted', providerMessageId: `wamid.${(accepted += 1)}` });

/** What so many processes take at one moment; each of what they take is answered at once. */
async function claimTogether(processes: number, limit = 16): Promise<ClaimedMessage[]> {
  const claims = await Promise.all(Array.from({ length: processes }, () => claimDue(ctx, limit, LEASE)));
  const messages = claims.flatMap((claim) => claim.messages);
  for (const message of messages) await recordStep(ctx, message, accept(), true);
  return messages;
}

/** Takes one after the other until there is nothing that may leave now. */
async function claimAll(): Promise<string[]> {
  const ids: string[] = [];
  for (let some = await claimTogether(1); some.length > 0; some = await claimTogether(1))
    ids.push(...some.map(({ id }) => id));
  return ids;
}

const delaysOf = async (messageId: string) =>
  (await eventsOf(database, workspaceId))
    .filter(({ name, data }) => name === 'channels.message.delayed' && data.messageId === messageId)
    .map(({ data }) => data);

describe('the limit of a number', () => {
  it('holds for several processes together, and nothing is lost, doubled or turned around', async () => {
    const slow = await connect({ messagesPerSecond: 20 });
    const other = await connect();
    const threads = Array.from({ length: 10 }, () => ({ threadId: newId(), phone: `+49160${1_000_000 + numbers++}` }));
    const sent: { id: string; at: number }[] = [];
    const ids: string[] = [];
    for (let round = 0; round < 7; round += 1)
      ids.push(...(await queue(...threads.map((thread) => ({ channelId: slow, ...thread })))));
    const others = await queue(...Array.from({ length: 20 }, () => ({ channelId: other })));

    for (let step = 0; step < 400 && sent.length < ids.length + others.length; step += 1) {
      for (const { id } of await claimTogether(3, 4)) sent.push({ id, at: clock.getTime() });
      pass(20);
    }

    expect(sent.map(({ id }) => id).toSorted()).toEqual([...ids, ...others].toSorted());
    const ofSlow = sent.filter(({ id }) => ids.includes(id));
    for (const [index, { at }] of ofSlow.entries()) {
      const later = ofSlow[index + 20];
      expect(later === undefined || later.at - at >= SECOND).toBe(true);
    }
    for (const [index] of threads.entries()) {
      const ofThread = ids.filter((_id, at) => at % threads.length === index);
      expect(ofSlow.map(({ id }) => id).filter((id) => ofThread.includes(id))).toEqual(ofThread);
    }
    // Those of the other number did not wait for it.
    const lastOther = Math.max(...sent.filter(({ id }) => others.includes(id)).map(({ at }) => at));
    expect(lastOther).toBeLessThan(ofSlow[20]!.at);
  });

  it('says when there is more to send', async () => {
    const channelId = await connect({ messagesPerSecond: 10 });
    await queue({ channelId }, { channelId });
    const first = await claimDue(ctx, 16, LEASE);
    expect(first.messages).toHaveLength(1);
    expect(first.againAt).toEqual(new Date(clock.getTime() + 100));
    expect((await claimDue(ctx, 16, LEASE)).messages).toEqual([]);
    pass(100);
    expect((await claimDue(ctx, 16, LEASE)).messages).toHaveLength(1);
    expect((await claimDue(ctx, 16, LEASE)).againAt).toBeUndefined();
  });

  it('is told to those who wait for it for two seconds, once', async () => {
    const channelId = await connect({ messagesPerSecond: 1 });
    const ids = await queue(...Array.from({ length: 5 }, () => ({ channelId })));
    for (let second = 0; second < 2; second += 1) {
      await claimTogether(1);
      pass(SECOND - 1);
      await tellDelayed(ctx);
      for (const id of ids) expect(await delaysOf(id)).toEqual([]);
      pass(1);
    }
    await claimTogether(1);
    await tellDelayed(ctx);
    await tellDelayed(ctx);
    const told = await Promise.all(ids.map(delaysOf));
    expect(told.filter((delays) => delays.length > 0)).toMatchObject([
      [{ reason: 'NUMBER_LIMIT', channelId }],
      [{ reason: 'NUMBER_LIMIT', channelId }],
    ]);
  });

  it('waits as long as the provider says', async () => {
    const channelId = await connect();
    await queue({ channelId }, { channelId });
    const [first] = (await claimDue(ctx, 1, LEASE)).messages;
    const at = new Date(clock.getTime() + 4 * SECOND);
    const step: NextStep = { kind: 'retry', at, reason: 'Busy.', waitingFor: 'NUMBER_LIMIT', limitOf: 'number' };
    await recordStep(ctx, first!, step, true);
    expect(await delaysOf(first!.id)).toMatchObject([{ reason: 'NUMBER_LIMIT', until: at.toISOString() }]);
    pass(4 * SECOND - 1);
    expect(await claimAll()).toEqual([]);
    pass(1);
    expect((await claimDue(ctx, 16, LEASE)).messages).toHaveLength(1);
  });
});

describe('the limit to one person', () => {
  it('lets 45 leave on credit and then one in six seconds, in their order, whatever the number of processes', async () => {
    const channelId = await connect();
    const thread = { channelId, threadId: newId(), phone: '+4916099' };
    const ids = await queue(...Array.from({ length: 48 }, () => thread));
    const sent: string[] = [];
    for (let step = 0; step < 200; step += 1) {
      for (const { id } of await claimTogether(2)) sent.push(id);
      pass(13);
      if (sent.length === 45) break;
    }
    expect(sent).toEqual(ids.slice(0, 45));
    const since = clock.getTime();
    expect(await claimAll()).toEqual([]);

    const [delay] = await delaysOf(ids[45]!);
    expect(delay).toMatchObject({ reason: 'PAIR_LIMIT' });
    const until = new Date(delay!.until as string);
    expect(until.getTime() - since).toBeGreaterThan(0);
    expect(until.getTime() - since).toBeLessThanOrEqual(6 * SECOND);
    clock = new Date(until.getTime() - 1);
    expect(await claimAll()).toEqual([]);
    clock = until;
    expect(await claimAll()).toEqual([ids[45]]);
    pass(6 * SECOND - 1);
    expect(await claimAll()).toEqual([]);
    pass(1);
    expect(await claimAll()).toEqual([ids[46]]);
    await tellDelayed(ctx);
    expect(await delaysOf(ids[47]!)).toMatchObject([{ reason: 'PAIR_LIMIT' }]);
  });

  it('says of those behind that they wait for an earlier message, and hinders nobody else', async () => {
    const channelId = await connect();
    const thread = { channelId, threadId: newId(), phone: '+4916098' };
    const [first, second] = await queue(thread, thread);
    const [claimed] = (await claimDue(ctx, 1, LEASE)).messages;
    expect(claimed!.id).toBe(first);
    const at = new Date(clock.getTime() + 16 * SECOND);
    await recordStep(
      ctx,
      claimed!,
      { kind: 'retry', at, reason: 'Slowly.', waitingFor: 'PAIR_LIMIT', limitOf: 'pair' },
      true,
    );
    // Another thread with the same person has the same limit.
    const [sameNumber, somebodyElse] = await queue({ channelId, phone: '+4916098' }, { channelId });
    expect(await claimAll()).toEqual([somebodyElse]);
    expect(await delaysOf(sameNumber!)).toMatchObject([{ reason: 'PAIR_LIMIT', until: at.toISOString() }]);
    pass(2 * SECOND);
    await tellDelayed(ctx);
    expect(await delaysOf(second!)).toMatchObject([{ reason: 'EARLIER_MESSAGE' }]);
    clock = at;
    const [next] = await claimAll();
    expect([first, sameNumber]).toContain(next);
    pass(6 * SECOND);
    pass(6 * SECOND);
    const rest = await claimAll();
    expect(rest.indexOf(second!)).toBeGreaterThanOrEqual(0);
    expect([next, ...rest].toSorted()).toEqual([first, second, sameNumber].toSorted());
    expect([next, ...rest].indexOf(first)).toBeLessThan([next, ...rest].indexOf(second));
  });
});

describe('the limit of a portfolio', () => {
  it('counts persons outside their windows in 24 hours, over all its numbers and processes', async () => {
    const channels = [await connect({ wabaId: '77' }), await connect({ wabaId: '77' })];
    for (const channelId of channels) await setFact(channelId, 'messagingLimit', 'TIER_3');
    const outside = channels.flatMap((channelId) => [
      { channelId, windowExpiresAt: null },
      { channelId, windowExpiresAt: clock.toISOString() },
    ]);
    const again = { channelId: channels[0]!, phone: '+4916097', windowExpiresAt: null };
    await queue(again, again);
    expect(await claimAll()).toHaveLength(2);
    const start = clock;
    pass(SECOND);
    const ids = await queue(...outside);
    const inside = new Date(clock.getTime() + SECOND).toISOString();
    const free = await queue(
      { channelId: channels[0]!, windowExpiresAt: inside },
      { channelId: channels[1]! },
      { ...again, channelId: channels[1]! },
    );
    const sentIds = [...(await claimTogether(2)).map(({ id }) => id), ...(await claimAll())];
    expect(sentIds.filter((id) => free.includes(id)).toSorted()).toEqual(free.toSorted());
    expect(sentIds.filter((id) => ids.includes(id))).toHaveLength(2);
    const waiting = ids.filter((id) => !sentIds.includes(id));
    for (const id of waiting) {
      expect(await delaysOf(id)).toMatchObject([{ reason: 'PORTFOLIO_LIMIT' }]);
    }
    // The first who counted was written to once more meanwhile, and so counts a second longer.
    clock = new Date(start.getTime() + DAY + SECOND - 1);
    expect(await claimAll()).toEqual([]);
    pass(1);
    expect((await claimAll()).toSorted()).toEqual(waiting.toSorted());
  });

  const outside = (channelId: string, phone?: string) => ({
    channelId,
    windowExpiresAt: null,
    ...(phone && { phone }),
  });
  const told = (channelId: string, ...facts: [string, string][]) =>
    Promise.all(facts.map(([name, value]) => setFact(channelId, name, value)));

  it('counts persons who get templates, of whatever category, once each and not within their windows', async () => {
    const channelId = await connect();
    await told(channelId, ['messagingLimit', 'TIER_2']);
    const windowExpiresAt = new Date(clock.getTime() + DAY).toISOString();
    const within = await queue(
      ...Array.from({ length: 3 }, () => ({ channelId, windowExpiresAt, template: 'UTILITY' as const })),
    );
    expect((await claimAll()).toSorted()).toEqual(within.toSorted());
    const [marketing, authentication, again, late] = await queue(
      { ...outside(channelId, '+49160971'), template: 'MARKETING' },
      { ...outside(channelId, '+49160972'), template: 'AUTHENTICATION' },
      { ...outside(channelId, '+49160971'), template: 'UTILITY' },
      { ...outside(channelId, '+49160973'), template: 'UTILITY' },
    );
    expect((await claimAll()).toSorted()).toEqual([marketing, authentication, again].toSorted());
    expect(await delaysOf(late!)).toMatchObject([{ reason: 'PORTFOLIO_LIMIT' }]);
    pass(DAY);
    expect(await claimAll()).toEqual([late]);
  });

  it('is one for all accounts of a portfolio, also for numbers of which only the others tell', async () => {
    const [first, second, unread, other] = [
      await connect(),
      await connect({ wabaId: '88' }),
      await connect({ wabaId: '88' }),
      await connect(),
    ];
    await told(first, ['portfolioId', 'P1'], ['messagingLimit', 'TIER_2']);
    await told(second, ['portfolioId', 'P1']);
    await told(other, ['portfolioId', 'P2']);
    const ids = await queue(outside(second), outside(unread), outside(unread));
    const [elsewhere] = await queue(outside(other));
    const sent = await claimAll();
    expect(sent).toContain(elsewhere);
    expect(sent.filter((id) => ids.includes(id))).toHaveLength(2);
  });

  it('is what the provider last said of it, of whatever number it was', async () => {
    const [first, second] = [await connect(), await connect()];
    await told(first, ['portfolioId', 'P3'], ['messagingLimit', 'TIER_1']);
    pass(SECOND);
    await told(second, ['portfolioId', 'P3'], ['messagingLimit', 'TIER_3']);
    await queue(...Array.from({ length: 4 }, () => outside(first)));
    expect(await claimAll()).toHaveLength(3);
  });

  it('counts whom its accounts wrote to before anybody knew that they are one', async () => {
    const [first, second] = [await connect(), await connect()];
    for (const channelId of [first, second]) await setFact(channelId, 'messagingLimit', 'TIER_3');
    await queue(outside(first, '+49160981'), outside(second, '+49160982'), outside(second, '+49160981'));
    expect(await claimAll()).toHaveLength(3);
    for (const channelId of [first, second]) await setFact(channelId, 'portfolioId', 'P4');
    await queue(outside(first, '+49160982'), outside(first, '+49160983'), outside(second, '+49160984'));
    // Two persons count already, one of them is written to again, and one place is left.
    const sent = await claimAll();
    expect(sent).toHaveLength(2);
    await queue(outside(second, '+49160981'));
    expect(await claimAll()).toHaveLength(1);
  });

  it('is none where the provider told none', async () => {
    const channelId = await connect();
    await queue(...Array.from({ length: 6 }, () => ({ channelId, windowExpiresAt: null })));
    expect(await claimAll()).toHaveLength(6);
  });
});

describe('a provider that does not answer', () => {
  const silence = (at = clock): NextStep => ({
    kind: 'retry',
    at,
    reason: 'ECONNREFUSED',
    waitingFor: 'PROVIDER_UNREACHABLE',
  });

  it('is left alone for a while, then asked with one message, and no other number is touched', async () => {
    const [channelId, other] = [await connect(), await connect()];
    const ids = await queue(...Array.from({ length: 8 }, () => ({ channelId })));
    const { messages } = await claimDue(ctx, 5, LEASE);
    expect(messages).toHaveLength(5);
    for (const message of messages) await recordStep(ctx, message, silence(), false);
    const start = clock;

    expect((await claimDue(ctx, 16, LEASE)).messages).toEqual([]);
    const [elsewhere] = await queue({ channelId: other });
    expect(await claimAll()).toEqual([elsewhere]);
    pass(3 * SECOND);
    await tellDelayed(ctx);
    const until = new Date(start.getTime() + 5 * SECOND).toISOString();
    expect(await delaysOf(ids[7]!)).toMatchObject([{ reason: 'PROVIDER_UNREACHABLE', until }]);

    pass(2 * SECOND);
    const probe = (await claimDue(ctx, 16, LEASE)).messages;
    expect(probe).toMatchObject([{ isProbe: true }]);
    expect((await claimDue(ctx, 16, LEASE)).messages).toEqual([]);
    await recordStep(ctx, probe[0]!, silence(), false);
    pass(9_999);
    expect((await claimDue(ctx, 16, LEASE)).messages).toEqual([]);
    pass(1);
    const [second] = (await claimDue(ctx, 16, LEASE)).messages;
    await recordStep(ctx, second!, accept(), true);
    expect((await claimAll()).toSorted()).toEqual(ids.filter((id) => id !== second!.id).toSorted());
  });

  it('is asked again though the process that asked died', async () => {
    const channelId = await connect();
    await queue(...Array.from({ length: 7 }, () => ({ channelId })));
    for (const message of (await claimDue(ctx, 5, LEASE)).messages) await recordStep(ctx, message, silence(), false);
    pass(5 * SECOND);
    expect((await claimDue(ctx, 16, LEASE)).messages).toHaveLength(1);
    pass(LEASE - 1);
    expect((await claimDue(ctx, 16, LEASE)).messages).toEqual([]);
    pass(1);
    expect((await claimDue(ctx, 16, LEASE)).messages).toHaveLength(1);
  });

  it('is not left alone while some attempts are answered', async () => {
    const channelId = await connect();
    await queue(...Array.from({ length: 20 }, () => ({ channelId })));
    for (let round = 0; round < 12; round += 1) {
      const [message] = (await claimDue(ctx, 1, LEASE)).messages;
      const isAnswered = round % 4 === 3;
      await recordStep(ctx, message!, isAnswered ? accept() : silence(new Date(clock.getTime() + DAY)), isAnswered);
      pass(20);
    }
    expect((await claimDue(ctx, 4, LEASE)).messages).toHaveLength(4);
  });
});
