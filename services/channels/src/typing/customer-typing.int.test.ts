import { customerTypingSubject, type CustomerTyping } from '@fenster/contracts';
import { connectNats, type NatsConnection } from '@fenster/messaging';
import { createLogger, newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startChannels, until, type Channels } from '../testing/channels.js';
import { startGraphStub, type GraphStub } from '../testing/graph-stub.js';

let channels: Channels;
let graph: GraphStub;
let connection: NatsConnection;

beforeAll(async () => {
  graph = await startGraphStub();
  channels = await startChannels({ channel: { apiBaseUrl: graph.url } });
  connection = await connectNats({ url: channels.natsUrl, name: 'test', log: createLogger('test', 'silent') });
});
afterAll(async () => {
  await connection.close();
  await channels.stop();
  await graph.stop();
});
beforeEach(() => {
  graph.calls.length = 0;
  graph.onCall = (call) => call.accept();
});

const type = (more: Partial<CustomerTyping> = {}) => {
  const { workspaceId, channelId } = channels;
  const typing = { workspaceId, channelId, providerMessageId: 'wamid.IN', ...more };
  connection.publish(customerTypingSubject(typing.workspaceId), JSON.stringify(typing));
};
const calls = () => graph.calls.map(({ body }) => body as unknown as Record<string, unknown>);

describe('that somebody types', () => {
  it('is shown by the call that Meta documents, by one process of several', async () => {
    const second = await channels.startSecond();
    type();
    type({ providerMessageId: 'wamid.IN2' });
    // Whoever else heard the first two heard them before this one, and is done with them when it has stopped.
    type({ providerMessageId: 'wamid.last' });
    await until(() => calls().some((body) => body['message_id'] === 'wamid.last'));
    await second.stop();
    await channels.pause();
    await channels.resume();
    const counted = calls().filter((body) => body['message_id'] !== 'wamid.last');
    expect(
      counted.toSorted((one, other) => (String(one['message_id']) < String(other['message_id']) ? -1 : 1)),
    ).toEqual(
      ['wamid.IN', 'wamid.IN2'].map((id) => ({
        messaging_product: 'whatsapp',
        status: 'read',
        message_id: id,
        typing_indicator: { type: 'text' },
      })),
    );
    expect(graph.calls[0]).toMatchObject({
      path: '/v26.0/106540352242922/messages',
      authorization: 'Bearer access-token',
    });
  });

  it('is dropped for a channel of another workspace and for what makes no sense; a refusal stops nothing', async () => {
    type({ workspaceId: newId() });
    type({ channelId: newId() });
    connection.publish(customerTypingSubject(channels.workspaceId), 'nonsense');
    graph.onCall = (call) => call.refuse(131_009);
    type({ providerMessageId: 'wamid.refused' });
    await until(() => graph.calls.length === 1);
    type({ providerMessageId: 'wamid.after' });
    await until(() => graph.calls.length === 2);
    expect(calls().map((body) => body['message_id'])).toEqual(['wamid.refused', 'wamid.after']);
  });

  it('never waits: what comes while too many are on their way is not shown', async () => {
    const held: (() => void)[] = [];
    graph.onCall = (call) => held.push(() => call.accept());
    for (let count = 0; count < 20; count += 1) type({ providerMessageId: `wamid.${count}` });
    await connection.flush();
    await until(() => held.length === 4);
    for (const release of held) release();
    graph.onCall = (call) => call.accept();
    await until(() => {
      type({ providerMessageId: 'wamid.last' });
      return graph.calls.some(
        ({ body }) => (body as unknown as Record<string, unknown>)['message_id'] === 'wamid.last',
      );
    });
    expect(new Set(calls().map((body) => body['message_id'])).size).toBe(5);
  });
});
