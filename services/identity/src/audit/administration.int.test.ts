import type { AuditEntryRecorded } from '@fenster/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IdentityUnderTest, type SignInMember } from '../testing/identity-under-test.js';

const identity = new IdentityUnderTest();
let workspaceId: string;
let anna: SignInMember;
let owner: SignInMember;
let token: string;
let before: number;

beforeAll(() => identity.start());
afterAll(() => identity.stop());
beforeEach(async () => {
  workspaceId = await identity.workspace();
  owner = await identity.member(workspaceId, 'owner', 'Olga');
  anna = await identity.member(workspaceId, 'agent', 'Anna');
  token = await identity.accessToken(owner);
  before = (await identity.audited(workspaceId)).length;
});

const ask = async (query: string, variables: Record<string, unknown> = {}, as = token) => {
  const result = await identity.ask<{ __typename: string; id?: string; code?: string }>(as, query, variables);
  expect(result).not.toHaveProperty('code');
  return result;
};

/** What the mutations of a test have told the log. */
async function audited(): Promise<Pick<AuditEntryRecorded, 'action' | 'objectIds' | 'changes'>[]> {
  const entries = await identity.audited(workspaceId);
  return entries
    .slice(before)
    .map(({ action, objectIds, changes }) => ({ action, objectIds, ...(changes && { changes }) }));
}

