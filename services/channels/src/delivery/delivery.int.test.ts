import type { MessageQueued } from '@fenster/contracts';
import { sql, type Ctx } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { body, eventsOf, queueMessages, startChannels, statuses, until, type Channels } from '../testing/channels.js';
import { startGraphStub, type GraphCall, type GraphStub } from '../testing/graph-stub.js';
import { claimDue } from './claim-due.js';

let channels: Channels;
let graph: GraphStub;
/** How far the service's clock is ahead. */
let ahead = 0;
const now = () => new Date(Date.now() + ahead);
const MINUTE = 60_000;

beforeAll(async () => {
  graph = await startGraphStub();
  channels = await startChannels({ now, channel: { apiBaseUrl: graph.url } });
});
afterAll(async () => {
  await channels?.stop();
  await graph?.stop();
});
beforeEach(() => {
  graph.calls.length = 0;
  graph.onCall = (call) => call.accept();
});

interface Row {
  state: string;
  attempts: number;
  provider_message_id: string | null;
  request: Buffer | null;
  last_error: string | null;
}

async function rowOf(id: string): Promise<Row | undefined> {
  const { rows } = await sql<Row>`select * from outbound_message where id = ${id}`.execute(
    channels.database.system().getKysely(),
  );
  return rows[0];
}
const waitForState = (id: string, state: string, attempts?: number) =>
  until(async () => {
    const row = await rowOf(id);
    return row?.state === state && (attempts === undefined || row.attempts === attempts) && row;
  }) as Promise<Row>;

async function eventsAbout(messageId: string) {
  return (await eventsOf(channels.database, channels.workspaceId)).filter(
    (event) => event.data.messageId === messageId,
  );
}

/** Each thread is with somebody else: what one person gets is limited. */
const phones = new Map<string, string>();
function phoneOf(threadId: string): string {
  const phone = phones.get(threadId) ?? `+49151${String(1_000_000 + phones.size)}`;
  phones.set(threadId, phone);
  return phone;
}

type Reply = Extract<MessageQueued, { type: 'text' }>;
const seqs = new Map<string, number>();
function reply(text: string, threadId: string = newId(), overrides: Partial<Reply> = {}): Reply {
  const seq = (seqs.get(threadId) ?? 0) + 1;
  seqs.set(threadId, seq);
  return {
    messageId: newId(),
    threadId,
    conversationId: newId(),
    channelId: channels.channelId,
    seq,
    to: { phone: phoneOf(threadId), bsuid: 'DE.1349' },
    type: 'text',
    text,
    authorId: newId(),
    ...overrides,
  };
}
const queue = (...messages: MessageQueued[]) => queueMessages(channels.natsUrl, channels.workspaceId, ...messages);
const sentStatus = (id: string, messageId: string) =>
  channels.post(body(statuses({ id, biz_opaque_callback_data: messageId })));

