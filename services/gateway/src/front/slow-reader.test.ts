import { afterEach, describe, expect, it } from 'vitest';
import { TEXTS, TYPING } from '../testing/documents.js';
import { GatewayUnderTest } from '../testing/gateway-under-test.js';
import { eventOf, RawSocket, type Message } from '../testing/raw-socket.js';

const BUFFER_BYTES = 256 * 1024;
const MESSAGE_BYTES = 48 * 1024;
/** More than the kernel keeps for a socket whose other end does not read. */
const MESSAGES = 500;

let gateway: GatewayUnderTest;
const start = async (env: Record<string, string> = {}) => {
  gateway = await GatewayUnderTest.start({ OUTGOING_BUFFER_BYTES: String(BUFFER_BYTES), RING_EVENTS: '50', ...env });
};
afterEach(() => gateway.stop());

const padding = 'x'.repeat(MESSAGE_BYTES);
const TEXT_EVENTS =
  'subscription ($after: Cursor) { inboxEvents(after: $after) { __typename cursor ... on MessageReceived { message { id text } } } }';

/** Ids of the messages that came, in order. */
const idsOf = (socket: RawSocket) =>
  socket.messages.flatMap((message) => eventOf(message)?.message?.id ?? []).map(Number);
const isMarker = (message: Message) => eventOf(message)?.__typename === 'LiveStarted';

async function slowReader(): Promise<RawSocket> {
  const slow = await new RawSocket(gateway.socketUrl).begin(await gateway.identity.authorization());
  slow.send({ id: '1', type: 'subscribe', payload: { query: TEXT_EVENTS } });
  await slow.receive(isMarker);
  slow.socket.pause();
  return slow;
}

describe('A client that stops reading', () => {
  it('costs bounded memory, slows nobody, and gets everything in order when it reads again', async () => {
    await start();
    const slow = await slowReader();
    const quick = await gateway.subscribe(TEXT_EVENTS);
    await quick.until((each) => each.isLive);
    for (let count = 0; count < MESSAGES; count += 10) {
      for (let index = 0; index < 10; index++) gateway.inbox.say(padding);
      await quick.until((each) => each.texts.length === count + 10);
    }
    const received = idsOf(slow).length;
    expect(received).toBeLessThan(MESSAGES / 2);
    slow.socket.resume();
    await slow.receive((message) => eventOf(message)?.message?.id === String(MESSAGES));
    expect(idsOf(slow)).toEqual(Array.from({ length: MESSAGES }, (_, index) => index + 1));
    expect(slow.messages.filter(isMarker)).toHaveLength(1);
    // Its replay is read as fast as it reads, not again and again.
    expect(gateway.inbox.eventsResolved).toBeLessThan(4 * MESSAGES);
    slow.socket.terminate();
  });

  it('is closed when it does not read for too long', async () => {
    await start({ SLOW_SOCKET_TIMEOUT_MS: '300' });
    const slow = await slowReader();
    // Another document, so that the slow one's upstream is its own: its end shows that the socket was closed.
    const quick = await gateway.subscribe(TEXTS);
    await quick.until((each) => each.isLive);
    expect(gateway.inbox.subscribers).toBe(2);
    for (let count = 0; count < MESSAGES; count++) gateway.inbox.say(padding);
    await quick.until((each) => each.texts.length === MESSAGES);
    await expect.poll(() => gateway.inbox.subscribers, { timeout: 10_000 }).toBe(1);
    slow.socket.resume();
    expect((await slow.closed).code).toBe(4008);
  });
});

describe('A client that stops reading what cannot be replayed', () => {
  it('is told that its operation has ended', async () => {
    await start();
    const slow = await new RawSocket(gateway.socketUrl).begin(await gateway.identity.authorization());
    slow.send({ id: '1', type: 'subscribe', payload: { query: TYPING } });
    const started = setInterval(() => gateway.inbox.type('Anna'), 5);
    await slow.receive(({ type }) => type === 'next');
    clearInterval(started);
    slow.socket.pause();
    for (let count = 0; count < MESSAGES; count++) gateway.inbox.type(padding);
    await expect.poll(() => gateway.inbox.subscribers, { timeout: 10_000 }).toBe(0);
    slow.socket.resume();
    expect(await slow.receive(({ type }) => type === 'error')).toMatchObject({
      id: '1',
      payload: [{ extensions: { code: 'SLOW_CONSUMER' } }],
    });
    slow.socket.terminate();
  });
});
