import {
  channelChanged,
  channelMessageReceived,
  conversationStatusChanged,
  type ConversationStatusChanged,
} from '@fenster/contracts';
import { sql, type Ctx } from '@fenster/database';
import { createLogger, DomainError, newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Activity } from '../activities/activity.entity.js';
import { updateChannelSettings } from '../channel-settings/channel-setting.commands.js';
import type { ConversationContext } from '../context.js';
import { changeConversation, type ConversationChange } from '../conversations/change-conversation.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { sendMessage } from '../messages/message.commands.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';
import { requestContext } from '../testing/request-context.js';
import { Thread } from '../threads/thread.entity.js';
import { runDueTimers } from '../timers/timer-runner.js';
import { timers } from '../timers/timers.js';
import { reopening, resolving, settingPending, snoozing } from './status.commands.js';

const START = new Date('2026-11-22T09:00:00Z');
const HOUR_MS = 3_600_000;

let conversation: TestConversation;
let now = START;
let workspaceId: string;
let member: ConversationContext;
let processes: Omit<Ctx, 'origin'>;

beforeAll(async () => {
  conversation = await createTestConversation(() => now);
  const log = createLogger('test', 'silent');
  processes = { database: conversation.database, log, now: () => now, wakeRelay() {} };
});
afterAll(() => conversation.close());
beforeEach(() => {
  now = START;
  workspaceId = newId();
  member = requestContext(conversation.database, { workspaceId }, () => now);
});

const em = () => conversation.database.forTenant(workspaceId);
const pass = (hours: number) => void (now = new Date(now.getTime() + hours * HOUR_MS));
const write = (overrides = {}) =>
  conversation.receive(
    workspaceId,
    channelMessageReceived,
    customerMessage(conversation.channelId, { sentAt: now.toISOString(), ...overrides }),
  );
const reaction = () => write({ type: 'reaction', opensWindow: false });
const all = () => em().find(Conversation, {}, { orderBy: { id: 'asc' } });
const change = (id: string, work: ConversationChange) =>
  changeConversation(member, id, (tx, each, thread) => work(tx, each, thread));
const reply = (conversationId: string) => sendMessage(member, { conversationId, text: 'Ja', idempotencyKey: newId() });
const tick = () => runDueTimers(processes, timers);
const changes = async () =>
  (await conversation.logOf(workspaceId))
    .filter(({ name }) => name === conversationStatusChanged.name)
    .map(({ data, actor }) => ({ ...(data as ConversationStatusChanged), by: actor.kind }));

async function opened(): Promise<string> {
  await write();
  return (await all())[0]!.id;
}

/** What must hold after anything has happened. */
async function checkInvariants(): Promise<void> {
  const [threads, conversations, events, activities] = await Promise.all([
    em().find(Thread, {}),
    all(),
    changes(),
    em().find(Activity, { kind: 'STATUS' }),
  ]);
  const { rows: set } = await sql<{ subject_id: string; due_at: Date }>`
    select subject_id, due_at from timer where workspace_id = ${workspaceId} and kind = 'snooze-end'
  `.execute(conversation.database.system().getKysely());
  const timerOf = new Map(set.map((row) => [row.subject_id, row.due_at]));
  for (const thread of threads) {
    const own = conversations.filter((each) => each.threadId === thread.id);
    const unresolved = own.filter((each) => each.status !== 'RESOLVED');
    expect(unresolved.map((each) => each.id)).toEqual(thread.openConversationId ? [thread.openConversationId] : []);
    expect(thread.wakesOnMessage).toBe(unresolved.some(({ status }) => status === 'SNOOZED' || status === 'PENDING'));
    if (unresolved.length === 0) expect(own.map((each) => each.id)).toContain(thread.resolvedConversationId);
  }
  for (const each of conversations) {
    const isSnoozed = each.status === 'SNOOZED';
    expect(each.snoozeKind !== null).toBe(isSnoozed);
    expect(each.snoozedUntil !== null).toBe(isSnoozed && each.snoozeKind !== 'NEXT_MESSAGE');
    expect(timerOf.get(each.id) ?? null).toEqual(each.snoozedUntil);
    expect(each.resolvedAt !== null).toBe(each.status === 'RESOLVED');
    if (each.status === 'RESOLVED') expect(each.waitingSince).toBeNull();
    let status = 'OPEN';
    for (const event of events.filter(({ conversationId }) => conversationId === each.id)) {
      expect(event.from).toBe(status);
      status = event.to;
    }
    expect(status).toBe(each.status);
  }
  expect(activities).toHaveLength(events.length);
}

