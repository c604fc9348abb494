import { messagesViewed, type MessagesViewed } from '@fenster/contracts';
import { sql } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import { count, publishOfConversation, until, type Channels } from '../testing/channels.js';
import type { GraphCall, GraphStub } from '../testing/graph-stub.js';
import { shareChannels } from '../testing/shared-channels.js';

let channels: Channels;
let graph: GraphStub;
const clock = shareChannels((...started) => ([channels, graph] = started));

const view = (threadId: string, seq: number, more: Partial<MessagesViewed> = {}): MessagesViewed => ({
  threadId,
  conversationId: newId(),
  channelId: channels.channelId,
  messageId: newId(),
  seq,
  providerMessageId: `wamid.${threadId}.${seq}`,
  ...more,
});
const publish = (...views: MessagesViewed[]) =>
  publishOfConversation(channels.natsUrl, channels.workspaceId, messagesViewed, ...views);
const open = () => count(channels.database, 'read_receipt');
const system = () => channels.database.system().getKysely();
async function furthest(threadId: string): Promise<number | undefined> {
  const { rows } = await sql<{ seq: number }>`select seq from read_receipt where thread_id = ${threadId}`.execute(
    system(),
  );
  return rows[0]?.seq;
}
const told = () => graph.calls.map(({ body }) => (body as unknown as { message_id: string }).message_id);

describe('a read receipt', () => {
  it('is the call that Meta documents, without typing, and once, by one process of several', async () => {
    const second = await channels.startSecond();
    const thread = newId();
    await publish(view(thread, 3));
    await until(async () => graph.calls.length > 0 && (await open()) === 0);
    await second.stop();
    expect(graph.calls).toMatchObject([
      { path: '/v26.0/106540352242922/messages', authorization: 'Bearer access-token' },
    ]);
    expect(graph.calls[0]!.body).toEqual({
      messaging_product: 'whatsapp',
      status: 'read',
      message_id: `wamid.${thread}.3`,
    });
  });

  it('stands for all before: of a thread only the last message is told, also while one is on its way', async () => {
    const thread = newId();
    const held: GraphCall[] = [];
    graph.onCall = (call) => void held.push(call);
    await publish(view(thread, 2), view(thread, 1));
    await until(() => held.length === 1);
    await publish(view(thread, 3));
    await publish(view(thread, 5), view(thread, 4));
    await publish(view(newId(), 1));
    await until(async () => (await furthest(thread)) === 5);
    graph.onCall = (call) => call.accept();
    held[0]!.accept();
    await until(async () => (await open()) === 0);
    expect(told().filter((id) => id.includes(thread))).toEqual([`wamid.${thread}.2`, `wamid.${thread}.5`]);
  });

  it('that is refused for good is given up, and one that is not is told later', async () => {
    const [refused, later] = [newId(), newId()];
    let attempts = 0;
    graph.onCall = (call) => {
      const { message_id: id } = call.body as unknown as { message_id: string };
      if (id.includes(refused)) return call.refuse(131_009);
      attempts += 1;
      return attempts === 1 ? call.reset() : attempts === 2 ? call.refuse(131_000, 500) : call.accept();
    };
    await publish(view(refused, 1), view(later, 1));
    await until(async () => {
      clock.ahead += 20_000;
      return attempts === 3 && (await open()) === 0;
    });
    expect(told().filter((id) => id.includes(refused))).toHaveLength(1);
  });

  it('that never comes through is given up after a while', async () => {
    graph.onCall = (call) => call.reset();
    await publish(view(newId(), 1));
    await until(async () => {
      clock.ahead += 3_600_000;
      return graph.calls.length > 0 && (await open()) === 0;
    });
    expect(graph.calls).toHaveLength(6);
  });

  it('waits while the provider of its channel does not answer, and keeps no other waiting', async () => {
    const pause = (until: Date | null) =>
      sql`update channel_delivery set paused_until = ${until}::timestamptz`.execute(system());
    await pause(new Date(Date.now() + clock.ahead + 3_600_000));
    await publish(view(newId(), 1));
    await until(async () => (await open()) === 1);
    clock.ahead += 60_000;
    await until(
      async () => (await sql`select from read_receipt where attempts = 0`.execute(system())).rows.length === 1,
    );
    expect(graph.calls).toEqual([]);
    await pause(null);
    await until(async () => (await open()) === 0);
    expect(graph.calls).toHaveLength(1);
  });

  it('of a channel that is not the workspace’s is none', async () => {
    const thread = newId();
    await publish(view(newId(), 1, { channelId: newId() }));
    await publishOfConversation(channels.natsUrl, newId(), messagesViewed, view(newId(), 1));
    await publish(view(thread, 1));
    await until(() => graph.calls.length > 0);
    await until(async () => (await open()) === 0);
    expect(told()).toEqual([`wamid.${thread}.1`]);
  });
});
