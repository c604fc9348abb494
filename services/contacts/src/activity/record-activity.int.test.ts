import {
  messageEchoed,
  messageQueued,
  messageReceived,
  serviceWindowClosed,
  type EventData,
  type EventDefinition,
} from '@fenster/contracts';
import { sql } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ContactsUnderTest, type ThreadEvent } from '../testing/contacts-under-test.js';

const contacts = new ContactsUnderTest();
beforeAll(() => contacts.start());
afterAll(() => contacts.stop());

const hour = (number: number) => new Date(Date.UTC(2026, 10, 22, number));
const PHONE = '+4915112345678';

/** A person who was seen on a channel, and what is said in that thread. */
function thread(workspaceId = newId(), phone = PHONE) {
  const [threadId, contactId, channelId, conversationId] = [newId(), newId(), newId(), newId()];
  const opened = contacts.event('opened', { workspaceId, contactId, channelId, identity: { phone } }, hour(0));
  const say = <D extends EventDefinition>(
    { name, version, dataClass }: D,
    at: Date,
    data: Partial<EventData<D>>,
    actor: ThreadEvent['actor'] = { kind: 'provider' },
  ): ThreadEvent => {
    const about = { threadId, conversationId, channelId, messageId: newId(), seq: 1 };
    const occurredAt = at.toISOString();
    return {
      ...opened,
      id: newId(),
      name,
      version,
      dataClass,
      occurredAt,
      actor,
      data: { ...about, ...data } as never,
    };
  };
  return {
    workspaceId,
    contactId,
    opened: { ...opened, data: { ...opened.data, threadId } },
    received: (at: Date, windowEnd: Date | null, type: 'text' | 'system' = 'text') =>
      say(
        messageReceived,
        at,
        { type, windowExpiresAt: windowEnd && windowEnd.toISOString(), windowChange: null },
        { kind: 'contact', id: contactId },
      ),
    queued: (at: Date, more: object = { contactId }) =>
      say(messageQueued, at, { type: 'text', text: 'Hallo', to: { phone }, ...more }),
    reacted: (at: Date) =>
      say(messageQueued, at, {
        type: 'reaction',
        emoji: '👍',
        targetProviderMessageId: 'x',
        to: {},
        contactId,
      } as never),
    echoed: (at: Date) => say(messageEchoed, at, { type: 'text' }),
    closed: (at: Date, kind: 'CUSTOMER_SERVICE' | 'FREE_ENTRY_POINT' = 'CUSTOMER_SERVICE') =>
      say(serviceWindowClosed, at, { kind, expiresAt: at.toISOString() }),
  };
}

async function threadsOf(workspaceId: string) {
  await contacts.settle();
  const { rows } = await sql`
    select contact_id, last_inbound_at, last_outbound_at, window_expires_at from contact_thread
    where workspace_id = ${workspaceId}
  `.execute(contacts.database.system().getKysely());
  return rows;
}

it('knows when a contact wrote, when we wrote, and until when the window is open, whatever the order', async () => {
  const { workspaceId, contactId, opened, received, queued, reacted, echoed } = thread();
  await contacts.publish(opened, received(hour(3), hour(27)), received(hour(1), hour(27)), queued(hour(2)));
  await contacts.publish(received(hour(4), hour(27), 'system'), reacted(hour(9)), queued(hour(1)));
  const row = { contact_id: contactId, last_inbound_at: hour(3), window_expires_at: hour(27) };
  expect(await threadsOf(workspaceId)).toEqual([{ ...row, last_outbound_at: hour(2) }]);
  await contacts.publish(echoed(hour(5)));
  expect(await threadsOf(workspaceId)).toEqual([{ ...row, last_outbound_at: hour(5) }]);
});

it('knows a thread that it did not see opened by its next message', async () => {
  const { workspaceId, contactId, queued, echoed } = thread();
  await contacts.publish(echoed(hour(1)), queued(hour(2), {}));
  expect(await threadsOf(workspaceId)).toEqual([]);
  await contacts.publish(queued(hour(3)));
  const row = { contact_id: contactId, last_outbound_at: hour(3), last_inbound_at: null, window_expires_at: null };
  expect(await threadsOf(workspaceId)).toEqual([row]);
});

it('counts what is said under another id of a person for the person', async () => {
  const first = thread();
  const second = thread(first.workspaceId);
  await contacts.publish(first.opened, first.received(hour(1), null));
  await contacts.publish(second.opened, second.received(hour(2), null));
  const rows = await threadsOf(first.workspaceId);
  expect(rows).toMatchObject([{ contact_id: first.contactId }, { contact_id: first.contactId }]);
});

it.each([
  ['before its time', 'closed', [5], 5],
  ['of another kind', 'free', [5], 27],
  ['before the customer wrote again', 'closed', [2], 27],
] as const)('given a window that ended %s, then it counts or does not', async (_, kind, [at], end) => {
  const { workspaceId, opened, received, closed } = thread();
  const ended = closed(hour(at), kind === 'free' ? 'FREE_ENTRY_POINT' : 'CUSTOMER_SERVICE');
  await contacts.publish(opened, received(hour(3), hour(27)), ended);
  expect(await threadsOf(workspaceId)).toMatchObject([{ window_expires_at: hour(end) }]);
});
