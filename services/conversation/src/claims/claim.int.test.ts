import { claimChanged, type ClaimChanged } from '@fenster/contracts';
import { readLog } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { subscribe } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { Activity } from '../activities/activity.entity.js';
import { Message } from '../messages/message.entity.js';
import { startConversation, type RunningConversation } from '../testing/conversation.js';
import { asker, openConversation, type Asker } from '../testing/inbox.js';
import { runDueTimers } from '../timers/timer-runner.js';
import { claimExpiryTimer } from './claim-expiry.timer.js';
import { Claim } from './claim.entity.js';

let running: RunningConversation;
let now = new Date();
let workspaceId: string;
let anna: Asker & { id: string };
let ben: Asker & { id: string };
let conversationId: string;

beforeAll(async () => {
  running = await startConversation({ now: () => now });
});
afterAll(() => running.stop());
beforeEach(async () => {
  now = new Date();
  workspaceId = newId();
  const member = async () => {
    const id = newId();
    return { ...asker(running, await running.tokenOf(workspaceId, undefined, { id })), id };
  };
  [anna, ben] = await Promise.all([member(), member()]);
  conversationId = await openConversation(running, workspaceId, anna);
});

const pass = (seconds: number) => (now = new Date(now.getTime() + seconds * 1_000));
const CLAIM = '... on Claim { holder { kind member { id } } expiresAt reason } ... on InvalidInput { field }';
const LOST = '... on Claim { expiresAt } ... on ClaimLost { claim { holder { member { id } } } }';
const OTHER = '... on ClaimedByOther { claim { holder { member { id } } } }';
const claim = (by: Asker, more = {}) =>
  by.mutate('claimConversation', '$conversationId: ID!, $seconds: Int', `${CLAIM} ${OTHER}`, {
    conversationId,
    ...more,
  });
const renew = (by: Asker) => by.mutate('renewClaim', '$conversationId: ID!', LOST, { conversationId });
const release = (by: Asker) => by.mutate('releaseClaim', '$conversationId: ID!', OTHER, { conversationId });
const takeOver = (by: Asker, reason: string) =>
  by.mutate('takeOverClaim', '$conversationId: ID!, $reason: String!', CLAIM, { conversationId, reason });
const claimSeenBy = async (by: Asker) =>
  (
    await by.ask<{ conversation: { claim: unknown } }>(
      'query ($id: ID!) { conversation(id: $id) { claim { holder { member { id } } reason } } }',
      { id: conversationId },
    )
  ).conversation.claim;
const told = async (): Promise<ClaimChanged[]> => {
  const log = await readLog(running.database.forTenant(workspaceId), 0, 1_000);
  return log.filter(({ name }) => name === claimChanged.name).map(({ data }) => data as ClaimChanged);
};
const changes = async () => (await told()).map(({ change }) => change);
const held = { __typename: 'ClaimedByOther', code: 'CLAIMED_BY_OTHER' };

describe('while somebody holds the claim', () => {
  it('they may send and nobody else may, member or API key', async () => {
    expect(await claim(anna)).toMatchObject({
      __typename: 'Claim',
      holder: { kind: 'MEMBER', member: { id: anna.id } },
    });
    const key = asker(running, await running.tokenOf(workspaceId, undefined, { kind: 'api_key', id: newId() }));
    for (const other of [ben, key]) {
      expect(await other.send(conversationId)).toMatchObject({
        ...held,
        claim: { holder: { member: { id: anna.id } } },
      });
      expect(await claim(other)).toMatchObject(held);
    }
    expect(await anna.send(conversationId)).toMatchObject({ __typename: 'Message', seq: 2 });
    expect(await running.database.forTenant(workspaceId).count(Message, { direction: 'OUTBOUND' })).toBe(1);
  });

  it('exactly one of many who claim at the same moment gets it, and exactly one message leaves', async () => {
    const agents = [anna, ben, anna, ben, anna, ben, anna, ben];
    for (let round = 0; round < 5; round += 1) {
      conversationId = await openConversation(running, workspaceId, anna);
      const before = (await told()).length;
      const answers = await Promise.all(
        agents.map(async (agent) => ({ agent, claimed: await claim(agent), sent: await agent.send(conversationId) })),
      );
      const holders = new Set(
        answers.filter((each) => each.claimed.__typename === 'Claim').map(({ agent }) => agent.id),
      );
      expect(holders.size).toBe(1);
      for (const { agent, sent } of answers) {
        expect(sent.__typename).toBe(holders.has(agent.id) ? 'Message' : 'ClaimedByOther');
      }
      expect((await told()).slice(before).map(({ change }) => change)).toEqual(['taken']);
    }
  });

  it('exactly one of two who have seen the same messages sends at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      conversationId = await openConversation(running, workspaceId, anna);
      const answers = await Promise.all([anna, ben].map((agent) => agent.send(conversationId, { expectedLastSeq: 1 })));
      expect(answers.map(({ __typename }) => __typename).toSorted()).toEqual(['Message', 'StaleThread']);
    }
  });

  it('the claim holds on as long as they write or send, without a word to the others', async () => {
    await claim(anna);
    for (let step = 0; step < 3; step += 1) {
      pass(45);
      expect(await renew(anna)).toMatchObject({ __typename: 'Claim' });
    }
    pass(45);
    await anna.send(conversationId);
    pass(45);
    expect(await ben.send(conversationId)).toMatchObject(held);
    expect(await changes()).toEqual(['taken']);
  });

  it('they may give it up, others may not', async () => {
    await claim(anna);
    expect(await release(ben)).toMatchObject(held);
    expect(await release(anna)).toMatchObject({ __typename: 'Conversation' });
    expect(await release(anna)).toMatchObject({ __typename: 'Conversation' });
    expect(await renew(anna)).toMatchObject({ __typename: 'ClaimLost', claim: null });
    expect(await ben.send(conversationId)).toMatchObject({ __typename: 'Message' });
    expect(await changes()).toEqual(['taken', 'released']);
    expect((await told()).at(-1)).toMatchObject({ holder: null, previousHolder: { kind: 'member', id: anna.id } });
  });

  it('somebody may take it over with a reason, which is told and kept', async () => {
    await claim(anna);
    for (const reason of ['', '   ', 'x'.repeat(501)]) {
      expect(await takeOver(ben, reason)).toMatchObject({ __typename: 'InvalidInput', field: 'reason' });
    }
    expect(await takeOver(ben, ' Anna telefoniert ')).toMatchObject({
      __typename: 'Claim',
      holder: { member: { id: ben.id } },
      reason: 'Anna telefoniert',
    });
    expect(await anna.send(conversationId)).toMatchObject(held);
    expect(await renew(anna)).toMatchObject({ __typename: 'ClaimLost', claim: { holder: { member: { id: ben.id } } } });
    expect(await told()).toMatchObject([
      { change: 'taken' },
      { change: 'taken_over', holder: { id: ben.id }, previousHolder: { id: anna.id } },
    ]);
    const em = running.database.forTenant(workspaceId);
    expect(await em.findOneOrFail(Activity, { conversationId, kind: 'CLAIM' })).toMatchObject({
      before: anna.id,
      after: ben.id,
      reason: 'Anna telefoniert',
      actorId: ben.id,
    });
    const readsNoWords = await running.tokenOf(workspaceId, ['conversation:read', 'conversation:read_all']);
    expect(await claimSeenBy(asker(running, readsNoWords))).toEqual({
      holder: { member: { id: ben.id } },
      reason: null,
    });
  });
});