describe('the status of a conversation', () => {
  it('changes with who, why and what it was', async () => {
    const id = await opened();
    await change(id, snoozing({ until: new Date(START.getTime() + HOUR_MS), reason: ' Wartet auf Ware ' }));
    const { id: memberId } = member.requireActor();
    expect(await em().find(Activity, {})).toMatchObject([
      {
        kind: 'STATUS',
        before: 'OPEN',
        after: 'SNOOZED',
        reason: 'Wartet auf Ware',
        actorKind: 'member',
        actorId: memberId,
      },
    ]);
    pass(2);
    await tick();
    await change(id, resolving({}));
    await write();
    expect(await changes()).toMatchObject([
      { from: 'OPEN', to: 'SNOOZED', reason: 'REQUESTED', by: 'member', snoozedUntil: '2026-11-22T10:00:00.000Z' },
      { from: 'SNOOZED', to: 'OPEN', reason: 'SNOOZE_ENDED', by: 'system', snoozedUntil: null },
      { from: 'OPEN', to: 'RESOLVED', reason: 'REQUESTED', by: 'member' },
      { from: 'RESOLVED', to: 'OPEN', reason: 'CUSTOMER_WROTE', by: 'contact' },
    ]);
    await checkInvariants();
  });

  it('is not changed by a refusal', async () => {
    const id = await opened();
    await expect(change(id, reopening({}))).rejects.toMatchObject({ code: 'ALREADY_OPEN' });
    await expect(change(id, resolving({ expectedLastSeq: 0 }))).rejects.toMatchObject({ code: 'STALE_THREAD' });
    await expect(change(id, snoozing({ hoursBeforeWindowCloses: 24 }))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field: 'hoursBeforeWindowCloses',
    });
    expect(await changes()).toEqual([]);
    await checkInvariants();
  });
});

describe('a customer message', () => {
  it('opens what is pending or snoozed; a reaction does not', async () => {
    const id = await opened();
    for (const rest of [
      settingPending({}),
      snoozing({ untilNextMessage: true }),
      snoozing({ until: new Date(START.getTime() + HOUR_MS) }),
    ]) {
      await change(id, rest);
      const [resting] = await all();
      await reaction();
      expect(await all()).toMatchObject([{ status: resting!.status }]);
      await checkInvariants();
      await write();
      expect(await all()).toMatchObject([{ id, status: 'OPEN' }]);
      await checkInvariants();
    }
  });

  it('reopens what was resolved within a day, and else opens a new conversation', async () => {
    const id = await opened();
    await change(id, resolving({}));
    pass(24);
    await write();
    expect(await all()).toMatchObject([{ id, status: 'OPEN', resolvedAt: null, waitingSince: now }]);
    await change(id, resolving({}));
    pass(24.1);
    await write();
    expect(await all()).toMatchObject([{ id, status: 'RESOLVED' }, { status: 'OPEN' }]);
    await checkInvariants();
  });

  it('does so as long as the setting of its channel says', async () => {
    const { channelId } = conversation;
    await conversation.receive(workspaceId, channelChanged, { channelId, name: 'Filiale Mitte', state: 'ACTIVE' });
    await updateChannelSettings(member, { channelId: conversation.channelId, reopenWithinHours: 0 });
    const id = await opened();
    await change(id, resolving({}));
    await write();
    expect(await all()).toMatchObject([{ id, status: 'RESOLVED' }, { status: 'OPEN' }]);
  });

  it('that is a reaction stays with what was resolved, which stays so', async () => {
    const id = await opened();
    await change(id, resolving({}));
    pass(1_000);
    await reaction();
    expect(await all()).toMatchObject([{ id, status: 'RESOLVED', lastSeq: 2, waitingSince: null }]);
    await checkInvariants();
  });
});

describe('a snooze', () => {
  it('before the window closes follows its extension', async () => {
    const id = await opened();
    await change(id, snoozing({ hoursBeforeWindowCloses: 2 }));
    const extended = new Date(START.getTime() + 30 * HOUR_MS);
    await em().nativeUpdate(Thread, {}, { windowExpiresAt: extended });
    pass(22);
    await tick();
    expect(await all()).toMatchObject([
      { status: 'SNOOZED', snoozedUntil: new Date(extended.getTime() - 2 * HOUR_MS) },
    ]);
    await checkInvariants();
    pass(6);
    await tick();
    expect(await all()).toMatchObject([{ id, status: 'OPEN' }]);
    await checkInvariants();
  });

  it('ends a moment later if somebody works on the thread, and nobody waits for anybody', async () => {
    const id = await opened();
    await change(id, snoozing({ until: new Date(START.getTime() + HOUR_MS) }));
    pass(1);
    await changeConversation(member, id, async () => {
      await tick();
      expect(await all()).toMatchObject([{ status: 'SNOOZED' }]);
    });
    await tick();
    expect(await all()).toMatchObject([{ status: 'OPEN' }]);
    await checkInvariants();
  });
});

