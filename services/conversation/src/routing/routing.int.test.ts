import { assignmentChanged, channelMessageReceived, memberChanged, teamChanged } from '@fenster/contracts';
import { sql, transact, type Ctx } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Activity } from '../activities/activity.entity.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { Thread } from '../threads/thread.entity.js';
import { runDueTimers } from '../timers/timer-runner.js';
import { timers } from '../timers/timers.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';
import { routeWorkspace } from './route-workspace.js';
import { wakeRouting } from './wake-routing.js';

const MINUTE = 60_000;
let conversation: TestConversation;
let ctx: Ctx;
let now = new Date('2026-11-22T09:00:00Z');
let workspaceId: string;
let agents: string[];
const team = newId();

beforeAll(async () => {
  conversation = await createTestConversation(() => now);
  ctx = {
    database: conversation.database,
    now: () => now,
    log: createLogger('test', 'silent'),
    wakeRelay: () => {},
    origin: { actor: { kind: 'system' }, correlationId: 'test' },
  };
});
afterAll(() => conversation.close());
beforeEach(() => startDay(3));

const later = (minutes: number) => (now = new Date(now.getTime() + minutes * MINUTE));
const kysely = () => conversation.database.system().getKysely();
const wake = () => transact(ctx, (tx) => wakeRouting(tx, [{ workspaceId, id: team }]));

/** A team of so many, all of them there, who share the channel. */
async function startDay(
  count: number,
  { mode = 'ROUND_ROBIN', returningMinutes = null as number | null, capacity = 2 } = {},
): Promise<void> {
  workspaceId = newId();
  agents = Array.from({ length: count }, () => newId()).toSorted();
  await conversation.receive(
    workspaceId,
    memberChanged,
    ...agents.map((memberId) => ({
      memberId,
      name: 'Agent',
      status: 'ACTIVE' as const,
      permissions: ['conversation:read', 'message:read', 'message:send'],
    })),
  );
  const channelIds = [conversation.channelId];
  await conversation.receive(workspaceId, teamChanged, { teamId: team, memberIds: agents, channelIds });
  await sql`
    insert into team_routing (workspace_id, team_id, mode, returning_minutes)
    values (${workspaceId}, ${team}, ${mode}, ${returningMinutes})
  `.execute(kysely());
  for (const agent of agents) {
    await be(agent, 'ONLINE');
    await setCapacity(agent, capacity);
  }
  await conversation.letTimersRun();
}
async function be(agent: string, choice: string): Promise<void> {
  await sql`
    insert into availability (workspace_id, member_id, choice, seen_at, told_status, told_since)
    values (${workspaceId}, ${agent}, ${choice}, ${later(0)}, ${choice}, ${now})
    on conflict (workspace_id, member_id) do update set choice = excluded.choice, seen_at = excluded.seen_at
  `.execute(kysely());
  await wake();
}
async function setCapacity(agent: string, capacity: number): Promise<void> {
  await sql`
    insert into agent_capacity (workspace_id, member_id, capacity) values (${workspaceId}, ${agent}, ${capacity})
    on conflict (workspace_id, member_id) do update set capacity = excluded.capacity
  `.execute(kysely());
  await wake();
}
let persons = 0;
/** Customers write for the first time, one after the other. */
async function arrive(
  count = 1,
  phones = Array.from({ length: count }, () => `+4917${String((persons += 1)).padStart(8, '0')}`),
) {
  await conversation.receive(
    workspaceId,
    channelMessageReceived,
    ...phones.map((phone, index) =>
      customerMessage(conversation.channelId, {
        identity: { phone },
        sentAt: new Date(now.getTime() + index).toISOString(),
      }),
    ),
  );
  return phones;
}
const all = () =>
  conversation.database.forTenant(workspaceId).find(Conversation, {}, { orderBy: { waitingSince: 'asc', id: 'asc' } });
