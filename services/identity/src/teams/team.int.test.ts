import { channelChanged, memberAccessChanged, teamDeleted } from '@fenster/contracts';
import { firstIdOf, newId } from '@fenster/runtime';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Channel } from '../channels/channel.entity.js';
import { CustomRole } from '../roles/role.entity.js';
import { auditEvent, publishEvents } from '../testing/audit-events.js';
import { IdentityUnderTest, type SignInMember } from '../testing/identity-under-test.js';

const REFUSAL = '... on UserError { code message } ... on InvalidInput { field }';
const BEYOND = '... on BeyondYourRights { missing }';
const CREATE = `mutation ($name: String!, $key: ID!, $memberIds: [ID!], $channelIds: [ID!]) {
  createTeam(name: $name, idempotencyKey: $key, memberIds: $memberIds, channelIds: $channelIds) {
    __typename ... on Team { id name channelIds members { id name } } ${REFUSAL} ${BEYOND}
  }
}`;
const RENAME = `mutation ($id: ID!, $name: String!) {
  renameTeam(id: $id, name: $name) { __typename ... on Team { name } ${REFUSAL} }
}`;
const SET_MEMBERS = `mutation ($id: ID!, $ids: [ID!]!) {
  setTeamMembers(id: $id, memberIds: $ids) { __typename ... on Team { members { id } } ${REFUSAL} ${BEYOND} }
}`;
const SET_CHANNELS = `mutation ($id: ID!, $ids: [ID!]!) {
  setTeamChannels(id: $id, channelIds: $ids) { __typename ... on Team { channelIds } ${REFUSAL} ${BEYOND} }
}`;
const DELETE = `mutation ($id: ID!) { deleteTeam(id: $id) { __typename ... on Deleted { id } ... on UserError { code message } } }`;
const LIST = '{ teams { id name } }';

interface Result {
  __typename: string;
  id: string;
  name: string;
  code?: string;
  channelIds: string[];
  members: { id: string; name: string }[];
}

const identity = new IdentityUnderTest();
let workspaceId: string;
let admin: SignInMember;
let anna: SignInMember;
let bert: SignInMember;
let adminToken: string;

beforeAll(() => identity.start());
afterAll(() => identity.stop());
beforeEach(async () => {
  workspaceId = await identity.workspace();
  [admin, anna, bert] = await Promise.all([
    identity.member(workspaceId, 'admin', 'Adrian'),
    identity.member(workspaceId, 'agent', 'Anna'),
    identity.member(workspaceId, 'agent', 'Bert'),
  ]);
  adminToken = await identity.accessToken(admin);
});

const as = (token: string) => (query: string, variables: Record<string, unknown>) =>
  identity.ask<Result>(token, query, variables);
const create = (variables: Record<string, unknown> = {}, token = adminToken) =>
  as(token)(CREATE, { name: 'Service', key: newId(), ...variables });
const changes = async (after = 0) =>
  (await identity.announced(workspaceId, after))
    .filter(({ name }) => name === memberAccessChanged.name)
    .map(({ data }) => data as { memberId: string; reason: string });
const channel = () => identity.channel(workspaceId);
const claimsOf = async (member: SignInMember) => decodeJwt(await identity.accessToken(member));

