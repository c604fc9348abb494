import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '@fenster/runtime';
import { TEXTS } from '../testing/documents.js';
import { GatewayUnderTest } from '../testing/gateway-under-test.js';
import { eventOf, RawSocket, type Message } from '../testing/raw-socket.js';

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await GatewayUnderTest.start();
});
afterEach(() => gateway.stop());

const subscribe = (id: string) => ({ id, type: 'subscribe', payload: { query: TEXTS } });
const textOf = (text: string) => (message: Message) => eventOf(message)?.message?.text === text;
const isMarker = (message: Message) => eventOf(message)?.__typename === 'LiveStarted';

describe('A socket', () => {
  it('ends with its token', async () => {
    const socket = await new RawSocket(gateway.socketUrl).begin(
      await gateway.identity.authorization({ lifetimeSeconds: 1 }),
    );
    socket.send(subscribe('1'));
    expect(await socket.closed).toEqual({ code: 4403, reason: 'Token expired' });
  });

  it('outlives a token that was renewed by a ping, and so does its subscription', async () => {
    const id = newId();
    const socket = await new RawSocket(gateway.socketUrl).begin(
      await gateway.identity.authorization({ id, lifetimeSeconds: 1 }),
    );
    const witness = await new RawSocket(gateway.socketUrl).begin(
      await gateway.identity.authorization({ lifetimeSeconds: 1 }),
    );
    socket.send(subscribe('1'));
    await socket.receive(isMarker);
    gateway.inbox.say('before');
    await socket.receive(textOf('before'));
    socket.send({ type: 'ping', payload: { authorization: await gateway.identity.authorization({ id }) } });
    expect(await socket.receive(({ type }) => type === 'pong')).toEqual({ type: 'pong' });
    await witness.closed;
    gateway.inbox.say('after');
    await socket.receive(textOf('after'));
    expect(socket.messages.filter(isMarker)).toHaveLength(1);
    expect(socket.messages.filter(textOf('before'))).toHaveLength(1);
    socket.socket.terminate();
  });

  it.each([
    ['another member', () => ({ id: newId() }), 'A token is renewed for the same member only'],
    ['a token that is over', () => ({ lifetimeSeconds: -1 }), 'Forbidden'],
  ])('is closed with 4403 when it is renewed with %s', async (_, other, reason) => {
    const id = newId();
    const socket = await new RawSocket(gateway.socketUrl).begin(await gateway.identity.authorization({ id }));
    socket.send({ type: 'ping', payload: { authorization: await gateway.identity.authorization({ id, ...other() }) } });
    expect(await socket.closed).toEqual({ code: 4403, reason });
  });

  it('goes on with other rights in another group, missing and repeating nothing', async () => {
    const id = newId();
    const socket = await new RawSocket(gateway.socketUrl).begin(await gateway.identity.authorization({ id }));
    const colleague = await gateway.subscribe(TEXTS);
    await colleague.until((each) => each.isLive);
    socket.send(subscribe('1'));
    await socket.receive(isMarker);
    gateway.inbox.say('with the old rights');
    await socket.receive(textOf('with the old rights'));
    const authorization = await gateway.identity.authorization({ id, permissions: ['conversation:read'] });
    socket.send({ type: 'ping', payload: { authorization } });
    await socket.receive(({ type }) => type === 'pong');
    gateway.inbox.say('with the new rights');
    await socket.receive(textOf('with the new rights'));
    await colleague.until((each) => each.texts.length === 2);
    expect(socket.messages.filter(textOf('with the old rights'))).toHaveLength(1);
    expect(gateway.inbox.started.at(-1)!.authorization).toBe(authorization);
    socket.socket.terminate();
  });
});

describe('A token that the subgraph does not accept', () => {
  it.each(['UNAUTHENTICATED', 'FORBIDDEN'])('ends the operation with the error of the subgraph: %s', async (code) => {
    gateway.inbox.refuseWith = code;
    const anna = await gateway.subscribe(TEXTS);
    expect(await anna.untilEnded()).toMatchObject([{ message: 'Refused.', extensions: { code } }]);
    expect(anna.results).toEqual([]);
    await expect.poll(() => gateway.inbox.server.socketCount).toBe(0);
  });
});
