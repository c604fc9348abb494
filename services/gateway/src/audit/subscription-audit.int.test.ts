import { type AuditEntryRecorded, type Envelope } from '@fenster/contracts';
import { connectNats, type NatsConnection } from '@fenster/messaging';
import { createLogger, EVENT_HEADER, newId, USER_AGENT_HEADER } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { INBOX, TEXTS } from '../testing/documents.js';
import { GatewayUnderTest } from '../testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
let connection: NatsConnection;
const workspaceId = newId();
const entries: Envelope<AuditEntryRecorded>[] = [];

beforeAll(async () => {
  gateway = await GatewayUnderTest.start();
  connection = await connectNats({ url: inject('natsUrl'), name: 'test', log: createLogger('test', 'silent') });
  connection.subscribe(`gateway.audit_entry.recorded.v1.${workspaceId}`, {
    callback: (_error, message) => void entries.push(...message.json<Envelope<AuditEntryRecorded>[]>()),
  });
  await connection.flush();
});
afterAll(async () => {
  await connection.close();
  await gateway.stop();
});

const as = (id: string) => gateway.identity.authorization({ id, workspaceId, sessionId: id });
const whoOpened = () => entries.map(({ actor }) => actor.id);

describe('the audit log', () => {
  it('hears of everybody who opened a subscription, also of those who share one, and once of each', async () => {
    const [anna, ben] = [newId(), newId()];
    const before = gateway.inbox.started.length;
    const subscriptions = [
      await gateway.subscribe(TEXTS, { authorization: await as(anna) }),
      await gateway.subscribe(TEXTS, { authorization: await as(ben) }),
    ];
    for (const subscription of subscriptions) await subscription.until(({ isLive }) => isLive);
    gateway.inbox.say('more');
    for (const subscription of subscriptions) await subscription.until(({ texts }) => texts.includes('more'));
    await eventually(() => expect(whoOpened().toSorted()).toEqual([anna, ben].toSorted()));
    expect(entries.find(({ actor }) => actor.id === anna)).toMatchObject({
      name: 'gateway.audit_entry.recorded',
      workspaceId,
      actor: { kind: 'member', id: anna },
      data: {
        action: 'subscription.open',
        objectType: 'subscription',
        objectIds: [workspaceId],
        changes: { field: { before: null, after: 'inboxEvents' } },
        sessionId: anna,
      },
    });
    expect(gateway.inbox.started.length - before).toBe(1);
    for (const subscription of subscriptions) subscription.stop();
  });

  it('does not hear of one that was refused', async () => {
    const [nobody, somebody] = [newId(), newId()];
    gateway.inbox.refuseWith = 'FORBIDDEN';
    await (await gateway.subscribe(TEXTS, { authorization: await as(nobody) })).untilEnded();
    gateway.inbox.refuseWith = undefined;
    const admitted = await gateway.subscribe(TEXTS, { authorization: await as(somebody) });
    await eventually(() => expect(whoOpened()).toContain(somebody));
    expect(whoOpened()).not.toContain(nobody);
    admitted.stop();
  });

  it('does not hear of one that was told to wait, and then was refused', async () => {
    const [nobody, somebody] = [newId(), newId()];
    await gateway.inbox.server.crash();
    const waiting = await gateway.subscribe(TEXTS, { authorization: await as(nobody) });
    await waiting.until(({ notices }) => notices.length === 1);
    gateway.inbox.refuseWith = 'FORBIDDEN';
    await gateway.inbox.server.start();
    await waiting.untilEnded();
    gateway.inbox.refuseWith = undefined;
    const admitted = await gateway.subscribe(TEXTS, { authorization: await as(somebody) });
    await eventually(() => expect(whoOpened()).toContain(somebody));
    expect(whoOpened()).not.toContain(nobody);
    admitted.stop();
  });

  it('can tell what somebody read from what completes an event for many', async () => {
    await gateway.post(
      { query: '{ conversation(id: "7") { contact { name } } }' },
      { authorization: await as(newId()), 'user-agent': 'Inbox/2' },
    );
    expect(gateway.contacts.headers).toMatchObject({ [USER_AGENT_HEADER]: 'Inbox/2' });
    expect(gateway.contacts.headers).not.toHaveProperty(EVENT_HEADER);
    const subscription = await gateway.subscribe(INBOX, { authorization: await as(newId()) });
    await subscription.until(({ isLive }) => isLive);
    gateway.inbox.say('with a contact');
    await subscription.until(({ texts }) => texts.includes('with a contact'));
    expect(gateway.contacts.headers).toHaveProperty(EVENT_HEADER);
    subscription.stop();
  });
});