/** Somebody resolves it, without a word on how. */
async function resolve(id: string, more: { waitingSince?: null } = {}): Promise<void> {
  const em = conversation.database.forTenant(workspaceId);
  await em.nativeUpdate(Conversation, { id }, { status: 'RESOLVED', resolvedAt: now, ...more });
  await em.nativeUpdate(Thread, { openConversationId: id }, { openConversationId: null, resolvedConversationId: id });
}
const assignees = async () => (await all()).map(({ assigneeId }) => assigneeId && agents.indexOf(assigneeId));
const run = () => conversation.letTimersRun();

describe('a conversation that nobody has', () => {
  it('goes to whose turn it is, with the team, and says why', async () => {
    await arrive(4);
    await run();
    expect(await assignees()).toEqual([0, 1, 2, 0]);
    const [first] = await all();
    expect(first!.teamId).toBe(team);
    const activities = await conversation.database.forTenant(workspaceId).find(Activity, { conversationId: first!.id });
    expect(activities).toMatchObject([
      { kind: 'TEAM', before: null, after: team, actorKind: 'system' },
      { kind: 'ASSIGNEE', after: agents[0], reason: 'Longest without a turn of 3 with room: had 0 of at most 2.' },
    ]);
    const told = (await conversation.logOf(workspaceId)).filter(({ name }) => name === assignmentChanged.name);
    expect(told).toHaveLength(4);
    expect(told[0]!.data).toMatchObject({ assigneeId: agents[0], previousTeamId: null, cause: 'ROUND_ROBIN' });
  });

  it('waits when nobody has room, and the oldest is next when something is resolved, given back or allowed', async () => {
    await arrive(9);
    await run();
    expect(await assignees()).toEqual([0, 1, 2, 0, 1, 2, null, null, null]);
    const conversations = await all();
    await resolve(conversations[4]!.id);
    await run();
    expect((await assignees())[6]).toBe(1);
    await setCapacity(agents[2]!, 3);
    await run();
    expect(await assignees()).toEqual([0, 1, 2, 0, 1, 2, 1, 2, null]);
    // Given back, it is the oldest: the same agent has the only room.
    await conversation.database
      .forTenant(workspaceId)
      .nativeUpdate(Conversation, { id: conversations[0]!.id }, { assigneeId: null });
    await be(agents[0]!, 'AWAY');
    await run();
    expect((await assignees())[0]).toBe(null);
    await be(agents[0]!, 'ONLINE');
    await run();
    expect(await assignees()).toEqual([0, 1, 2, 0, 1, 2, 1, 2, null]);
  });

  it('goes to nobody who is away, busy, not heard of, without rights, or not of the team', async () => {
    await be(agents[0]!, 'BUSY');
    later(1);
    await be(agents[1]!, 'ONLINE');
    later(1);
    // The third was last heard of two minutes ago.
    await arrive(3);
    await run();
    expect(await assignees()).toEqual([1, 1, null]);
    await conversation.receive(workspaceId, memberChanged, {
      memberId: agents[2]!,
      name: 'Agent',
      status: 'ACTIVE',
      permissions: ['conversation:read'],
    });
    await be(agents[2]!, 'ONLINE');
    await run();
    expect((await assignees())[2]).toBe(null);
    await conversation.receive(workspaceId, teamChanged, {
      teamId: team,
      memberIds: [agents[1]!],
      channelIds: [conversation.channelId],
    });
    await be(agents[0]!, 'ONLINE');
    await run();
    expect((await assignees())[2]).toBe(null);
  });

  it('of a team that gives out nothing by itself, of a channel of no team, or given to somebody stays where it is', async () => {
    await sql`delete from team_routing where workspace_id = ${workspaceId}`.execute(kysely());
    await arrive(1);
    await run();
    expect(await assignees()).toEqual([null]);
    const { rows } = await sql`select from timer where workspace_id = ${workspaceId} and kind = 'routing'`.execute(
      kysely(),
    );
    expect(rows).toEqual([]);
  });

  it('is left for the next time while somebody changes it, and nobody overtakes it', async () => {
    await startDay(1, { capacity: 1 });
    await arrive(2);
    const [oldest] = await all();
    await conversation.database.system().transactional(async (em) => {
      await sql`select from conversation where id = ${oldest!.id} for update`.execute(em.getKysely());
      await runDueTimers(ctx, timers);
    });
    expect(await assignees()).toEqual([null, null]);
    await run();
    expect(await assignees()).toEqual([0, null]);
  });

  it('is given by one process at a time: the next one leaves it, and later sees what the first gave', async () => {
    await startDay(1, { capacity: 1 });
    await arrive(2);
    await transact(ctx, async (tx) => {
      expect(await routeWorkspace(tx, workspaceId)).toBe(true);
      expect(await transact(ctx, (other) => routeWorkspace(other, workspaceId))).toBe(false);
      expect(await runDueTimers(ctx, timers)).toBe(0);
    });
    await run();
    expect(await assignees()).toEqual([0, null]);
  });
});

