import type { Actor, Permission } from '@fenster/auth';
import { channelMessageReceived, memberChanged, teamChanged } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { Member, Team } from '../directory/directory.entity.js';
import { customerMessage, startConversation, type RunningConversation } from '../testing/conversation.js';
import { CannedResponse } from './canned-response.entity.js';

const AGENT: readonly Permission[] = ['conversation:read', 'conversation:read_all', 'contact:read'];
const MANAGER: readonly Permission[] = [...AGENT, 'conversation:manage'];

let conversation: RunningConversation;
let workspaceId: string;
let [anna, bert, teamId] = ['', '', ''];
let [annaToken, bertToken, managerToken] = ['', '', ''];

beforeAll(async () => {
  conversation = await startConversation();
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  [workspaceId, anna, bert, teamId] = [newId(), newId(), newId(), newId()];
  await conversation.publish(workspaceId, teamChanged, { teamId, memberIds: [anna], channelIds: [] });
  const em = conversation.database.forTenant(workspaceId);
  await eventually(async () => expect(await em.fork().count(Team)).toBe(1));
  annaToken = await tokenOf(AGENT, { id: anna, teamIds: [teamId] });
  bertToken = await tokenOf(AGENT, { id: bert });
  managerToken = await tokenOf(MANAGER);
});

const tokenOf = (permissions: readonly Permission[], rights: Partial<Actor> = {}) =>
  conversation.tokenOf(workspaceId, permissions, rights);

const RESULT = `__typename ... on CannedResponse { id sharing shortcut title body team { id } }
  ... on UserError { code } ... on InvalidInput { field }`;
type Answer = { __typename: string; id: string };
async function mutate(as: string, mutation: string, variables: Record<string, unknown>): Promise<Answer> {
  const { data, errors } = await request<{ it: Answer }>(conversation.url, mutation, { token: as, variables });
  expect(errors).toBeUndefined();
  return data.it;
}
const create = (as: string, input: Record<string, unknown> = {}) =>
  mutate(
    as,
    `mutation ($input: CreateCannedResponseInput!) { it: createCannedResponse(input: $input) { ${RESULT} } }`,
    {
      input: {
        sharing: 'PERSONAL',
        shortcut: 'gruss',
        title: 'Gruß',
        body: 'Hallo {{contact.name}}',
        idempotencyKey: newId(),
        ...input,
      },
    },
  );
const update = (as: string, input: Record<string, unknown>) =>
  mutate(
    as,
    `mutation ($input: UpdateCannedResponseInput!) { it: updateCannedResponse(input: $input) { ${RESULT} } }`,
    { input },
  );
const remove = (as: string, id: string) =>
  mutate(
    as,
    `mutation ($id: ID!) { it: deleteCannedResponse(id: $id) { __typename ... on CannedResponseDeleted { id } ... on UserError { code } } }`,
    { id },
  );
async function list(as: string, variables: Record<string, unknown> = {}) {
  const query = `query ($prefix: String, $first: Int = 50, $after: String) {
    cannedResponses(prefix: $prefix, first: $first, after: $after) { nodes { id shortcut } nextPage }
  }`;
  const { data, errors } = await request<{
    cannedResponses: { nodes: { id: string; shortcut: string }[]; nextPage: string | null };
  }>(conversation.url, query, { token: as, variables });
  expect(errors).toBeUndefined();
  return { ...data.cannedResponses, shortcuts: data.cannedResponses.nodes.map(({ shortcut }) => shortcut) };
}