describe('a message that may leave', () => {
  it('is sent once, and its body is gone afterwards', async () => {
    const to = { phone: '+4915112345678', bsuid: 'DE.1349' };
    const message = reply('Ihr Rad ist fertig', undefined, { to, contextProviderMessageId: 'wamid.IN' });
    await queue(message);
    const row = await waitForState(message.messageId, 'ACCEPTED');
    expect(graph.calls).toMatchObject([
      {
        path: '/v26.0/106540352242922/messages',
        authorization: 'Bearer access-token',
        body: {
          to: '+4915112345678',
          type: 'text',
          text: { body: 'Ihr Rad ist fertig' },
          context: { message_id: 'wamid.IN' },
          biz_opaque_callback_data: message.messageId,
        },
      },
    ]);
    expect(row).toMatchObject({
      attempts: 1,
      request: null,
      provider_message_id: expect.stringMatching(/^wamid\.OUT/) as string,
    });
    const events = await eventsAbout(message.messageId);
    expect(events).toMatchObject([
      {
        name: 'channels.message.accepted',
        correlationId: 'reply-1',
        causationId: expect.any(String) as string,
        data: { channelId: channels.channelId, providerMessageId: row.provider_message_id },
      },
    ]);
  });

  it('is sent once, however often the event comes', async () => {
    const message = reply('Einmal');
    await queue(message);
    await queue(message, message);
    const last = reply('Danach', message.threadId);
    await queue(last);
    await waitForState(last.messageId, 'ACCEPTED');
    expect(graph.texts()).toEqual(['Einmal', 'Danach']);
  });

  it('may be a reaction, which leaves in its turn and can be taken back', async () => {
    const first = reply('Ja');
    const { seq: _, text: __, ...common } = reply('', first.threadId);
    const reaction = { ...common, type: 'reaction', targetProviderMessageId: 'wamid.IN' } as const;
    const back = { ...reaction, messageId: newId(), emoji: null };
    await queue(first, { ...reaction, emoji: '👍' });
    await queue(back);
    await queue(reply('Danach', first.threadId));
    await waitForState(back.messageId, 'ACCEPTED');
    await until(() => graph.calls.length === 4);
    expect(graph.calls.map((call) => call.body)).toMatchObject([
      { type: 'text', text: { body: 'Ja' } },
      { type: 'reaction', reaction: { message_id: 'wamid.IN', emoji: '👍' }, to: first.to.phone },
      { type: 'reaction', reaction: { message_id: 'wamid.IN', emoji: '' } },
      { type: 'text', text: { body: 'Danach' } },
    ]);
  });

  it('reaches a person without a known phone by BSUID', async () => {
    const message = reply('Servus', undefined, { to: { bsuid: 'AT.77' } });
    await queue(message);
    await waitForState(message.messageId, 'ACCEPTED');
    expect(graph.calls[0]!.body).toMatchObject({ recipient: 'AT.77' });
  });

  it.each([
    ['nobody', () => reply('An niemanden', undefined, { to: {} }), -4],
    ['a channel that does not exist', () => reply('Ohne Kanal', undefined, { channelId: newId() }), -3],
  ])('fails at once when it is for %s', async (_case, make, code) => {
    const message = make();
    await queue(message);
    const events = await until(async () => {
      const found = await eventsAbout(message.messageId);
      return found.length > 0 && found;
    });
    expect(events).toMatchObject([{ name: 'channels.message.failed', data: { outcome: 'rejected', error: { code } } }]);
    expect(graph.calls).toEqual([]);
  });
});

describe('order', () => {
  it('holds in a thread, while other threads do not wait', async () => {
    const held: GraphCall[] = [];
    graph.onCall = (call) => (call.body.text.body === 'A1' ? void held.push(call) : call.accept());
    const [a, b] = [newId(), newId()];
    const [a1, a2, a3, b1] = [reply('A1', a), reply('A2', a), reply('A3', a), reply('B1', b)];
    await queue(a1, a2, a3, b1);
    await waitForState(b1.messageId, 'ACCEPTED');
    await until(() => held.length === 1);
    expect(graph.texts().toSorted()).toEqual(['A1', 'B1']);
    held[0]!.accept();
    await waitForState(a3.messageId, 'ACCEPTED');
    expect(graph.texts().filter((text) => text.startsWith('A'))).toEqual(['A1', 'A2', 'A3']);
  });

  it('holds with several instances, and nothing is sent twice', async () => {
    const second = await channels.startSecond();
    try {
      const threads = Array.from({ length: 8 }, () => newId());
      const messages = Array.from({ length: 6 }, (_unused, n) =>
        threads.map((thread) => reply(`${thread} ${n}`, thread)),
      ).flat();
      await queue(...messages);
      await Promise.all(messages.map((message) => waitForState(message.messageId, 'ACCEPTED')));
      for (const thread of threads) {
        const ofThread = graph.texts().filter((text) => text.startsWith(thread));
        expect(ofThread).toEqual([0, 1, 2, 3, 4, 5].map((n) => `${thread} ${n}`));
      }
    } finally {
      await second.stop();
    }
  });
});

describe('a refusal', () => {
  it('that is final ends the message with its reason, and the next one of the thread goes', async () => {
    graph.onCall = (call) => (call.body.text.body === 'Zu spät' ? call.refuse(131047) : call.accept());
    const thread = newId();
    const [late, next] = [reply('Zu spät', thread), reply('Weiter', thread)];
    await queue(late, next);
    await waitForState(next.messageId, 'ACCEPTED');
    expect(await rowOf(late.messageId)).toMatchObject({ state: 'REJECTED', attempts: 1, request: null });
    expect(await eventsAbout(late.messageId)).toMatchObject([
      {
        name: 'channels.message.failed',
        data: { outcome: 'rejected', error: { code: 131047, title: expect.stringContaining('24-hour') as string } },
      },
    ]);
  });

  it('that is temporary is tried again later, and the thread waits behind it', async () => {
    graph.onCall = (call) =>
      graph.texts().filter((text) => text === call.body.text.body).length === 1 && call.body.text.body === 'Stau'
        ? call.refuse(131056)
        : call.accept();
    const thread = newId();
    const [first, next] = [reply('Stau', thread), reply('Dahinter', thread)];
    await queue(first, next);
    await waitForState(first.messageId, 'QUEUED', 1);
    expect(graph.texts()).toEqual(['Stau']);
    ahead += MINUTE;
    await waitForState(next.messageId, 'ACCEPTED');
    expect(graph.texts()).toEqual(['Stau', 'Stau', 'Dahinter']);
    expect(await eventsAbout(first.messageId)).toMatchObject([
      { name: 'channels.message.delayed', data: { reason: 'PAIR_LIMIT', until: expect.any(String) as string } },
      { name: 'channels.message.accepted' },
    ]);
  });
});

