import {
  channelMessageReceived,
  channelStatusReceived,
  messageReceived,
  serviceWindowChanged,
  serviceWindowClosed,
  serviceWindowClosing,
  type EventData,
} from '@fenster/contracts';
import { sql } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestConversation, customerMessage, status, type TestConversation } from '../testing/conversation.js';
import { runDueTimers } from '../timers/timer-runner.js';
import { timers } from '../timers/timers.js';
import { Message } from '../messages/message.entity.js';
import { Thread } from './thread.entity.js';

let conversation: TestConversation;
let workspaceId: string;
let now: Date;

beforeAll(async () => {
  conversation = await createTestConversation(() => now);
});
afterAll(() => conversation.close());
beforeEach(() => {
  workspaceId = newId();
  now = new Date('2026-11-23T09:00:00Z');
});

const HOUR_MS = 3_600_000;
const inHours = (hours: number) => new Date(now.getTime() + hours * HOUR_MS);
const write = (overrides: Parameters<typeof customerMessage>[1] = {}) =>
  conversation.receive(
    workspaceId,
    channelMessageReceived,
    customerMessage(conversation.channelId, { sentAt: now.toISOString(), ...overrides }),
  );
/** As if the process had looked at this moment. */
async function lookAt(time: Date): Promise<void> {
  now = time;
  const { database } = conversation;
  const log = createLogger('test', 'silent');
  await runDueTimers({ database, now: () => now, log, wakeRelay: () => {} }, timers);
}
const threadOf = async () => (await conversation.database.forTenant(workspaceId).find(Thread, {}))[0]!;
async function told() {
  const log = await conversation.logOf(workspaceId);
  const names = [messageReceived, serviceWindowChanged, serviceWindowClosing, serviceWindowClosed].map(
    ({ name }) => name,
  );
  return log
    .filter(({ name }) => names.includes(name as never))
    .map(({ name, data, recordedAt }) => {
      const { windowChange, kind, change } = data as Partial<Record<string, string>>;
      const hour = (new Date(recordedAt).getTime() - new Date('2026-11-23T09:00:00Z').getTime()) / HOUR_MS;
      return [name.split('.').slice(-2).join('.'), windowChange ?? change ?? kind ?? null, hour];
    });
}

/** Our reply, as if it had been sent. */
async function reply(): Promise<string> {
  const em = conversation.database.forTenant(workspaceId);
  const [first] = await em.find(Message, {});
  const thread = await threadOf();
  const { conversationId } = first!;
  const id = newId();
  await em.insert(Message, {
    id,
    workspaceId,
    threadId: thread.id,
    conversationId,
    channelId: conversation.channelId,
    seq: thread.lastSeq + 1,
    direction: 'OUTBOUND',
    type: 'text',
    text: 'Ja',
    status: 'QUEUED',
    sentAt: now,
    createdAt: now,
  });
  return id;
}

