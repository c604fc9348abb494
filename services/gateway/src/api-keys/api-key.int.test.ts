import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { apiKeyRevoked, subjectOf } from '@fenster/contracts';
import { connectNats, createPublisher, ensureStream } from '@fenster/messaging';
import { createLogger, newId } from '@fenster/runtime';
import { TEXTS } from '../testing/documents.js';
import { GatewayUnderTest } from '../testing/gateway-under-test.js';
import { WORKSPACE } from '../testing/identity.js';
import { eventOf, RawSocket, type Message } from '../testing/raw-socket.js';

const KEY = `Bearer fk_${'0'.repeat(32)}_${'A'.repeat(43)}`;
const UNKNOWN = `Bearer fk_${'1'.repeat(32)}_${'A'.repeat(43)}`;
const QUERY = { query: '{ whoami }' };

let gateway: GatewayUnderTest;
let keyId: string;
beforeEach(async () => {
  gateway = await GatewayUnderTest.start();
  keyId = newId();
  gateway.identity.apiKeys.set(KEY, { id: keyId });
});
afterEach(() => gateway.stop());

async function revoke(): Promise<void> {
  const connection = await connectNats({ url: inject('natsUrl'), name: 'test', log: createLogger('test', 'silent') });
  await ensureStream(connection, 'identity');
  const id = newId();
  const now = new Date().toISOString();
  const { name, version, dataClass } = apiKeyRevoked;
  const envelope = {
    ...{ id, name, version, dataClass, workspaceId: WORKSPACE, seq: 1, entityId: keyId, data: { apiKeyId: keyId } },
    ...{ occurredAt: now, recordedAt: now, actor: { kind: 'member' }, correlationId: id },
  };
  const subject = subjectOf(apiKeyRevoked, WORKSPACE);
  await createPublisher(connection).publish([{ id, subject, data: Buffer.from(JSON.stringify([envelope])) }]);
  await connection.close();
}

describe('An API key', () => {
  it('is a login, of which services see a token only', async () => {
    const { status, body } = await gateway.post(
      { query: '{ whoami conversation(id: "1") { contact { seenWith } } }' },
      { authorization: KEY },
    );
    expect(status).toBe(200);
    const { whoami, conversation } = body.data as {
      whoami: string;
      conversation: { contact: { seenWith: string } };
    };
    expect(whoami).toBe(keyId);
    expect(conversation.contact.seenWith).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it('that identity does not know gets the answer of a wrong token', async () => {
    const refused = await gateway.post(QUERY, { authorization: UNKNOWN });
    expect(refused.status).toBe(401);
    expect(refused).toEqual(await gateway.post(QUERY, { authorization: 'Bearer nonsense' }));
    const socket = await new RawSocket(gateway.socketUrl).opened();
    socket.send({ type: 'connection_init', payload: { authorization: UNKNOWN } });
    expect(await socket.closed).toEqual({ code: 4403, reason: 'Forbidden' });
  });

  it('keeps its socket open beyond its tokens, missing nothing', async () => {
    gateway.identity.apiKeys.set(KEY, { id: keyId, lifetimeSeconds: 2 });
    const witness = await new RawSocket(gateway.socketUrl).begin(
      await gateway.identity.authorization({ lifetimeSeconds: 3 }),
    );
    const socket = await new RawSocket(gateway.socketUrl).begin(KEY);
    socket.send({ id: '1', type: 'subscribe', payload: { query: TEXTS } });
    await socket.receive((message) => eventOf(message)?.__typename === 'LiveStarted');
    await witness.closed;
    gateway.inbox.say('after its first token');
    const isAfter = (message: Message) => eventOf(message)?.message?.text === 'after its first token';
    expect(await socket.receive(isAfter)).toMatchObject({ id: '1', type: 'next' });
    socket.socket.terminate();
  });

  it('that has ended ends its socket', async () => {
    gateway.identity.apiKeys.set(KEY, { id: keyId, lifetimeSeconds: 1 });
    const socket = await new RawSocket(gateway.socketUrl).begin(KEY);
    gateway.identity.apiKeys.clear();
    expect(await socket.closed).toEqual({ code: 4403, reason: 'Forbidden' });
  });

  it('cannot be told from none while identity is in trouble, and that is said', async () => {
    gateway.identity.isInTrouble = true;
    const unavailable = { status: 503, body: { errors: [{ extensions: { code: 'UNAVAILABLE' } }] } };
    for (const authorization of [KEY, UNKNOWN]) {
      expect(await gateway.post(QUERY, { authorization })).toMatchObject(unavailable);
    }
    gateway.identity.isInTrouble = false;
    expect((await gateway.post(QUERY, { authorization: KEY })).body).toEqual({ data: { whoami: keyId } });
  });

  it('that is revoked loses its sockets and its token at once', async () => {
    const socket = await new RawSocket(gateway.socketUrl).begin(KEY);
    await revoke();
    expect((await socket.closed).code).toBe(4403);
    expect((await gateway.post(QUERY, { authorization: KEY })).status).toBe(401);
  });
});