describe('a provider that cannot be reached', () => {
  it('gets the message when it is back', async () => {
    const { port } = graph;
    await graph.stop();
    const message = reply('Geduld');
    await queue(message);
    const row = await waitForState(message.messageId, 'QUEUED', 1);
    expect(row.last_error).toBe('ECONNREFUSED');
    await graph.listen(port);
    ahead += MINUTE;
    await waitForState(message.messageId, 'ACCEPTED');
    expect(graph.texts()).toEqual(['Geduld']);
  });
});

describe('when nobody knows whether it was sent', () => {
  it('the message is not sent again, and ends as unconfirmed when no status comes; a late one still tells', async () => {
    graph.onCall = (call) => (call.body.text.body === 'Vielleicht' ? call.reset() : call.accept());
    const thread = newId();
    const [message, next] = [reply('Vielleicht', thread), reply('Sicher', thread)];
    await queue(message, next);
    await waitForState(next.messageId, 'ACCEPTED');
    expect(await rowOf(message.messageId)).toMatchObject({ state: 'ATTEMPTED', attempts: 1 });
    expect(await eventsAbout(message.messageId)).toEqual([]);

    ahead += 2 * MINUTE;
    expect(await waitForState(message.messageId, 'UNCONFIRMED')).toMatchObject({ request: null });
    expect(await eventsAbout(message.messageId)).toMatchObject([
      { name: 'channels.message.failed', data: { outcome: 'unconfirmed', error: { code: -2 } } },
    ]);

    await sentStatus('wamid.LATE', message.messageId);
    expect(await rowOf(message.messageId)).toMatchObject({ state: 'ACCEPTED', provider_message_id: 'wamid.LATE' });
    expect((await eventsAbout(message.messageId)).slice(1)).toMatchObject([
      { name: 'channels.message.accepted', data: { providerMessageId: 'wamid.LATE' } },
      { name: 'channels.status.received', data: { status: 'sent' } },
    ]);
    expect(graph.texts()).toEqual(['Vielleicht', 'Sicher']);
  });

  it('a status that comes in time settles it', async () => {
    graph.onCall = (call) => call.reset();
    const message = reply('Doch');
    await queue(message);
    await until(async () => (await rowOf(message.messageId))?.last_error != null);
    await channels.post(
      body(statuses({ id: 'wamid.INTIME', status: 'delivered', biz_opaque_callback_data: message.messageId })),
    );
    expect(await rowOf(message.messageId)).toMatchObject({ state: 'ACCEPTED', provider_message_id: 'wamid.INTIME' });
    ahead += 2 * MINUTE;
    const after = reply('Danach');
    graph.onCall = (call) => call.accept();
    await queue(after);
    await waitForState(after.messageId, 'ACCEPTED');
    expect((await eventsAbout(message.messageId)).map((event) => event.name)).toEqual([
      'channels.message.accepted',
      'channels.status.received',
    ]);
  });

  it('because the process died, the message is not sent again, and its thread goes on', async () => {
    // Due, and nobody there to send it: the process that notes the attempt dies before it makes it.
    const thread = newId();
    const [message, next] = [reply('Absturz', thread), reply('Nach dem Absturz', thread)];
    const { port } = graph;
    await graph.stop();
    await queue(message, next);
    await waitForState(message.messageId, 'QUEUED', 1);
    await channels.pause();
    await graph.listen(port);
    ahead += MINUTE;
    const { messages: claimed } = await claimDue(testCtx(), 10, 30_000);
    expect(claimed.map((each) => each.id)).toEqual([message.messageId]);

    await channels.resume();
    const other = reply('Anderswo');
    await queue(other);
    await waitForState(other.messageId, 'ACCEPTED');
    // The thread waits as long as the other process could still be sending.
    expect(graph.texts()).toEqual(['Anderswo']);
    ahead += 31_000;
    await waitForState(next.messageId, 'ACCEPTED');
    ahead += MINUTE;
    await waitForState(message.messageId, 'UNCONFIRMED');
    expect(graph.texts()).toEqual(['Anderswo', 'Nach dem Absturz']);
  });
});

