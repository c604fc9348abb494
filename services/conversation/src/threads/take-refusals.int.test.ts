import {
  channelMessageAccepted,
  channelMessageFailed,
  channelMessageReceived,
  channelStatusReceived,
  threadConsentStated,
  serviceWindowClosed,
  serviceWindowClosing,
  type DeliveryError,
} from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Message } from '../messages/message.entity.js';
import {
  acceptance,
  createTestConversation,
  customerMessage,
  status,
  type TestConversation,
} from '../testing/conversation.js';
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

const WINDOW_CLOSED: DeliveryError = { code: 131047, title: 'Closed.', reason: 'window_closed' };
const STOPPED: DeliveryError = { code: 131050, title: 'Stopped.', reason: 'marketing_stopped' };
const minutes = (count: number) => new Date(now.getTime() + count * 60_000);
const tenant = () => conversation.database.forTenant(workspaceId);
const thread = async () => (await tenant().find(Thread, {}))[0]!;
const told = async (...names: string[]) =>
  (await conversation.logOf(workspaceId)).filter(({ name }) => names.includes(name));

const write = (sentAt = now) =>
  conversation.receive(
    workspaceId,
    channelMessageReceived,
    customerMessage(conversation.channelId, { sentAt: sentAt.toISOString() }),
  );
/** As `sendMessage` leaves it. */
async function reply(sentAt = now): Promise<string> {
  const all = await tenant().find(Message, {}, { orderBy: { seq: 'asc' } });
  const last = all.at(-1)!;
  const id = newId();
  const outbound = { direction: 'OUTBOUND', status: 'QUEUED', providerMessageId: null, sentAt } as const;
  await tenant().insert(Message, { ...last, ...outbound, id, seq: last.seq + 1 });
  await tenant().nativeUpdate(Thread, { id: last.threadId }, { lastSeq: last.seq + 1 });
  return id;
}
const refuse = (messageId: string, error: DeliveryError, failedAt = now) =>
  conversation.receive(workspaceId, channelMessageFailed, {
    channelId: conversation.channelId,
    messageId,
    outcome: 'rejected',
    error,
    failedAt: failedAt.toISOString(),
  });

describe('when the provider says that the window is closed', () => {
  it('closes, is told so once, and its timer has nothing more to say', async () => {
    await write();
    const id = await reply(minutes(1));
    now = minutes(2);
    await refuse(id, WINDOW_CLOSED);
    await refuse(id, WINDOW_CLOSED);
    expect((await thread()).windowExpiresAt).toEqual(now);
    const closed = await told(serviceWindowClosed.name);
    expect(closed).toMatchObject([{ data: { kind: 'CUSTOMER_SERVICE', expiresAt: now.toISOString() } }]);
    now = minutes(24 * 60);
    await conversation.letTimersRun();
    expect(await told(serviceWindowClosed.name, serviceWindowClosing.name)).toHaveLength(1);
  });

  it('in a status, or one that was there before its message, it is closed as well', async () => {
    await write();
    const [first, second] = [await reply(minutes(1)), await reply(minutes(1))];
    now = minutes(2);
    const failed = (providerMessageId: string) =>
      conversation.receive(workspaceId, channelStatusReceived, {
        ...status(conversation.channelId, { providerMessageId }, 'failed', [WINDOW_CLOSED]),
        occurredAt: now.toISOString(),
      });
    await failed('wamid.early');
    expect((await thread()).windowExpiresAt! > now).toBe(true);
    const accept = (id: string, providerMessageId: string) =>
      conversation.receive(
        workspaceId,
        channelMessageAccepted,
        acceptance(conversation.channelId, id, providerMessageId),
      );
    await accept(first, 'wamid.early');
    expect((await thread()).windowExpiresAt).toEqual(now);
    expect((await tenant().findOneOrFail(Message, { id: first })).errorReason).toBe('window_closed');
    await write(minutes(1));
    await accept(second, 'wamid.second');
    now = minutes(5);
    await failed('wamid.second');
    // The customer wrote after that message: this window nobody has refused.
    expect((await thread()).windowExpiresAt! > now).toBe(true);
  });

  it('of a message that the customer has answered since, it stays open', async () => {
    await write();
    const id = await reply(minutes(1));
    await write(minutes(2));
    now = minutes(3);
    await refuse(id, WINDOW_CLOSED);
    expect((await thread()).windowExpiresAt! > now).toBe(true);
    expect(await told(serviceWindowClosed.name)).toEqual([]);
  });

  it('and the customer writes again, it opens anew', async () => {
    await write();
    const id = await reply(minutes(1));
    now = minutes(2);
    await refuse(id, WINDOW_CLOSED);
    now = minutes(10);
    await write();
    expect(await thread()).toMatchObject({ windowOpenedAt: now, windowExpiresAt: minutes(24 * 60) });
  });

  it('of a message of another channel or workspace, nothing happens', async () => {
    await write();
    const id = await reply(minutes(1));
    now = minutes(2);
    const data = { messageId: id, outcome: 'rejected', error: WINDOW_CLOSED, failedAt: now.toISOString() } as const;
    await conversation.receive(workspaceId, channelMessageFailed, { ...data, channelId: newId() });
    await conversation.receive(newId(), channelMessageFailed, { ...data, channelId: conversation.channelId });
    expect((await thread()).windowExpiresAt! > now).toBe(true);
  });

  it('for any other reason it stays open', async () => {
    await write();
    const id = await reply(minutes(1));
    await refuse(id, { code: 131026, title: 'No.', reason: 'undeliverable' }, minutes(2));
    expect((await thread()).windowExpiresAt! > minutes(2)).toBe(true);
  });
});

describe('when the provider says that the person wants no marketing', () => {
  it('that is kept with the thread and told once, and the window stays as it is', async () => {
    await write();
    const { contactId, id: threadId } = await thread();
    const [first, second] = [await reply(), await reply()];
    await refuse(first, STOPPED);
    now = minutes(1);
    await refuse(second, STOPPED);
    expect((await thread()).marketingStoppedAt).toEqual(minutes(-1));
    expect((await thread()).windowExpiresAt! > now).toBe(true);
    expect(await told(threadConsentStated.name)).toMatchObject([
      {
        data: { contactId, threadId, messageId: first, kind: 'PLATFORM_STOPPED', statedAt: minutes(-1).toISOString() },
      },
    ]);
  });
});