describe('a team without room', () => {
  it('is passed over: whatever waits for it is not even read', async () => {
    await startDay(1, { capacity: 1 });
    await arrive(100);
    await run();
    const [other, otherChannel, agent] = [newId(), newId(), newId()];
    const permissions = ['conversation:read', 'message:read', 'message:send'];
    const rest = { name: 'Other', status: 'ACTIVE' as const, permissions };
    await conversation.receive(workspaceId, memberChanged, { memberId: agent, ...rest });
    await conversation.receive(workspaceId, teamChanged, {
      teamId: other,
      memberIds: [agent],
      channelIds: [otherChannel],
    });
    await sql`insert into team_routing (workspace_id, team_id, mode) values (${workspaceId}, ${other}, 'ROUND_ROBIN')`.execute(
      kysely(),
    );
    later(1);
    const [identity, sentAt] = [{ phone: '+491609999999' }, now.toISOString()];
    await conversation.receive(
      workspaceId,
      channelMessageReceived,
      customerMessage(otherChannel, { identity, sentAt }),
    );
    await be(agent, 'ONLINE');
    let rowsRead = 0;
    await transact(ctx, (tx) => {
      const counted = tx.sql.withPlugin({
        transformQuery: ({ node }) => node,
        transformResult: ({ result }) => {
          rowsRead += result.rows.length;
          return Promise.resolve(result);
        },
      });
      return routeWorkspace({ ...tx, sql: counted as typeof tx.sql }, workspaceId);
    });
    const owned = (await all()).filter(({ assigneeId }) => assigneeId !== null);
    expect(owned.map(({ channelId }) => channelId).toSorted()).toEqual(
      [conversation.channelId, otherChannel].toSorted(),
    );
    expect(rowsRead).toBeLessThan(20);
  });
});

describe('a returning customer', () => {
  beforeEach(() => startDay(2, { returningMinutes: 10, capacity: 1 }));

  /** The customer of agent 0, whose conversation was resolved days ago. */
  async function known(): Promise<string[]> {
    const phones = await arrive(1);
    await run();
    const [only] = await all();
    expect(only!.assigneeId).toBe(agents[0]);
    await resolve(only!.id);
    later(3 * 24 * 60);
    await be(agents[1]!, 'ONLINE');
    return phones;
  }
  const latest = async () => (await all()).find(({ status }) => status === 'OPEN')!;

  it('goes to the agent whom they had, out of turn', async () => {
    const phones = await known();
    await be(agents[0]!, 'ONLINE');
    await arrive(1, phones);
    await run();
    expect((await latest()).assigneeId).toBe(agents[0]);
  });

  it('waits for that agent for so many minutes, then goes to another one', async () => {
    const phones = await known();
    await arrive(1, phones);
    await run();
    expect((await latest()).assigneeId).toBe(null);
    later(9);
    await be(agents[1]!, 'ONLINE');
    await run();
    expect((await latest()).assigneeId).toBe(null);
    later(1);
    await run();
    const { id, assigneeId } = await latest();
    expect(assigneeId).toBe(agents[1]);
    const [, activity] = await conversation.database.forTenant(workspaceId).find(Activity, { conversationId: id });
    expect(activity!.reason).toContain('was not available within 10 minutes');
  });

  it('whose conversation is reopened keeps the agent who is there, and otherwise waits and goes to another one', async () => {
    const phones = await arrive(1);
    await run();
    const [{ id }] = (await all()) as [Conversation];
    await resolve(id, { waitingSince: null });
    await arrive(1, phones);
    await run();
    expect(await latest()).toMatchObject({ id, assigneeId: agents[0] });
    later(11);
    await run();
    expect((await latest()).assigneeId).toBe(agents[0]);

    await resolve(id, { waitingSince: null });
    await be(agents[0]!, 'AWAY');
    later(30);
    await arrive(1, phones);
    later(9);
    await be(agents[1]!, 'ONLINE');
    await run();
    expect((await latest()).assigneeId).toBe(agents[0]);
    later(1);
    await run();
    expect((await latest()).assigneeId).toBe(agents[1]);
  });
});

