import type { Permission } from '@fenster/auth';
import {
  auditEntryRecorded,
  channelMessageReceived,
  memberChanged,
  teamChanged,
  type MemberChanged,
} from '@fenster/contracts';
import { readLog } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, subscribe, type Subscriber } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { Activity } from '../activities/activity.entity.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { Team, TeamMember } from '../directory/directory.entity.js';
import { customerMessage, startConversation, type RunningConversation } from '../testing/conversation.js';

const AGENT: readonly Permission[] = ['conversation:read', 'conversation:update', 'message:read', 'message:send'];
let running: RunningConversation;
let workspaceId: string;
let id: string;
let tokens: Record<'anna' | 'bert' | 'cora' | 'owner', string>;
const [service, sales] = [newId(), newId()];
const [anna, bert, cora, frida, nora, gone] = [newId(), newId(), newId(), newId(), newId(), newId()];

beforeAll(async () => {
  running = await startConversation();
});
afterAll(() => running.stop());

const member = (memberId: string, more: Partial<MemberChanged> = {}): MemberChanged => ({
  memberId,
  name: 'Somebody',
  status: 'ACTIVE',
  permissions: [...AGENT],
  ...more,
});

/** Anna and Bert are of Service, whose channel it is; Cora is of Sales. One customer has written. */
beforeEach(async () => {
  workspaceId = newId();
  const channelIds = [running.channelId];
  await running.publish(
    workspaceId,
    memberChanged,
    ...[anna, bert, cora].map((each) => member(each)),
    member(frida, { permissions: ['cost:read'] }),
    member(nora, { status: 'INVITED' }),
    member(gone, { status: 'REMOVED' }),
  );
  await running.publish(
    workspaceId,
    teamChanged,
    { teamId: service, memberIds: [anna, bert], channelIds },
    { teamId: sales, memberIds: [cora], channelIds: [] },
  );
  await running.publish(workspaceId, channelMessageReceived, customerMessage(running.channelId));
  const em = running.database.forTenant(workspaceId);
  id = await eventually(async () => {
    expect(await em.fork().count(TeamMember)).toBe(3);
    return (await em.fork().findOneOrFail(Conversation, { workspaceId })).id;
  });
  const rights = (actor: string, teamIds: string[], channels: string[]) =>
    running.tokenOf(workspaceId, AGENT, { id: actor, teamIds, channelIds: channels });
  tokens = {
    anna: await rights(anna, [service], channelIds),
    bert: await rights(bert, [service], channelIds),
    cora: await rights(cora, [sales], []),
    owner: await running.tokenOf(workspaceId),
  };
});

const CONVERSATION = '... on Conversation { id assignee { id } team { id } messages { nodes { text } } }';
const REFUSAL = '... on UserError { code message } ... on InvalidInput { field } ... on NotFound { field }';
async function mutate(who: keyof typeof tokens, field: string, args: Record<string, unknown>, more = '') {
  const types: Record<string, string> = {
    conversationId: 'ID!',
    memberId: 'ID',
    teamId: 'ID',
    from: 'ID',
    reason: 'String',
  };
  const names = Object.keys(args);
  const query = `mutation (${names.map((name) => `$${name}: ${types[name]}`).join(', ')}) {
    ${field}(${names.map((name) => `${name}: $${name}`).join(', ')}) { __typename ${CONVERSATION} ${REFUSAL} ${more} }
  }`;
  const { data, errors } = await request<Record<string, Record<string, unknown>>>(running.url, query, {
    variables: args,
    token: tokens[who],
  });
  expect(errors).toBeUndefined();
  return data[field]!;
}
const assign = (who: keyof typeof tokens, memberId: string | null, more: object = {}) =>
  mutate(who, 'assignConversation', { conversationId: id, memberId, ...more });
const giveTeam = (who: keyof typeof tokens, teamId: string | null) =>
  mutate(who, 'assignTeam', { conversationId: id, teamId });
const take = (who: keyof typeof tokens, more: object = {}) =>
  mutate(who, 'takeConversation', { conversationId: id, ...more }, '... on AlreadyAssigned { assignee { id } }');
const stored = async () => {
  const { assigneeId, teamId } = await running.database.forTenant(workspaceId).findOneOrFail(Conversation, { id });
  return { assigneeId, teamId };
};

