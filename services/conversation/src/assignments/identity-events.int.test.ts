import { channelMessageReceived, memberAccessChanged, teamDeleted } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Conversation } from '../conversations/conversation.entity.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';

let conversation: TestConversation;
beforeAll(async () => {
  conversation = await createTestConversation();
});
afterAll(() => conversation.close());

const [team, otherTeam, anna, bert] = [newId(), newId(), newId(), newId()];

/** A workspace with one conversation, whose work it is. */
async function open(owner: { teamId: string | null; assigneeId: string | null }): Promise<string> {
  const workspaceId = newId();
  await conversation.receive(workspaceId, channelMessageReceived, customerMessage(conversation.channelId));
  await conversation.database.forTenant(workspaceId).nativeUpdate(Conversation, {}, owner);
  return workspaceId;
}
const ownerIn = async (workspaceId: string) => {
  const { teamId, assigneeId } = await conversation.database
    .forTenant(workspaceId)
    .findOneOrFail(Conversation, { workspaceId });
  return { teamId, assigneeId };
};

describe('the work of a member', () => {
  it.each([
    ['removed', null],
    ['role', anna],
  ] as const)('given the reason %s, then the assignee is %s, and the team stays', async (reason, assigneeId) => {
    const workspaceId = await open({ teamId: team, assigneeId: anna });
    await conversation.receive(workspaceId, memberAccessChanged, { memberId: anna, reason });
    expect(await ownerIn(workspaceId)).toEqual({ teamId: team, assigneeId });
  });

  it('of another one, or elsewhere, stays theirs', async () => {
    const [ours, theirs] = [
      await open({ teamId: null, assigneeId: bert }),
      await open({ teamId: null, assigneeId: anna }),
    ];
    await conversation.receive(ours, memberAccessChanged, { memberId: anna, reason: 'removed' });
    expect(await ownerIn(ours)).toEqual({ teamId: null, assigneeId: bert });
    expect(await ownerIn(theirs)).toEqual({ teamId: null, assigneeId: anna });
  });
});

describe('the work of a team', () => {
  it('when the team is deleted is nobody’s, or stays the assignee’s', async () => {
    const workspaceId = await open({ teamId: team, assigneeId: anna });
    await conversation.receive(workspaceId, teamDeleted, { teamId: team });
    expect(await ownerIn(workspaceId)).toEqual({ teamId: null, assigneeId: anna });
  });

  it('of another one, or elsewhere, stays theirs', async () => {
    const [ours, theirs] = [
      await open({ teamId: otherTeam, assigneeId: null }),
      await open({ teamId: team, assigneeId: null }),
    ];
    await conversation.receive(ours, teamDeleted, { teamId: team });
    expect(await ownerIn(ours)).toEqual({ teamId: otherTeam, assigneeId: null });
    expect(await ownerIn(theirs)).toEqual({ teamId: team, assigneeId: null });
  });
});
