import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { memberAccessChanged, sessionEnded, subjectOf } from '@fenster/contracts';
import { connectNats, createPublisher, ensureStream, type NatsConnection } from '@fenster/messaging';
import { createLogger, newId } from '@fenster/runtime';
import { TEXTS } from '../testing/documents.js';
import { GatewayUnderTest } from '../testing/gateway-under-test.js';
import { WORKSPACE } from '../testing/identity.js';
import { eventOf, RawSocket } from '../testing/raw-socket.js';

let gateway: GatewayUnderTest;
let connection: NatsConnection;
beforeEach(async () => {
  gateway = await GatewayUnderTest.start();
  connection = await connectNats({ url: inject('natsUrl'), name: 'test', log: createLogger('test', 'silent') });
  await ensureStream(connection, 'identity');
});
afterEach(async () => {
  await connection.close();
  await gateway.stop();
});

const CHANGED = 'Rights have changed or the session has ended: renew the token, connect again';
const QUERY = { query: '{ whoami }' };

function envelopeOf(
  event: typeof memberAccessChanged | typeof sessionEnded,
  data: { memberId: string; reason: 'role' } | { memberId: string; sessionId: string },
): object {
  const id = newId();
  const now = new Date().toISOString();
  const { name, version, dataClass } = event;
  return {
    ...{ id, name, version, dataClass, workspaceId: WORKSPACE, seq: 1, entityId: data.memberId, data },
    ...{ occurredAt: now, recordedAt: now, actor: { kind: 'member' }, correlationId: id },
  };
}

/** As identity's relay does. */
async function publish(message: string, event: typeof memberAccessChanged | typeof sessionEnded): Promise<void> {
  const subject = subjectOf(event, WORKSPACE);
  await createPublisher(connection).publish([{ id: newId(), subject, data: Buffer.from(message) }]);
}

async function say(...[event, data]: Parameters<typeof envelopeOf>): Promise<void> {
  await publish(JSON.stringify([envelopeOf(event, data)]), event);
}

const statusOf = async (authorization: string) => (await gateway.post(QUERY, { authorization })).status;

describe('A member whose rights change', () => {
  it('loses every open socket at once, whatever it does, and colleagues lose none', async () => {
    const id = newId();
    const authorization = await gateway.identity.authorization({ id });
    const subscribed = await new RawSocket(gateway.socketUrl).begin(authorization);
    subscribed.send({ id: '1', type: 'subscribe', payload: { query: TEXTS } });
    await subscribed.receive((message) => eventOf(message)?.__typename === 'LiveStarted');
    const idle = await new RawSocket(gateway.socketUrl).begin(authorization);
    const colleague = await gateway.subscribe(TEXTS);
    await colleague.until((each) => each.isLive);

    await say(memberAccessChanged, { memberId: id, reason: 'role' });
    expect(await Promise.all([subscribed.closed, idle.closed])).toEqual([
      { code: 4403, reason: CHANGED },
      { code: 4403, reason: CHANGED },
    ]);
    gateway.inbox.say('only for the colleague');
    await colleague.until((each) => each.texts.length === 1);
  });

  it('is refused with the old token, over HTTP, a new socket and a renewal alike, and let in with a new one', async () => {
    const id = newId();
    const old = await gateway.identity.authorization({ id });
    const witness = await new RawSocket(gateway.socketUrl).begin(old);
    expect(await statusOf(old)).toBe(200);

    await say(memberAccessChanged, { memberId: id, reason: 'role' });
    await witness.closed;
    expect(await statusOf(old)).toBe(401);
    const refused = new RawSocket(gateway.socketUrl);
    await refused.opened();
    refused.send({ type: 'connection_init', payload: { authorization: old } });
    expect(await refused.closed).toEqual({ code: 4403, reason: 'Forbidden' });

    const renewed = await gateway.identity.authorization({ id });
    expect(await statusOf(renewed)).toBe(200);
    const socket = await new RawSocket(gateway.socketUrl).begin(renewed);
    socket.send({ type: 'ping', payload: { authorization: old } });
    expect(await socket.closed).toEqual({ code: 4403, reason: 'Forbidden' });
  });
});

describe('A session that ends', () => {
  it('takes its sockets and tokens with it, and those of the member’s other sessions stay', async () => {
    const member = { id: newId(), sessionId: newId() };
    const ended = await gateway.identity.authorization(member);
    const other = await gateway.identity.authorization({ ...member, sessionId: newId() });
    const socket = await new RawSocket(gateway.socketUrl).begin(ended);
    await say(sessionEnded, { memberId: member.id, sessionId: member.sessionId });
    expect(await socket.closed).toEqual({ code: 4403, reason: CHANGED });
    expect([await statusOf(ended), await statusOf(other)]).toEqual([401, 200]);
  });
});

describe('What nobody can read', () => {
  const ended = (member: { memberId: string; sessionId: string }) => envelopeOf(sessionEnded, member);
  it.each([
    ['with it', (good: object) => [JSON.stringify([null, ended({ memberId: newId(), sessionId: 'none' }), good])]],
    ['after it', (good: object) => ['[{"name"', JSON.stringify([good])]],
  ])('does not keep a session that ends %s', async (_, messagesWith) => {
    const member = { memberId: newId(), sessionId: newId() };
    const authorization = await gateway.identity.authorization({ ...member, id: member.memberId });
    const socket = await new RawSocket(gateway.socketUrl).begin(authorization);
    for (const message of messagesWith(ended(member))) await publish(message, sessionEnded);
    expect(await socket.closed).toEqual({ code: 4403, reason: CHANGED });
  });
});

describe('A gateway that starts', () => {
  it('knows before its first request what was revoked while it was away', async () => {
    const id = newId();
    const old = await gateway.identity.authorization({ id });
    await gateway.service.stop();
    await say(memberAccessChanged, { memberId: id, reason: 'role' });
    await gateway.restart();
    expect(await statusOf(old)).toBe(401);
    expect(await statusOf(await gateway.identity.authorization({ id }))).toBe(200);
  });
});