describe('assigning a conversation', () => {
  it('makes it somebody’s work, and leaves who, why and an entry for the audit log', async () => {
    const answer = await assign('anna', bert, { reason: ' Speaks Turkish. ' });
    expect(answer).toMatchObject({ id, assignee: { id: bert }, team: null });
    expect(await running.database.forTenant(workspaceId).find(Activity, {})).toMatchObject([
      { kind: 'ASSIGNEE', before: null, after: bert, actorId: anna, reason: 'Speaks Turkish.' },
    ]);
    const log = await readLog(running.database.forTenant(workspaceId), 0, 100);
    const audited = log.filter(({ name }) => name === auditEntryRecorded.get('conversation')!.name);
    expect(audited.map(({ data }) => data)).toContainEqual(
      expect.objectContaining({
        action: 'conversation.assign',
        objectIds: [id],
        changes: { assigneeId: { before: null, after: bert } },
      }),
    );
    expect(JSON.stringify(log)).not.toContain('Turkish');
  });

  it('answers who gave it away, though they see it no longer', async () => {
    expect(await assign('anna', cora)).toMatchObject({
      id,
      assignee: { id: cora },
      messages: { nodes: [{ text: 'Hallo' }] },
    });
    expect(await assign('anna', anna)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await assign('cora', null)).toMatchObject({ id, assignee: null });
  });

  it('as it is already leaves nothing behind', async () => {
    await assign('anna', bert);
    const told = async () =>
      (await readLog(running.database.forTenant(workspaceId), 0, 100)).filter(({ dataClass }) => dataClass !== 'audit');
    const before = await told();
    await assign('bert', bert);
    expect(await told()).toEqual(before);
  });

  it.each([
    ['nobody whom there is', newId(), { code: 'NOT_FOUND', field: 'memberId' }],
    ['something that is no id', "' or 1=1", { code: 'NOT_FOUND', field: 'memberId' }],
    ['somebody who left', gone, { code: 'NOT_FOUND', field: 'memberId' }],
    ['somebody who has not come yet', nora, { code: 'INVALID_INPUT', field: 'memberId' }],
    ['somebody who sees no conversations', frida, { code: 'INVALID_INPUT', field: 'memberId' }],
  ])('to %s is refused and changes nothing', async (_, memberId, refusal) => {
    expect(await assign('anna', memberId)).toMatchObject(refusal);
    expect(await stored()).toEqual({ assigneeId: null, teamId: null });
  });

  it('to a member or a team of another workspace is refused like one that there is not', async () => {
    const elsewhere = { workspaceId, tokens, id };
    workspaceId = newId();
    const [stranger, strangeTeam] = [newId(), newId()];
    await running.publish(workspaceId, memberChanged, member(stranger));
    await running.publish(workspaceId, teamChanged, { teamId: strangeTeam, memberIds: [stranger], channelIds: [] });
    await eventually(async () => expect(await running.database.forTenant(workspaceId).count(Team)).toBe(1));
    ({ workspaceId, tokens, id } = elsewhere);
    expect(await assign('owner', stranger)).toMatchObject({ code: 'NOT_FOUND', field: 'memberId' });
    expect(await giveTeam('owner', strangeTeam)).toMatchObject({ code: 'NOT_FOUND', field: 'teamId' });
  });

  it.each(['', '  ', 'x'.repeat(501), 'a\0b'])('for the reason %j is refused', async (reason) => {
    expect(await assign('anna', bert, { reason })).toMatchObject({ code: 'INVALID_INPUT', field: 'reason' });
    expect(await stored()).toEqual({ assigneeId: null, teamId: null });
  });

  it('is not for those who cannot see it', async () => {
    expect(await assign('cora', cora)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await stored()).toEqual({ assigneeId: null, teamId: null });
  });
});

describe('taking a conversation', () => {
  it('at the same moment as a colleague makes it that of one, and the other is told whose it is', async () => {
    await giveTeam('anna', service);
    const answers = await Promise.all([take('anna'), take('bert')]);
    const { assigneeId } = await stored();
    expect(answers.map((answer) => answer['__typename']).toSorted()).toEqual(['AlreadyAssigned', 'Conversation']);
    expect(answers.find((answer) => answer['code'])).toMatchObject({ assignee: { id: assigneeId } });
  });

  it('from a colleague is possible for who knows that they have it', async () => {
    await giveTeam('anna', service);
    await take('anna');
    expect(await take('bert', { from: newId() })).toMatchObject({ __typename: 'AlreadyAssigned' });
    expect(await take('bert', { from: anna })).toMatchObject({ assignee: { id: bert } });
  });
});