describe('the audit log', () => {
  it('tells of a role that somebody was given, and nothing when it is the one they have', async () => {
    const change = `mutation ($id: ID!, $role: ID!) { changeMemberRole(memberId: $id, role: $role) { __typename ... on UserError { code } } }`;
    for (const role of ['finance', 'finance']) await ask(change, { id: anna.id, role });
    expect(await audited()).toEqual([
      { action: 'member.role_change', objectIds: [anna.id], changes: { role: { before: 'agent', after: 'finance' } } },
    ]);
  });

  it('tells of invited, renamed and removed members and of new passwords, without address and password', async () => {
    const invited = await identity.ask<{ token: string; member: { id: string } }>(
      token,
      `mutation { inviteMember(email: "nora@example.test", name: "Nora", role: "agent", idempotencyKey: "k") { ... on Invitation { token member { id } } } }`,
    );
    const accepted = await identity.ask<{ accessToken: string }>(
      undefined,
      'mutation ($token: String!) { acceptInvitation(token: $token, password: "a new horse 2") { ... on Session { accessToken } } }',
      { token: invited.token },
    );
    await ask('mutation { updateProfile(name: "Nora Neu") { __typename } }', {}, accepted.accessToken);
    await ask(
      'mutation { changePassword(oldPassword: "a new horse 2", newPassword: "a third horse 3") { __typename ... on UserError { code } } }',
      {},
      accepted.accessToken,
    );
    const { id } = invited.member;
    await ask('mutation ($id: ID!) { removeMember(memberId: $id) { __typename ... on UserError { code } } }', { id });
    const entries = await audited();
    expect(entries.filter(({ objectIds }) => objectIds[0] === id)).toEqual([
      {
        action: 'member.invite',
        objectIds: [id],
        changes: { name: { before: null, after: 'Nora' }, role: { before: null, after: 'agent' } },
      },
      { action: 'member.invitation_accept', objectIds: [id] },
      { action: 'member.update', objectIds: [id], changes: { name: { before: 'Nora', after: 'Nora Neu' } } },
      { action: 'member.password_change', objectIds: [id] },
      {
        action: 'member.remove',
        objectIds: [id],
        changes: { name: { before: 'Nora Neu', after: null }, role: { before: 'agent', after: null } },
      },
    ]);
    expect(entries.map(({ action }) => action)).toEqual(expect.arrayContaining(['session.start', 'session.end']));
    expect(JSON.stringify(entries)).not.toMatch(/horse|example\.test/);
  });

  it('tells of teams: who was in them, and which channels were theirs', async () => {
    const channelId = await identity.channel(workspaceId);
    const { id } = await ask(
      `mutation ($members: [ID!]!) { createTeam(name: "Sales", memberIds: $members, channelIds: [], idempotencyKey: "k") { __typename ... on Team { id } ... on UserError { code } } }`,
      { members: [anna.id] },
    );
    const members = `mutation ($id: ID!, $ids: [ID!]!) { setTeamMembers(id: $id, memberIds: $ids) { __typename ... on UserError { code } } }`;
    await ask(members, { id, ids: [owner.id] });
    await ask(members, { id, ids: [owner.id] });
    await ask(
      `mutation ($id: ID!, $ids: [ID!]!) { setTeamChannels(id: $id, channelIds: $ids) { __typename ... on UserError { code } } }`,
      { id, ids: [channelId] },
    );
    await ask(`mutation ($id: ID!) { renameTeam(id: $id, name: "Verkauf") { __typename ... on UserError { code } } }`, {
      id,
    });
    await ask(`mutation ($id: ID!) { deleteTeam(id: $id) { __typename ... on UserError { code } } }`, { id });
    const objectIds = [id];
    expect(await audited()).toEqual([
      {
        action: 'team.create',
        objectIds,
        changes: {
          name: { before: null, after: 'Sales' },
          memberIds: { before: null, after: [anna.id] },
          channelIds: { before: null, after: [] },
        },
      },
      { action: 'team.update', objectIds, changes: { memberIds: { before: [anna.id], after: [owner.id] } } },
      { action: 'team.update', objectIds, changes: { channelIds: { before: [], after: [channelId] } } },
      { action: 'team.update', objectIds, changes: { name: { before: 'Sales', after: 'Verkauf' } } },
      {
        action: 'team.delete',
        objectIds,
        changes: {
          name: { before: 'Verkauf', after: null },
          memberIds: { before: [owner.id], after: null },
          channelIds: { before: [channelId], after: null },
        },
      },
    ]);
  });

  it('tells of roles that the workspace made, and of its name', async () => {
    const { id } = await ask(
      `mutation { createRole(name: "Reader", permissions: [MESSAGE_READ], idempotencyKey: "k") { __typename ... on Role { id } ... on UserError { code } } }`,
    );
    await ask(
      `mutation ($id: ID!) { updateRole(id: $id, permissions: [CONTACT_READ, MESSAGE_READ]) { __typename ... on UserError { code } } }`,
      { id },
    );
    await ask(`mutation ($id: ID!) { deleteRole(id: $id) { __typename ... on UserError { code } } }`, { id });
    await ask('mutation { updateWorkspace(name: "Neu GmbH") { __typename ... on UserError { code } } }');
    expect(await audited()).toEqual([
      {
        action: 'role.create',
        objectIds: [id],
        changes: { name: { before: null, after: 'Reader' }, permissions: { before: null, after: ['message:read'] } },
      },
      {
        action: 'role.update',
        objectIds: [id],
        changes: { permissions: { before: ['message:read'], after: ['contact:read', 'message:read'] } },
      },
      {
        action: 'role.delete',
        objectIds: [id],
        changes: {
          name: { before: 'Reader', after: null },
          permissions: { before: ['contact:read', 'message:read'], after: null },
        },
      },
      {
        action: 'workspace.update',
        objectIds: [workspaceId],
        changes: { name: { before: expect.any(String), after: 'Neu GmbH' } },
      },
    ]);
  });

  it('tells nothing of what was refused', async () => {
    const agent = await identity.accessToken(anna);
    before = (await identity.audited(workspaceId)).length;
    const refusals = [
      identity.query('mutation { updateWorkspace(name: "Mine") { __typename } }', { token: agent }),
      identity.query('mutation { changePassword(oldPassword: "wrong", newPassword: "a new horse 2") { __typename } }', {
        token: agent,
      }),
      identity.query('mutation ($id: ID!) { removeMember(memberId: $id) { __typename } }', {
        token,
        variables: { id: owner.id },
      }),
    ];
    await Promise.all(refusals);
    expect(await audited()).toEqual([]);
  });
});
