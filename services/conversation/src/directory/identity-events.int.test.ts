import {
  assignmentChanged,
  channelMessageReceived,
  conversationMovedAway,
  memberChanged,
  teamChanged,
  teamDeleted,
  type MemberChanged,
} from '@fenster/contracts';
import { sql, unnest } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Activity } from '../activities/activity.entity.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';
import { Member, Team, TeamMember } from './directory.entity.js';

let conversation: TestConversation;
beforeAll(async () => {
  conversation = await createTestConversation();
});
afterAll(() => conversation.close());

const [team, otherTeam, anna, bert] = [newId(), newId(), newId(), newId()];
const member = (memberId: string, status: MemberChanged['status'] = 'ACTIVE'): MemberChanged => ({
  memberId,
  name: 'Anna',
  status,
  permissions: ['conversation:read', 'message:send'],
});

/** A workspace with one conversation, whose work it is. */
async function open(owner: { teamId: string | null; assigneeId: string | null }): Promise<string> {
  const workspaceId = newId();
  await conversation.receive(workspaceId, memberChanged, member(anna), member(bert));
  for (const teamId of [team, otherTeam]) {
    await conversation.receive(workspaceId, teamChanged, { teamId, memberIds: [anna, bert], channelIds: [] });
  }
  await conversation.receive(workspaceId, channelMessageReceived, customerMessage(conversation.channelId));
  await conversation.database.forTenant(workspaceId).nativeUpdate(Conversation, {}, owner);
  return workspaceId;
}
/** Conversations that have been resolved, one in each of these threads. */
async function insertResolved(workspaceId: string, assigneeId: string, threadIds: readonly string[]): Promise<void> {
  const db = conversation.database.system().getKysely();
  const rows = threadIds.map((threadId) => ({ id: newId(), thread_id: threadId }));
  await sql`
    insert into thread (workspace_id, id, channel_id, contact_id, created_at)
    select distinct ${workspaceId}::uuid, thread_id, ${conversation.channelId}::uuid, thread_id, now()
    from ${unnest('input', { thread_id: 'uuid' }, rows)}`.execute(db);
  await sql`
    insert into conversation (workspace_id, id, thread_id, channel_id, contact_id, status, resolved_at, assignee_id,
      last_seq, last_message_at, opened_at)
    select ${workspaceId}, id, thread_id, ${conversation.channelId}, thread_id, 'RESOLVED', now(), ${assigneeId}, 1, now(), now()
    from ${unnest('input', { id: 'uuid', thread_id: 'uuid' }, rows)}`.execute(db);
}
const ownerIn = async (workspaceId: string) => {
  const { teamId, assigneeId } = await conversation.database
    .forTenant(workspaceId)
    .findOneOrFail(Conversation, { workspaceId });
  return { teamId, assigneeId };
};
const toldIn = async (workspaceId: string) =>
  (await conversation.logOf(workspaceId)).filter(({ name }) =>
    [assignmentChanged.name, conversationMovedAway.name].some((each) => each === name),
  );

describe('the directory', () => {
  it('knows members and teams as they were last told, within one batch too', async () => {
    const workspaceId = newId();
    await conversation.receive(workspaceId, memberChanged, member(anna, 'INVITED'), {
      ...member(anna),
      name: 'Anna B.',
    });
    await conversation.receive(
      workspaceId,
      teamChanged,
      { teamId: team, memberIds: [anna, bert], channelIds: [newId()] },
      { teamId: team, memberIds: [anna], channelIds: [] },
    );
    const em = conversation.database.forTenant(workspaceId);
    expect(await em.findOne(Member, { id: anna })).toMatchObject({
      name: 'Anna B.',
      status: 'ACTIVE',
      permissions: ['conversation:read', 'message:send'],
    });
    expect(await em.find(TeamMember, {})).toMatchObject([{ teamId: team, memberId: anna }]);
  });

  it('forgets a deleted team and the places of a removed member, here and not elsewhere', async () => {
    const [here, elsewhere] = [newId(), newId()];
    for (const workspaceId of [here, elsewhere]) {
      await conversation.receive(workspaceId, teamChanged, { teamId: team, memberIds: [anna], channelIds: [] });
      await conversation.receive(workspaceId, teamChanged, { teamId: otherTeam, memberIds: [bert], channelIds: [] });
    }
    await conversation.receive(here, memberChanged, member(anna, 'REMOVED'));
    await conversation.receive(here, teamDeleted, { teamId: otherTeam });
    const left = async (workspaceId: string) => {
      const em = conversation.database.forTenant(workspaceId);
      return [await em.count(Team), await em.count(TeamMember)];
    };
    expect(await left(here)).toEqual([1, 0]);
    expect(await left(elsewhere)).toEqual([2, 2]);
  });
});