describe('giving a conversation to a team', () => {
  it('leaves it to its assignee if they are of the team, and otherwise to nobody', async () => {
    await assign('anna', bert);
    expect(await giveTeam('bert', service)).toMatchObject({ assignee: { id: bert }, team: { id: service } });
    expect(await giveTeam('bert', sales)).toMatchObject({ assignee: null, team: { id: sales } });
    expect(await giveTeam('cora', null)).toMatchObject({ assignee: null, team: null });
  });

  it.each([newId(), 'x'])('that there is not is refused: %s', async (teamId) => {
    expect(await giveTeam('anna', teamId)).toMatchObject({ code: 'NOT_FOUND', field: 'teamId' });
  });
});

describe('what is told of it', () => {
  type Event = { inboxEvents: { __typename: string; [field: string]: unknown } };
  const EVENTS = `subscription ($after: Cursor, $shared: Boolean) { inboxEvents(after: $after, shared: $shared) {
    __typename audience ... on LiveStarted { cursor } ... on ConversationLeft { conversationId }
    ... on ConversationAssigned { cause assignee { id } team { id } previousAssignee { id } conversation { id assignee { id } } }
  } }`;
  const subscribers: Subscriber<Event>[] = [];
  afterEach(() => Promise.all(subscribers.splice(0).map((each) => each.stop())));

  async function follow(who: keyof typeof tokens, variables: Record<string, unknown> = {}) {
    const subscriber = subscribe<Event>(running.url, EVENTS, tokens[who], variables);
    subscribers.push(subscriber);
    await eventually(() => expect(subscriber.received.length + subscriber.errors.length).toBeGreaterThan(0));
    return subscriber;
  }
  const told = ({ received }: Subscriber<Event>) =>
    received
      .map(({ inboxEvents }) => inboxEvents)
      .filter(({ __typename }) => __typename === 'ConversationAssigned' || __typename === 'ConversationLeft');

  it('reaches those who see it now, and once those who saw it before', async () => {
    const [a, b, c] = [await follow('anna'), await follow('bert'), await follow('cora')];
    await assign('anna', cora);
    const left = { __typename: 'ConversationLeft', conversationId: id, audience: null };
    const assigned = { __typename: 'ConversationAssigned', cause: 'MANUAL', assignee: { id: cora } };
    await eventually(() => {
      expect(told(a)).toEqual([left]);
      expect(told(b)).toEqual([left]);
      expect(told(c)).toMatchObject([assigned]);
    });
    await giveTeam('cora', service);
    await eventually(() => {
      expect(told(c).slice(1)).toEqual([left]);
      expect(told(a).slice(1)).toMatchObject([
        { team: { id: service }, assignee: null, previousAssignee: { id: cora } },
      ]);
    });
    await take('bert');
    await eventually(() => expect(told(a).at(-1)).toMatchObject({ assignee: { id: bert } }));
    expect(told(a)).toHaveLength(3);
    expect(a.errors).toEqual([]);
  });

  it('in one stream for all who have the same rights says whom each event is for', async () => {
    const [team, others] = [await follow('anna', { shared: true }), await follow('cora', { shared: true })];
    await take('bert');
    await eventually(() => {
      expect(told(team)).toMatchObject([
        { __typename: 'ConversationLeft', audience: [`-${bert}`] },
        { __typename: 'ConversationAssigned', audience: [bert] },
      ]);
    });
    await assign('bert', cora);
    await eventually(() => {
      expect(told(team).slice(2)).toMatchObject([
        { __typename: 'ConversationLeft', audience: [bert] },
        { __typename: 'ConversationAssigned', audience: [cora] },
      ]);
      // By these rights alone nobody saw it before.
      expect(told(others)).toMatchObject([
        { __typename: 'ConversationAssigned', audience: [bert] },
        { __typename: 'ConversationLeft', audience: [bert] },
        { __typename: 'ConversationAssigned', audience: [cora] },
      ]);
    });
  });

  it('is told to who comes back later as well', async () => {
    const first = await follow('anna', { after: null });
    const { cursor } = first.received[0]!.inboxEvents as unknown as { cursor: string };
    await first.stop();
    await take('bert');
    const again = await follow('anna', { after: cursor });
    await eventually(() => expect(told(again)).toMatchObject([{ __typename: 'ConversationLeft' }]));
  });
});