describe.each(['ROUND_ROBIN', 'LEAST_BUSY'])('whatever happens, with several processes at once, %s', (mode) => {
  const happening = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('arrive' as const), count: fc.integer({ min: 1, max: 4 }) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('resolve' as const), which: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('giveBack' as const), which: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('toggle' as const), which: fc.nat(3) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('capacity' as const), which: fc.nat(3), to: fc.nat(3) }),
    },
  );

  it('nobody is skipped or forgotten, gets more than they can take, or is given what another one has', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 14 }), async (happenings) => {
        await startDay(4, { mode, capacity: 2 });
        const capacity = new Map(agents.map((agent) => [agent, 2]));
        const online = new Set(agents);
        for (const happens of happenings) {
          const before = await all();
          const held = before.filter(({ status, assigneeId }) => status === 'OPEN' && assigneeId);
          const one = 'which' in happens ? agents[happens.which]! : '';
          if (happens.kind === 'arrive') await arrive(happens.count);
          else if (happens.kind === 'resolve' && held.length > 0) await resolve(held[happens.which % held.length]!.id);
          else if (happens.kind === 'giveBack' && held.length > 0) {
            const { id } = held[happens.which % held.length]!;
            await conversation.database.forTenant(workspaceId).nativeUpdate(Conversation, { id }, { assigneeId: null });
          } else if (happens.kind === 'toggle') {
            if (!online.delete(one)) online.add(one);
            await be(one, online.has(one) ? 'ONLINE' : 'AWAY');
          } else if (happens.kind === 'capacity') {
            capacity.set(one, happens.to);
            await setCapacity(one, happens.to);
          }
          const unrouted = (await all()).filter(({ status }) => status === 'OPEN');
          const heldBefore = new Map(unrouted.map(({ id, assigneeId }) => [id, assigneeId]));
          await Promise.all([run(), run(), run()]);
          await run();

          const open = (await all()).filter(({ status }) => status === 'OPEN');
          const given = open.filter(({ id, assigneeId }) => assigneeId && !heldBefore.get(id));
          const loads = (list: readonly Conversation[]) => (agent: string) =>
            list.filter(({ assigneeId }) => assigneeId === agent).length;
          const loadBefore = loads(unrouted);
          const load = loads(open);
          for (const agent of agents) {
            const got = loads(given)(agent);
            if (!online.has(agent)) expect(got).toBe(0);
            if (got > 0) expect(load(agent)).toBeLessThanOrEqual(capacity.get(agent)!);
            expect(load(agent)).toBe(loadBefore(agent) + got);
          }
          const queue = unrouted.filter(({ assigneeId }) => !assigneeId);
          const room = [...online].reduce(
            (sum, agent) => sum + Math.max(0, capacity.get(agent)! - loadBefore(agent)),
            0,
          );
          expect(given.map(({ id }) => id)).toEqual(queue.slice(0, Math.min(room, queue.length)).map(({ id }) => id));
        }
      }),
      { numRuns: 8 },
    );
  }, 240_000);

  it('among those who are there all the time and have room, nobody gets two more than another', async () => {
    await startDay(3, { mode, capacity: 100 });
    for (const count of [1, 2, 5, 1, 7, 3]) {
      await Promise.all([arrive(count), run()]);
      await Promise.all([run(), run()]);
      const counts = agents.map((_, index) => index);
      const got = await assignees();
      const each = counts.map((index) => got.filter((one) => one === index).length);
      expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(1);
    }
    expect((await assignees()).includes(null)).toBe(false);
  });
});