describe('a status', () => {
  it('that is faster than the answer to the send settles the message once', async () => {
    graph.onCall = (call) => {
      const id = 'wamid.FAST';
      void sentStatus(id, call.body.biz_opaque_callback_data).then(() => call.accept(id));
    };
    const message = reply('Schnell');
    await queue(message);
    await waitForState(message.messageId, 'ACCEPTED');
    graph.onCall = (call) => call.accept();
    const next = reply('Danach', message.threadId);
    await queue(next);
    await waitForState(next.messageId, 'ACCEPTED');
    await until(async () => (await eventsAbout(message.messageId)).length === 2);
    expect(await eventsAbout(message.messageId)).toMatchObject([
      { name: 'channels.message.accepted', data: { providerMessageId: 'wamid.FAST' } },
      { name: 'channels.status.received', data: { status: 'sent', messageId: message.messageId } },
    ]);
  });

  it('that is faster does not keep back that the person has another number at the provider', async () => {
    const contacts = { contacts: [{ input: '+5531987654321', wa_id: '553187654321' }] };
    graph.onCall = (call) => {
      const id = 'wamid.NINE';
      void sentStatus(id, call.body.biz_opaque_callback_data).then(() => call.accept(id, contacts));
    };
    const message = reply('Olá', newId(), { to: { phone: '+5531987654321' } });
    await queue(message);
    await until(async () => (await eventsAbout(message.messageId)).length === 3);
    expect((await eventsAbout(message.messageId)).map(({ name }) => name)).toEqual([
      'channels.message.accepted',
      'channels.status.received',
      'channels.recipient.identified',
    ]);
    expect((await eventsAbout(message.messageId)).at(-1)!.data).toMatchObject({ identity: { phone: '+553187654321' } });
  });

  it('without callback data is recognised by the id that the provider gave', async () => {
    const message = reply('Wiedererkannt');
    await queue(message);
    const { provider_message_id: id } = await waitForState(message.messageId, 'ACCEPTED');
    await channels.post(body(statuses({ id, status: 'delivered' })));
    expect((await eventsAbout(message.messageId)).at(-1)).toMatchObject({
      name: 'channels.status.received',
      data: {
        messageId: message.messageId,
        status: 'delivered',
        recipientCountry: 'DE',
        pricing: { model: 'PMP', category: 'service', type: 'regular', billable: true },
        account: { currency: 'EUR', timeZone: 'Europe/Berlin' },
      },
    });
  });

  it.each([
    ['with callback data that is no id of ours', newId()],
    ['with callback data of another program', 'order-4711'],
    ['without callback data', undefined],
  ])('%s is passed on without a message id', async (_case, callbackData) => {
    const id = `wamid.${newId()}`;
    await channels.post(body(statuses({ id, biz_opaque_callback_data: callbackData })));
    const event = (await eventsOf(channels.database, channels.workspaceId)).at(-1)!;
    expect(event).toMatchObject({ name: 'channels.status.received', data: { providerMessageId: id } });
    expect(event.data).not.toHaveProperty('messageId');
  });

  it('of a failed message does not bring it back', async () => {
    graph.onCall = (call) => call.refuse(131026);
    const message = reply('Unzustellbar');
    await queue(message);
    await waitForState(message.messageId, 'REJECTED');
    await channels.post(
      body(statuses({ id: 'wamid.NO', status: 'failed', biz_opaque_callback_data: message.messageId })),
    );
    expect(await rowOf(message.messageId)).toMatchObject({ state: 'REJECTED' });
    expect((await eventsAbout(message.messageId)).map((event) => event.name)).toEqual([
      'channels.message.failed',
      'channels.status.received',
    ]);
  });
});

function testCtx(): Ctx {
  const origin = { actor: { kind: 'system' as const }, correlationId: 'test' };
  return { database: channels.database, now, log: createLogger('test', 'silent'), wakeRelay: () => {}, origin };
}