describe('the work of a member', () => {
  it.each([
    ['REMOVED', null],
    ['ACTIVE', anna],
  ] as const)('given the status %s, then the assignee is %s, and the team stays', async (status, assigneeId) => {
    const workspaceId = await open({ teamId: team, assigneeId: anna });
    await conversation.receive(workspaceId, memberChanged, member(anna, status));
    await conversation.letTimersRun();
    expect(await ownerIn(workspaceId)).toEqual({ teamId: team, assigneeId });
  });

  it('is told to have become nobody’s, and why', async () => {
    const workspaceId = await open({ teamId: team, assigneeId: anna });
    await conversation.receive(workspaceId, memberChanged, member(anna, 'REMOVED'));
    await conversation.letTimersRun();
    const previous = { previousTeamId: team, previousAssigneeId: anna };
    expect((await toldIn(workspaceId)).map(({ data }) => data)).toMatchObject([
      previous,
      { teamId: team, assigneeId: null, ...previous, cause: 'RELEASED' },
    ]);
    expect(await conversation.database.forTenant(workspaceId).find(Activity, {})).toMatchObject([
      { kind: 'ASSIGNEE', before: anna, after: null, actorKind: 'system', reason: 'The member was removed.' },
    ]);
    await conversation.receive(workspaceId, memberChanged, member(anna, 'REMOVED'));
    await conversation.letTimersRun();
    expect(await toldIn(workspaceId)).toHaveLength(2);
  });

  it('is all nobody’s, however much it was, and however often a customer came back', async () => {
    const workspaceId = newId();
    await conversation.receive(workspaceId, memberChanged, member(anna));
    const returning = newId();
    const threads = [returning, ...Array.from({ length: 500 }, newId)];
    await insertResolved(workspaceId, anna, [returning, ...threads]);
    await conversation.receive(workspaceId, memberChanged, member(anna, 'REMOVED'));
    await conversation.letTimersRun();
    const em = conversation.database.forTenant(workspaceId);
    expect(await em.count(Conversation, { assigneeId: null })).toBe(502);
  });

  it('of another one, or elsewhere, stays theirs', async () => {
    const [ours, theirs] = [
      await open({ teamId: null, assigneeId: bert }),
      await open({ teamId: null, assigneeId: anna }),
    ];
    await conversation.receive(ours, memberChanged, member(anna, 'REMOVED'));
    await conversation.letTimersRun();
    expect(await ownerIn(ours)).toEqual({ teamId: null, assigneeId: bert });
    expect(await ownerIn(theirs)).toEqual({ teamId: null, assigneeId: anna });
  });
});

describe('the work of a team', () => {
  it('when the team is deleted is nobody’s, or stays the assignee’s', async () => {
    const workspaceId = await open({ teamId: team, assigneeId: anna });
    await conversation.receive(workspaceId, teamDeleted, { teamId: team });
    await conversation.letTimersRun();
    expect(await ownerIn(workspaceId)).toEqual({ teamId: null, assigneeId: anna });
    expect((await toldIn(workspaceId)).at(-1)!.data).toMatchObject({
      teamId: null,
      assigneeId: anna,
      cause: 'RELEASED',
    });
  });

  it('of another one, or elsewhere, stays theirs', async () => {
    const [ours, theirs] = [
      await open({ teamId: otherTeam, assigneeId: null }),
      await open({ teamId: team, assigneeId: null }),
    ];
    await conversation.receive(ours, teamDeleted, { teamId: team });
    await conversation.letTimersRun();
    expect(await ownerIn(ours)).toEqual({ teamId: otherTeam, assigneeId: null });
    expect(await ownerIn(theirs)).toEqual({ teamId: team, assigneeId: null });
  });
});
