import { channelMessageReceived, memberChanged, teamChanged } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { request, subscribe } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { TeamMember } from '../directory/directory.entity.js';
import { customerMessage, startConversation, type RunningConversation } from '../testing/conversation.js';

let running: RunningConversation;
beforeAll(async () => {
  running = await startConversation();
});
afterAll(() => running.stop());

const [workspaceId, team, anna] = [newId(), newId(), newId()];
const AGENT = ['team:read', 'conversation:read', 'conversation:update', 'message:read', 'message:send'] as const;

async function ask<T>(token: string, query: string, variables: Record<string, unknown> = {}): Promise<T> {
  const { data, errors } = await request<T>(running.url, query, { token, variables });
  expect(errors).toBeUndefined();
  return data;
}

it('customers who write go to the agent who comes online, as many as there is room for, and the next one when one is done', async () => {
  const channelIds = [running.channelId];
  await running.publish(workspaceId, memberChanged, {
    memberId: anna,
    name: 'Anna',
    status: 'ACTIVE',
    permissions: [...AGENT],
  });
  await running.publish(workspaceId, teamChanged, { teamId: team, memberIds: [anna], channelIds });
  await eventually(async () => expect(await running.database.forTenant(workspaceId).count(TeamMember)).toBe(1));
  const manager = await running.tokenOf(workspaceId);
  const agent = await running.tokenOf(workspaceId, AGENT, { id: anna, teamIds: [team], channelIds });
  await ask(manager, `mutation { setTeamRouting(teamId: "${team}", mode: LEAST_BUSY) { __typename } }`);
  await ask(manager, `mutation { setMemberCapacity(memberId: "${anna}", capacity: 2) { __typename } }`);
  const subscriber = subscribe<{ inboxEvents: { __typename: string; conversation?: { id: string } } }>(
    running.url,
    `subscription { inboxEvents { __typename ... on ConversationAssigned {
      cause assignee { id } conversation { id team { queue { count } } activities { nodes { kind reason by { kind } } } }
    } } }`,
    agent,
  );
  const assigned = () =>
    subscriber.received
      .map(({ inboxEvents }) => inboxEvents)
      .filter((each) => each.__typename === 'ConversationAssigned');
  await eventually(() => expect(subscriber.received).toHaveLength(1));
  await running.publish(
    workspaceId,
    channelMessageReceived,
    ...['+4917100000001', '+4917100000002', '+4917100000003'].map((phone, index) =>
      customerMessage(running.channelId, {
        identity: { phone },
        sentAt: new Date(Date.now() - 60_000 + index).toISOString(),
      }),
    ),
  );
  const queue = () =>
    ask(agent, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Team { queue { count } } } }', {
      r: [{ __typename: 'Team', id: team }],
    });
  await eventually(async () => expect(await queue()).toEqual({ _entities: [{ queue: { count: 3 } }] }));
  await ask(agent, 'mutation { setAvailability(choice: ONLINE) { status } }');
  await eventually(async () => expect(await queue()).toEqual({ _entities: [{ queue: { count: 1 } }] }));
  await eventually(() => expect(assigned()).toHaveLength(2));
  expect(assigned()[0]).toMatchObject({
    cause: 'LEAST_BUSY',
    assignee: { id: anna },
    conversation: {
      activities: {
        nodes: expect.arrayContaining([
          {
            kind: 'ASSIGNEE',
            reason: 'Fewest open conversations of 1 with room: had 0 of at most 2.',
            by: { kind: 'SYSTEM' },
          },
        ]),
      },
    },
  });
  await ask(agent, `mutation ($id: ID!) { resolveConversation(input: { conversationId: $id }) { __typename } }`, {
    id: assigned()[0]!.conversation!.id,
  });
  await eventually(() => expect(assigned()).toHaveLength(3));
  expect(await queue()).toEqual({ _entities: [{ queue: { count: 0 } }] });
  expect(subscriber.errors).toEqual([]);
  await subscriber.stop();
});