describe('a reply', () => {
  it('opens what is resolved, and leaves what is snoozed or pending', async () => {
    const id = await opened();
    for (const [rest, status] of [
      [resolving({}), 'OPEN'],
      [snoozing({ untilNextMessage: true }), 'SNOOZED'],
      [settingPending({}), 'PENDING'],
    ] as const) {
      await change(id, rest);
      await reply(id);
      expect(await all()).toMatchObject([{ status }]);
    }
    expect((await changes())[1]).toMatchObject({ from: 'RESOLVED', to: 'OPEN', reason: 'REPLIED', by: 'member' });
    await checkInvariants();
  });

  it('is refused in a conversation that was followed by another', async () => {
    const id = await opened();
    await change(id, resolving({}));
    pass(25);
    await write();
    await expect(reply(id)).rejects.toMatchObject({ code: 'ANOTHER_CONVERSATION_OPEN' });
    await expect(change(id, reopening({}))).rejects.toMatchObject({ code: 'ANOTHER_CONVERSATION_OPEN' });
    await checkInvariants();
  });
});

describe('at the same moment', () => {
  const settled = (work: Promise<unknown>[]) =>
    Promise.all(
      work.map((each) =>
        each.then(
          () => 'done',
          (error: unknown) => {
            if (!(error instanceof DomainError)) throw error;
            return error.code;
          },
        ),
      ),
    );

  it('one of several resolves it', async () => {
    const id = await opened();
    const answers = await settled(Array.from({ length: 6 }, () => change(id, resolving({}))));
    expect(answers.toSorted()).toEqual([...Array.from({ length: 5 }, () => 'ALREADY_RESOLVED'), 'done']);
    await checkInvariants();
  });

  it('a customer message and a resolution come one after the other: it is never lost in what is resolved', async () => {
    const id = await opened();
    for (let round = 0; round < 10; round += 1) {
      await settled([change(id, resolving({})), write(), change(id, snoozing({ untilNextMessage: true })), write()]);
      await checkInvariants();
      const [only] = await all();
      // Whoever came last decides; a message that came last has opened it.
      const last = (await changes()).at(-1)!;
      expect(only!.status).toBe(last.to);
      await settled([write()]);
      expect(await all()).toMatchObject([{ id, status: 'OPEN', lastSeq: 1 + (round + 1) * 3 }]);
    }
  });

  it('the end of a snooze, the customer and agents get along, in any number of processes', async () => {
    const id = await opened();
    for (let round = 0; round < 10; round += 1) {
      await change(id, snoozing({ until: new Date(now.getTime() + HOUR_MS) }));
      pass(1);
      const soon = new Date(now.getTime() + HOUR_MS);
      await settled([tick(), change(id, snoozing({ until: soon })), tick(), write(), change(id, resolving({}))]);
      await tick();
      await checkInvariants();
      expect(await settled([write()])).toEqual(['done']);
    }
  });
});

describe('whatever happens', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constant('write' as const) },
    fc.constantFrom('react', 'reply', 'resolve', 'reopen', 'pending', 'untilMessage', 'beforeClose', 'until' as const),
  );
  const history = fc.array(fc.record({ step, hours: fc.constantFrom(0, 0, 1, 5, 12, 30), which: fc.nat(3) }), {
    minLength: 5,
    maxLength: 14,
  });
  const changing: Record<string, () => ConversationChange> = {
    resolve: () => resolving({}),
    reopen: () => reopening({}),
    pending: () => settingPending({}),
    untilMessage: () => snoozing({ untilNextMessage: true }),
    beforeClose: () => snoozing({ hoursBeforeWindowCloses: 3 }),
    until: () => snoozing({ until: new Date(now.getTime() + 4 * HOUR_MS) }),
  };

  it('a thread has at most one unresolved conversation, and what sleeps wakes up', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        now = START;
        workspaceId = newId();
        member = requestContext(conversation.database, { workspaceId }, () => now);
        await write();
        for (const { step: what, hours, which } of steps) {
          pass(hours);
          await tick();
          const known = await all();
          const { id } = known[which % known.length]!;
          try {
            if (what === 'write') await write();
            else if (what === 'react') await reaction();
            else if (what === 'reply') await reply(id);
            else await change(id, changing[what]!());
          } catch (error) {
            if (!(error instanceof DomainError)) throw error;
          }
        }
        await checkInvariants();
      }),
      { numRuns: 25 },
    );
  }, 120_000);
});