describe('the service window of a thread', () => {
  it('is opened by one message, extended by others, and tells so with these messages and in no other event', async () => {
    await write();
    now = inHours(1);
    await write();
    const thread = await threadOf();
    const [first] = await conversation.database.forTenant(workspaceId).find(Message, { seq: 1 });
    expect(thread).toMatchObject({
      windowOpenedAt: new Date('2026-11-23T09:00:00Z'),
      windowOpenedBy: first!.id,
      windowExpiresAt: inHours(24),
    });
    expect(await told()).toEqual([
      ['message.received', 'opened', 0],
      ['message.received', 'extended', 1],
    ]);
  });

  it('tells an hour before its end that it closes, and at its end that it is closed, once', async () => {
    await write();
    const opened = now;
    for (const hours of [22.9, 23, 23, 23.5, 24, 24, 30]) {
      await lookAt(new Date(opened.getTime() + hours * HOUR_MS));
    }
    expect(await told()).toEqual([
      ['message.received', 'opened', 0],
      ['service_window.closing', 'CUSTOMER_SERVICE', 23],
      ['service_window.closed', 'CUSTOMER_SERVICE', 24],
    ]);
  });

  it('that was extended since its timer was set tells of its real end only', async () => {
    await write();
    const opened = now;
    now = inHours(10);
    await write();
    for (const hours of [23, 24, 33, 34]) await lookAt(new Date(opened.getTime() + hours * HOUR_MS));
    expect((await told()).slice(2)).toEqual([
      ['service_window.closing', 'CUSTOMER_SERVICE', 33],
      ['service_window.closed', 'CUSTOMER_SERVICE', 34],
    ]);
  });

  it('tells as long before its end as the settings of its channel say', async () => {
    const em = conversation.database.system();
    await em.execute(
      'insert into channel_setting (workspace_id, channel_id, closing_notice_minutes) values (?, ?, 180)',
      [workspaceId, conversation.channelId],
    );
    await write();
    const opened = now;
    for (const hours of [20, 21, 23, 24]) await lookAt(new Date(opened.getTime() + hours * HOUR_MS));
    expect((await told()).slice(1)).toEqual([
      ['service_window.closing', 'CUSTOMER_SERVICE', 21],
      ['service_window.closed', 'CUSTOMER_SERVICE', 24],
    ]);
  });

  it('costs one timer, however often it is extended', async () => {
    for (let time = 0; time < 5; time += 1) {
      now = inHours(1);
      await write();
    }
    const { rows } = await sql<{ due_at: Date }>`select due_at from timer where workspace_id = ${workspaceId}`.execute(
      conversation.database.system().getKysely(),
    );
    expect(rows).toEqual([{ due_at: new Date('2026-11-24T09:00:00Z') }]);
  });

  it('is another one after it was closed', async () => {
    await write();
    await lookAt(inHours(24));
    await write();
    await lookAt(inHours(24));
    expect(await told()).toEqual([
      ['message.received', 'opened', 0],
      ['service_window.closed', 'CUSTOMER_SERVICE', 24],
      ['message.received', 'opened', 24],
      ['service_window.closed', 'CUSTOMER_SERVICE', 48],
    ]);
  });

  it.each<[string, 'opens' | 'does not', () => Promise<void>]>([
    ['customer content', 'opens', () => write()],
    ['a reaction', 'does not', () => write({ type: 'reaction', opensWindow: false })],
    ['a system notice', 'does not', () => write({ type: 'system', opensWindow: false })],
    ['an edit', 'does not', () => write({ type: 'edit', opensWindow: false })],
    ['a revocation', 'does not', () => write({ type: 'revoke', opensWindow: false })],
    ['customer content of more than a day ago', 'does not', () => write({ sentAt: inHours(-24).toISOString() })],
    [
      'a status of a message of ours',
      'does not',
      async () => {
        await write({ type: 'system', opensWindow: false });
        const report = status(conversation.channelId, { messageId: await reply() }, 'read');
        await conversation.receive(workspaceId, channelStatusReceived, report);
      },
    ],
  ])('%s %s it', async (_, effect, happen) => {
    await happen();
    const { windowExpiresAt } = await threadOf();
    expect(windowExpiresAt !== null && windowExpiresAt! > now).toBe(effect === 'opens');
    expect((await told()).map(([, change]) => change)).toEqual([effect === 'opens' ? 'opened' : null]);
  });
});

describe('a free entry point', () => {
  const report = (
    messageId: string,
    expiresAt: Date,
    overrides: Partial<EventData<typeof channelStatusReceived>> = {},
  ) =>
    conversation.receive(workspaceId, channelStatusReceived, {
      ...status(conversation.channelId, { messageId }, 'sent'),
      occurredAt: now.toISOString(),
      freeEntryPointExpiresAt: expiresAt.toISOString(),
      ...overrides,
    });

  it('lasts as long as the provider says, and leaves the customer service window as it is', async () => {
    await write();
    const before = await threadOf();
    const messageId = await reply();
    const opened = now;
    await report(messageId, inHours(72));
    expect(await threadOf()).toMatchObject({
      windowExpiresAt: before.windowExpiresAt,
      freeEntryExpiresAt: inHours(72),
      freeEntryOpenedAt: now,
      freeEntryOpenedBy: messageId,
    });
    for (const hours of [0, 71, 72]) await lookAt(new Date(opened.getTime() + hours * HOUR_MS));
    expect((await told()).filter(([, kind]) => kind !== 'CUSTOMER_SERVICE').slice(1)).toEqual([
      ['service_window.changed', 'opened', 0],
      ['service_window.closing', 'FREE_ENTRY_POINT', 71],
      ['service_window.closed', 'FREE_ENTRY_POINT', 72],
    ]);
  });

  it('is told once by statuses that come twice, late and unordered, and is extended by later ends', async () => {
    await write();
    const messageId = await reply();
    const [late, early] = [inHours(96), inHours(72)];
    await report(messageId, early);
    await report(messageId, early, { status: 'delivered' });
    await report(messageId, late);
    await report(messageId, early, { status: 'read' });
    expect((await threadOf()).freeEntryExpiresAt).toEqual(late);
    expect((await told()).slice(1)).toEqual([
      ['service_window.changed', 'opened', 0],
      ['service_window.changed', 'extended', 0],
    ]);
  });

  it('is none of another channel or workspace that names our message', async () => {
    await write();
    const messageId = await reply();
    await report(messageId, inHours(72), { channelId: newId() });
    const stranger = status(conversation.channelId, { messageId }, 'sent');
    await conversation.receive(newId(), channelStatusReceived, {
      ...stranger,
      freeEntryPointExpiresAt: inHours(72).toISOString(),
    });
    expect((await threadOf()).freeEntryExpiresAt).toBeNull();
  });
});
