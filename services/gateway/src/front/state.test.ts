import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayUnderTest } from '../testing/gateway-under-test.js';
import { RawSocket, type Message } from '../testing/raw-socket.js';
import type { Subscription } from '../testing/subscription.js';

const PRESENCE = 'subscription { presence { viewers } }';
const BUFFER_BYTES = 256 * 1024;

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await GatewayUnderTest.start({ OUTGOING_BUFFER_BYTES: String(BUFFER_BYTES) });
});
afterEach(() => gateway.stop());

const viewersIn = ({ events }: Subscription) =>
  events.map((event) => (event as unknown as { viewers: string[] }).viewers);

describe('A subscription whose events are each the whole state', () => {
  it('begins with the present one for who joins later, at no cost to the subgraph', async () => {
    gateway.inbox.viewers = ['Anna'];
    const authorization = await gateway.identity.authorization();
    const first = await gateway.subscribe(PRESENCE, { authorization });
    await first.until(({ events }) => events.length === 1);
    gateway.inbox.view('Anna', 'Ben');
    await first.until(({ events }) => events.length === 2);
    const second = await gateway.subscribe(PRESENCE, { authorization });
    await second.until(({ events }) => events.length === 1);
    expect(viewersIn(second)).toEqual([['Anna', 'Ben']]);
    gateway.inbox.view();
    await Promise.all([
      first.until(({ events }) => events.length === 3),
      second.until(({ events }) => events.length === 2),
    ]);
    expect(viewersIn(first)).toEqual([['Anna'], ['Anna', 'Ben'], []]);
    expect(viewersIn(second)).toEqual([['Anna', 'Ben'], []]);
    expect(gateway.inbox.started).toHaveLength(1);
  });

  it('survives a restart of the subgraph: one notice, then the state of then', async () => {
    gateway.inbox.viewers = ['Anna'];
    const members = await Promise.all([gateway.subscribe(PRESENCE), gateway.subscribe(PRESENCE)]);
    for (const member of members) await member.until(({ events }) => events.length === 1);
    await gateway.inbox.server.crash();
    for (const member of members) await member.until(({ notices }) => notices.length === 1);
    gateway.inbox.viewers = ['Ben'];
    await gateway.inbox.server.start();
    for (const member of members) {
      await member.until(({ events }) => events.length === 2);
      expect(viewersIn(member)).toEqual([['Anna'], ['Ben']]);
      expect(member.notices).toMatchObject([{ extensions: { code: 'SUBGRAPH_UNAVAILABLE', retrying: true } }]);
    }
  });

  it('goes on unnoticed when the one leaves with whose token it was opened', async () => {
    const authorization = await gateway.identity.authorization();
    const members = [];
    for (let count = 0; count < 2; count += 1) {
      const member = await gateway.subscribe(PRESENCE, { authorization });
      members.push(await member.until(({ events }) => events.length === 1));
    }
    const [first, second] = members;
    first!.stop();
    await expect.poll(() => gateway.inbox.subscribers).toBe(1);
    gateway.inbox.view('Ben');
    await second!.until((each) => viewersIn(each).at(-1)?.[0] === 'Ben');
    expect(second!.notices).toEqual([]);
  });

  it('leaves out for a client that stops reading what is of yesterday, and ends with the last state', async () => {
    const slow = await new RawSocket(gateway.socketUrl).begin(await gateway.identity.authorization());
    slow.send({ id: '1', type: 'subscribe', payload: { query: PRESENCE } });
    await slow.receive(({ type }) => type === 'next');
    const quick = await gateway.subscribe(PRESENCE);
    await quick.until(({ events }) => events.length === 1);
    slow.socket.pause();
    const padding = 'x'.repeat(48 * 1024);
    for (let count = 0; count < 300; count += 1) {
      gateway.inbox.view(`${padding} ${count}`);
      await quick.until(({ events }) => events.length === count + 2);
    }
    slow.socket.resume();
    const viewers = ({ payload }: Message) =>
      (payload as { data?: { presence?: { viewers: string[] } } } | undefined)?.data?.presence?.viewers[0];
    await slow.receive((message) => viewers(message)?.endsWith(' 299') ?? false);
    const seen = slow.messages.flatMap((message) => viewers(message)?.slice(padding.length + 1) ?? []).map(Number);
    expect(seen.length).toBeLessThan(300);
    expect(seen).toEqual(seen.toSorted((one, other) => one - other));
    expect(slow.messages.filter(({ type }) => type === 'error')).toEqual([]);
    slow.socket.terminate();
  });
});