describe('a team', () => {
  it('has members and channels, which their next tokens name', async () => {
    const channels = [await channel(), await channel()].toSorted();
    const team = await create({ memberIds: [bert.id, anna.id, anna.id], channelIds: channels });
    expect(team).toEqual({
      __typename: 'Team',
      id: expect.any(String),
      name: 'Service',
      channelIds: channels,
      members: [
        { id: anna.id, name: 'Anna' },
        { id: bert.id, name: 'Bert' },
      ],
    });
    expect(await claimsOf(anna)).toMatchObject({ teams: [team.id], channels });
    expect(await claimsOf(admin)).toMatchObject({ teams: [], channels: [] });
    expect(await changes()).toEqual([anna.id, bert.id].toSorted().map((memberId) => ({ memberId, reason: 'teams' })));
  });

  it('names a channel once that two of its member’s teams have', async () => {
    const [shared, other] = [await channel(), await channel()];
    await create({ name: 'A', memberIds: [anna.id], channelIds: [shared] });
    await create({ name: 'B', memberIds: [anna.id], channelIds: [shared, other] });
    expect((await claimsOf(anna))['channels']).toEqual([shared, other].toSorted());
  });

  it('is made once per key, also by calls at the same moment', async () => {
    const variables = { key: 'k', memberIds: [anna.id] };
    const answers = await Promise.all([create(variables), create(variables), create(variables)]);
    expect(new Set(answers.map((answer) => answer.id)).size).toBe(1);
    expect(await create({ ...variables, name: 'Sales' })).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['an empty name', { name: ' ' }, 'INVALID_INPUT'],
    ['a name that is taken', { name: 'sALES' }, 'NAME_TAKEN'],
    ['a member who does not exist', { memberIds: [newId()] }, 'NOT_FOUND'],
    ['a member that is no id', { memberIds: ['anna'] }, 'NOT_FOUND'],
    ['a channel that is no id', { channelIds: ['1'] }, 'INVALID_INPUT'],
    ['a channel that does not exist', { channelIds: [newId()] }, 'INVALID_INPUT'],
    ['too many channels', { channelIds: Array.from({ length: 101 }, newId) }, 'INVALID_INPUT'],
    ['a key without a character', { key: '' }, 'INVALID_INPUT'],
  ])('is refused with %s, and nothing is left behind', async (_, variables, code) => {
    await create({ name: 'Sales' });
    expect(await create(variables)).toMatchObject({ code });
    expect(await identity.ask(adminToken, LIST)).toMatchObject([{ name: 'Sales' }]);
  });

  it('takes no member of another workspace, and is nowhere to be found from there', async () => {
    const theirs = await identity.workspace();
    const stranger = await identity.member(theirs, 'owner', 'Stefan');
    expect(await create({ memberIds: [stranger.id] })).toMatchObject({ code: 'NOT_FOUND' });
    const { id } = await create();
    const ask = as(await identity.accessToken(stranger));
    const missing = { code: 'NOT_FOUND', message: 'Team not found.' };
    for (const each of [id, newId(), 'nothing']) {
      expect(await ask(RENAME, { id: each, name: 'Mine' })).toMatchObject(missing);
      expect(await ask(SET_MEMBERS, { id: each, ids: [] })).toMatchObject(missing);
      expect(await ask(SET_CHANNELS, { id: each, ids: [] })).toMatchObject(missing);
      expect(await ask(DELETE, { id: each })).toMatchObject(missing);
      expect(await identity.ask(await identity.accessToken(stranger), `{ team(id: "${each}") { id } }`)).toBeNull();
    }
  });

  it('changes members, and announces those who came and those who left', async () => {
    const team = await create({ memberIds: [anna.id] });
    expect(await as(adminToken)(SET_MEMBERS, { id: team.id, ids: [bert.id] })).toMatchObject({
      members: [{ id: bert.id }],
    });
    expect(await changes(1)).toEqual([
      { memberId: bert.id, reason: 'teams' },
      { memberId: anna.id, reason: 'teams' },
    ]);
    await as(adminToken)(SET_MEMBERS, { id: team.id, ids: [bert.id] });
    expect(await changes(3)).toEqual([]);
    expect(await claimsOf(anna)).toMatchObject({ teams: [] });
  });

  it('changes channels, and announces it for its members', async () => {
    const [before, after] = [await channel(), await channel()];
    const team = await create({ memberIds: [anna.id], channelIds: [before] });
    expect(await as(adminToken)(SET_CHANNELS, { id: team.id, ids: [after] })).toMatchObject({ channelIds: [after] });
    expect(await changes(1)).toEqual([{ memberId: anna.id, reason: 'team_channels' }]);
    expect(await claimsOf(anna)).toMatchObject({ channels: [after] });
  });

  it('takes no channel of another workspace, nor one that nobody connected, and keeps what it has', async () => {
    const theirs = await identity.channel(await identity.workspace());
    const own = await channel();
    const team = await create({ channelIds: [own] });
    const refusal = { code: 'INVALID_INPUT', field: 'channelIds' };
    for (const id of [theirs, newId()]) {
      expect(await create({ name: 'Other', channelIds: [own, id] })).toMatchObject(refusal);
      expect(await as(adminToken)(SET_CHANNELS, { id: team.id, ids: [own, id] })).toMatchObject(refusal);
    }
    // A team may have one from before anybody looked.
    await identity.database.system().nativeDelete(Channel, { id: own });
    const added = await channel();
    const ids = [own, added].toSorted();
    expect(await as(adminToken)(SET_CHANNELS, { id: team.id, ids })).toMatchObject({ channelIds: ids });
  });

  it('takes a channel that was connected just now, before anybody told of it', async () => {
    const channelId = firstIdOf(identity.now);
    const data = { channelId, name: 'Radhaus', state: 'ACTIVE' };
    const { name, version, dataClass } = channelChanged;
    const event = { ...auditEvent(workspaceId), id: newId(), name, version, dataClass, entityId: channelId, data };
    const [created] = await Promise.all([
      create({ channelIds: [channelId] }),
      publishEvents(identity.nats.url, [event, { ...event, id: newId() }]),
    ]);
    expect(created).toMatchObject({ channelIds: [channelId] });
  });

  it('can be renamed, but not like another one', async () => {
    const team = await create();
    await create({ name: 'Sales' });
    expect(await as(adminToken)(RENAME, { id: team.id, name: 'SERVICE' })).toMatchObject({ name: 'SERVICE' });
    expect(await as(adminToken)(RENAME, { id: team.id, name: 'sales' })).toMatchObject({ code: 'NAME_TAKEN' });
  });

  it('when deleted leaves its members without it', async () => {
    const team = await create({ memberIds: [anna.id], channelIds: [await channel()] });
    expect(await as(adminToken)(DELETE, { id: team.id })).toMatchObject({ __typename: 'Deleted', id: team.id });
    expect(await claimsOf(anna)).toMatchObject({ teams: [], channels: [] });
    expect(await identity.announced(workspaceId, 1)).toEqual([
      { name: memberAccessChanged.name, data: { memberId: anna.id, reason: 'teams' } },
      { name: teamDeleted.name, data: { teamId: team.id } },
    ]);
    expect(await as(adminToken)(DELETE, { id: team.id })).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('who sees which teams', () => {
  it('is everybody with team:read, and others for their own', async () => {
    const finance = await identity.member(workspaceId, 'finance', 'Frida');
    const [mine, other] = [await create({ name: 'A', memberIds: [finance.id] }), await create({ name: 'B' })];
    const names = async (member: SignInMember) => identity.ask(await identity.accessToken(member), LIST);
    expect(await names(anna)).toMatchObject([{ name: 'A' }, { name: 'B' }]);
    expect(await names(finance)).toMatchObject([{ name: 'A' }]);
    const token = await identity.accessToken(finance);
    expect(await identity.ask(token, `{ team(id: "${other.id}") { id } }`)).toBeNull();
    expect(await identity.ask(token, '{ me { teams { name } } }')).toEqual({ teams: [{ name: 'A' }] });
    const references = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Team { name } } }`;
    const r = [mine, other].map(({ id }) => ({ __typename: 'Team', id }));
    expect(await identity.ask(token, references, { r })).toEqual([{ name: 'A' }, null]);
  });

  it('nobody changes without team:manage', async () => {
    const { id } = await create();
    const token = await identity.accessToken(await identity.member(workspaceId, 'supervisor'));
    const { errors } = await identity.query(DELETE, { token, variables: { id } });
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});

describe('a lead who sees only some conversations', () => {
  let lead: SignInMember;
  let ask: ReturnType<typeof as>;
  let own: Result;
  let foreign: Result;
  let channelId: string;

  beforeEach(async () => {
    const em = identity.database.system();
    const permissions = ['conversation:read', 'team:manage', 'team:read'] as const;
    const role = em.create(CustomRole, {
      id: newId(),
      workspaceId,
      name: 'Lead',
      permissions: [...permissions],
      createdAt: identity.now,
    });
    await em.flush();
    lead = await identity.member(workspaceId, role.id, 'Lea');
    channelId = await channel();
    own = await create({ name: 'Own', memberIds: [lead.id], channelIds: [channelId] });
    foreign = await create({ name: 'Foreign' });
    ask = as(await identity.accessToken(lead));
  });

  it('brings others into their team, and their channels to teams', async () => {
    expect(await ask(SET_MEMBERS, { id: own.id, ids: [lead.id, anna.id] })).toMatchObject({ __typename: 'Team' });
    expect(await ask(SET_CHANNELS, { id: foreign.id, ids: [channelId] })).toMatchObject({ __typename: 'Team' });
  });

  it('gets into no other team, and at no other channel', async () => {
    const refusal = { __typename: 'BeyondYourRights', missing: ['CONVERSATION_READ_ALL'] };
    expect(await ask(SET_MEMBERS, { id: foreign.id, ids: [lead.id] })).toMatchObject(refusal);
    expect(await ask(SET_CHANNELS, { id: own.id, ids: [channelId, await channel()] })).toMatchObject(refusal);
    expect(await ask(CREATE, { name: 'New', key: newId(), channelIds: [await channel()] })).toMatchObject(refusal);
  });
});