describe('canned responses', () => {
  it('are one’s own, a team’s, or everybody’s', async () => {
    const own = await create(annaToken, { shortcut: 'own' });
    expect(own).toMatchObject({ __typename: 'CannedResponse', sharing: 'PERSONAL', team: null });
    const team = await create(managerToken, { sharing: 'TEAM', teamId, shortcut: 'team' });
    expect(team).toMatchObject({ sharing: 'TEAM', team: { id: teamId } });
    const all = await create(managerToken, { sharing: 'EVERYBODY', shortcut: 'all' });
    for (const token of [annaToken, bertToken]) {
      expect(await create(token, { sharing: 'EVERYBODY' })).toMatchObject({ __typename: 'ManageRequired' });
      expect(await create(token, { sharing: 'TEAM', teamId })).toMatchObject({ __typename: 'ManageRequired' });
    }
    expect((await list(annaToken)).shortcuts).toEqual(['all', 'own', 'team']);
    expect((await list(bertToken)).shortcuts).toEqual(['all']);
    expect((await list(managerToken)).shortcuts).toEqual(['all', 'team']);
    expect((await list(await conversation.tokenOf(newId(), MANAGER))).shortcuts).toEqual([]);
    // Who may use it and not change it is told so; who may not use it finds nothing.
    expect(await update(annaToken, { id: team.id, title: 'x' })).toMatchObject({ __typename: 'ManageRequired' });
    expect(await remove(bertToken, all.id)).toMatchObject({ __typename: 'ManageRequired' });
    expect(await remove(bertToken, team.id)).toMatchObject({ __typename: 'NotFound' });
    expect(await update(managerToken, { id: own.id, title: 'x' })).toMatchObject({ __typename: 'NotFound' });
    expect(await update(annaToken, { id: own.id, title: 'Neu' })).toMatchObject({ title: 'Neu', shortcut: 'own' });
    expect(await remove(annaToken, own.id)).toMatchObject({ id: own.id });
    expect(await remove(managerToken, team.id)).toMatchObject({ id: team.id });
    expect((await list(annaToken)).shortcuts).toEqual(['all']);
  });

  it('are found by how their shortcut begins, page by page', async () => {
    for (const shortcut of ['b', 'a_1', 'A_2', 'ab', 'a_3']) await create(annaToken, { shortcut });
    expect((await list(annaToken, { prefix: ' A_' })).shortcuts).toEqual(['a_1', 'a_2', 'a_3']);
    expect((await list(annaToken, { prefix: '%' })).shortcuts).toEqual([]);
    const seen: string[] = [];
    for (let after: string | null = null, pages = 0; pages < 4; pages += 1) {
      const page: Awaited<ReturnType<typeof list>> = await list(annaToken, { first: 2, after });
      seen.push(...page.shortcuts);
      after = page.nextPage;
      if (after === null) break;
    }
    expect(seen).toHaveLength(5);
    expect(new Set(seen)).toEqual(new Set(['a_1', 'a_2', 'a_3', 'ab', 'b']));
  });

  it('have shortcuts of their own, and are created once per key', async () => {
    const key = { idempotencyKey: 'once' };
    const [first, again] = [await create(annaToken, key), await create(annaToken, key)];
    expect(again.id).toBe(first.id);
    expect(await create(annaToken, { shortcut: 'GRUSS' })).toMatchObject({
      __typename: 'InvalidInput',
      field: 'shortcut',
    });
    expect(await create(bertToken)).toMatchObject({ __typename: 'CannedResponse' });
    const other = await create(annaToken, { shortcut: 'other' });
    expect(await update(annaToken, { id: other.id, shortcut: 'gruss' })).toMatchObject({ field: 'shortcut' });
  });

  it.each<[Record<string, unknown>, Record<string, unknown>]>([
    [{ shortcut: 'two words' }, { field: 'shortcut' }],
    [{ shortcut: 'x'.repeat(51) }, { field: 'shortcut' }],
    [{ title: ' ' }, { field: 'title' }],
    [{ body: 'x'.repeat(4_001) }, { field: 'body' }],
    [{ body: 'Hallo {{contact.phone}}' }, { field: 'body' }],
    [{ body: 'nul\u0000' }, { field: 'body' }],
    [{ sharing: 'TEAM' }, { __typename: 'NotFound' }],
    [{ sharing: 'TEAM', teamId: newId() }, { __typename: 'NotFound' }],
  ])('with %j are refused', async (input, refusal) => {
    expect(await create(managerToken, input)).toMatchObject(refusal);
    expect(await conversation.database.forTenant(workspaceId).count(CannedResponse)).toBe(0);
  });

  it('are filled for one conversation, by what the agent may know', async () => {
    const member = { memberId: anna, name: 'Anna Amsel', status: 'ACTIVE' as const, permissions: [] };
    await conversation.publish(workspaceId, memberChanged, member);
    const customer = customerMessage(conversation.channelId, {
      identity: { phone: '+491700000001', profileName: 'Ada L.' },
    });
    await conversation.publish(workspaceId, channelMessageReceived, customer);
    const em = conversation.database.forTenant(workspaceId);
    const conversationId = await eventually(async () => {
      expect(await em.fork().count(Member)).toBe(1);
      return (await em.fork().findOneOrFail(Conversation, { workspaceId })).id;
    });
    const body = 'Hallo {{contact.firstName|du}}, hier {{agent.name}}, {{channel.name|wie immer}}';
    const { id } = await create(managerToken, { sharing: 'EVERYBODY', body });
    const render = async (as: string, variables: Record<string, unknown> = { id, conversationId }) =>
      request<{ renderCannedResponse: { text: string; missing: string[] } }>(
        conversation.url,
        `query ($id: ID!, $conversationId: ID!) { renderCannedResponse(id: $id, conversationId: $conversationId) { text missing } }`,
        { token: as, variables },
      );
    expect((await render(annaToken)).data.renderCannedResponse).toEqual({
      text: 'Hallo Ada, hier Anna Amsel, wie immer',
      missing: [],
    });
    await conversation.connectChannel(workspaceId, { name: 'Filiale Mitte' });
    const seeing = await tokenOf([...AGENT, 'channel:read'], { id: anna });
    expect((await render(seeing)).data.renderCannedResponse.text).toBe('Hallo Ada, hier Anna Amsel, Filiale Mitte');
    const blind = await tokenOf(['conversation:read', 'conversation:read_all'], { id: bert });
    expect((await render(blind)).data.renderCannedResponse).toEqual({
      text: 'Hallo du, hier , wie immer',
      missing: ['agent.name'],
    });
    const stranger = await tokenOf(['conversation:read'], { id: bert });
    for (const [token, variables] of [
      [stranger, { id, conversationId }],
      [annaToken, { id: newId(), conversationId }],
      [annaToken, { id, conversationId: 'x' }],
    ] as const) {
      expect((await render(token, variables)).errors?.[0]?.extensions).toEqual({ code: 'NOT_FOUND' });
    }
  });
});