describe('when its time is over', () => {
  it('anybody may send at once, whether or not the timer has looked', async () => {
    await claim(anna, { seconds: 10 });
    pass(10);
    expect(await claimSeenBy(ben)).toBeNull();
    expect(await ben.send(conversationId)).toMatchObject({ __typename: 'Message' });
    expect(await renew(anna)).toMatchObject({ __typename: 'ClaimLost' });
  });

  it('everybody is told, once, and only then', async () => {
    await claim(anna, { seconds: 10 });
    const events = subscribe<{ inboxEvents: Record<string, unknown> }>(
      running.url,
      `subscription { inboxEvents { __typename ... on ClaimChanged {
        claimChange holder { kind } previousHolder { member { id } } conversation { id claim { expiresAt } } } } }`,
      ben.token,
    );
    await eventually(() => expect(events.received).toHaveLength(1));
    pass(5);
    await renew(anna);
    pass(8);
    // The timer was set for before: it finds that there is still time.
    await eventually(async () => {
      const [row] = await running.database
        .system()
        .execute<{ due_at: Date }[]>('select due_at from timer where subject_id = ?', [conversationId]);
      expect(row!.due_at.getTime()).toBeGreaterThan(now.getTime());
    });
    expect(events.received).toHaveLength(1);
    pass(60);
    await eventually(() =>
      expect(events.received.slice(1)).toEqual([
        {
          inboxEvents: {
            __typename: 'ClaimChanged',
            claimChange: 'EXPIRED',
            holder: null,
            previousHolder: { member: { id: anna.id } },
            conversation: { id: conversationId, claim: null },
          },
        },
      ]),
    );
    const ctx = { database: running.database, now: () => now, log: createLogger('test', 'silent'), wakeRelay() {} };
    expect(await runDueTimers(ctx, [claimExpiryTimer])).toBe(0);
    expect(await running.database.forTenant(workspaceId).count(Claim)).toBe(0);
    await events.stop();
  });

  it('everybody is told, though the holder had claimed it for longer at first', async () => {
    await claim(anna, { seconds: 600 });
    await claim(anna, { seconds: 10 });
    pass(10);
    await eventually(async () => expect(await changes()).toEqual(['taken', 'expired']));
  });

  it('its end is told before the next begins, though nobody has looked between', async () => {
    const em = running.database.forTenant(workspaceId);
    await claim(anna, { seconds: 10 });
    // As if no process had run timers.
    await em.execute("update timer set due_at = due_at + interval '1 hour' where subject_id = ?", [conversationId]);
    pass(11);
    expect(await claim(ben)).toMatchObject({ __typename: 'Claim' });
    expect(await told()).toMatchObject([
      { change: 'taken', holder: { id: anna.id } },
      { change: 'expired', holder: null, previousHolder: { id: anna.id } },
      { change: 'taken', holder: { id: ben.id }, previousHolder: null },
    ]);
  });
});

describe('who may not', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['too short a time', { seconds: 9 }, { __typename: 'InvalidInput', field: 'seconds' }],
    ['too long a time', { seconds: 601 }, { __typename: 'InvalidInput', field: 'seconds' }],
    ['an unknown conversation', { conversationId: newId() }, { __typename: 'NotFound' }],
    ['something that is no id', { conversationId: 'x' }, { __typename: 'NotFound' }],
  ])('claims nothing: %s', async (_, input, refusal) => {
    expect(await claim(anna, input)).toMatchObject(refusal);
    expect(await changes()).toEqual([]);
  });

  it('claims nothing: another workspace, or without the right to send', async () => {
    const stranger = asker(running, await running.tokenOf(newId()));
    expect(await claim(stranger)).toMatchObject({ __typename: 'NotFound' });
    expect(await takeOver(stranger, 'mine')).toMatchObject({ __typename: 'NotFound' });
    expect(await changes()).toEqual([]);
  });
});
