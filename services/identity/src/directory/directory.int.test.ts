import type { Permission } from '@fenster/auth';
import { renewAll, RENEWED_AFTER_MS, transact } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { CustomRole } from '../roles/role.entity.js';
import { IdentityUnderTest, type SignInMember } from '../testing/identity-under-test.js';
import { announceMembers } from './announce.js';
import { directoryRenewal } from './directory-renewal.js';

const START = new Date('2026-11-21T10:00:00Z');
const identity = new IdentityUnderTest();
let workspaceId: string;
let owner: SignInMember;
let anna: SignInMember;
let ask: <T = Record<string, string>>(query: string, variables?: Record<string, unknown>) => Promise<T>;

beforeAll(() => identity.start());
afterAll(() => identity.stop());
beforeEach(async () => {
  identity.now = START;
  workspaceId = await identity.workspace();
  [owner, anna] = [await identity.member(workspaceId, 'owner', 'Olga'), await identity.member(workspaceId)];
  const token = await identity.accessToken(owner);
  ask = (query, variables) => identity.ask(token, query, variables);
});

const last = async () => (await identity.directory(workspaceId)).at(-1);
const createTeam = (memberIds: string[], channelIds: string[]) =>
  ask(
    `mutation ($memberIds: [ID!]!, $channelIds: [ID!]!, $key: ID!) {
      createTeam(name: "Service", memberIds: $memberIds, channelIds: $channelIds, idempotencyKey: $key) { ... on Team { id } }
    }`,
    { memberIds, channelIds, key: newId() },
  );
const ctx = () => ({
  database: identity.database,
  now: () => identity.now,
  log: createLogger('test', 'silent'),
  wakeRelay() {},
  origin: { actor: { kind: 'system' }, correlationId: 'test' } as const,
});
const renew = () => renewAll(ctx(), directoryRenewal);
const createRole = async (...permissions: Permission[]) => {
  const em = identity.database.system();
  const role = em.create(CustomRole, { id: newId(), workspaceId, name: 'Lead', permissions, createdAt: START });
  await em.flush();
  return role.id;
};

describe('other services are told', () => {
  it('of somebody who is invited, takes another name, and is removed', async () => {
    const { member } = await ask<{ member: { id: string } }>(
      `mutation ($key: ID!) {
        inviteMember(email: "${newId()}@example.test", name: "Nora", role: "finance", idempotencyKey: $key) {
          ... on Invitation { member { id } }
        }
      }`,
      { key: newId() },
    );
    expect(await last()).toMatchObject({ memberId: member.id, name: 'Nora', status: 'INVITED' });
    for (const _ of ['first', 'again']) await ask(`mutation { updateProfile(name: "Olga S.") { __typename } }`);
    expect(await last()).toMatchObject({ memberId: owner.id, name: 'Olga S.', status: 'ACTIVE' });
    expect(await identity.directory(workspaceId)).toHaveLength(2);
    await ask(`mutation ($id: ID!) { removeMember(memberId: $id) { __typename } }`, { id: anna.id });
    expect(await last()).toMatchObject({ memberId: anna.id, status: 'REMOVED' });
  });

  it('of what a role allows now, for all who have it', async () => {
    const role = await createRole('message:send');
    await ask(`mutation ($id: ID!) { changeMemberRole(memberId: $id, role: "${role}") { __typename } }`, {
      id: anna.id,
    });
    expect(await last()).toMatchObject({ memberId: anna.id, permissions: ['message:send'] });
    await ask(`mutation { updateRole(id: "${role}", permissions: [MESSAGE_READ]) { __typename } }`);
    expect(await last()).toMatchObject({ memberId: anna.id, permissions: ['message:read'] });
  });

  it('of what a role allows now, also by who waited for the change of it', async () => {
    const role = await createRole('message:send');
    const member = await identity.member(workspaceId, role);
    const announced = { workspaceId, ids: [member.id] };
    const [changed, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const first = transact({ ...ctx(), workspaceId }, async (tx) => {
      await tx.em.nativeUpdate(CustomRole, { id: role }, { permissions: ['message:read'] });
      await announceMembers(tx, announced);
      changed.resolve();
      await gate.promise;
    });
    await changed.promise;
    const second = transact({ ...ctx(), workspaceId }, (tx) => announceMembers(tx, announced));
    const waiting = `select 1 from pg_locks join pg_stat_activity using (pid) where not granted and datname = current_database()`;
    await eventually(async () => expect(await identity.database.system().execute(waiting)).toHaveLength(1));
    gate.resolve();
    await Promise.all([first, second]);
    const told = { memberId: member.id, permissions: ['message:read'] };
    expect(await identity.directory(workspaceId)).toMatchObject([told, told]);
  });

  it('of a team at each change of its members and channels, and when a member is removed', async () => {
    const [first, second] = [await identity.channel(workspaceId), await identity.channel(workspaceId)];
    const { id } = await createTeam([anna.id], [first]);
    expect(await last()).toEqual({ teamId: id, memberIds: [anna.id], channelIds: [first] });
    await ask(`mutation ($ids: [ID!]!) { setTeamChannels(id: "${id}", channelIds: $ids) { __typename } }`, {
      ids: [second],
    });
    expect(await last()).toEqual({ teamId: id, memberIds: [anna.id], channelIds: [second] });
    await ask(`mutation ($ids: [ID!]!) { setTeamMembers(id: "${id}", memberIds: $ids) { __typename } }`, {
      ids: [anna.id, owner.id],
    });
    expect(await last()).toEqual({ teamId: id, memberIds: [anna.id, owner.id].toSorted(), channelIds: [second] });
    await ask(`mutation ($id: ID!) { removeMember(memberId: $id) { __typename } }`, { id: anna.id });
    expect(await last()).toEqual({ teamId: id, memberIds: [owner.id], channelIds: [second] });
  });
});

describe('API keys', () => {
  const createKey = (expiresAt: Date) =>
    ask<{ apiKey: { id: string } }>(
      `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on ApiKeyCreated { apiKey { id } } } }`,
      { input: { name: 'Shop', permissions: ['MESSAGE_SEND'], expiresAt, idempotencyKey: newId() } },
    );

  it('are told when they are made, with their end, and again while they are good', async () => {
    const end = new Date(START.getTime() + 2 * RENEWED_AFTER_MS);
    const { apiKey } = await createKey(end);
    const told = { apiKeyId: apiKey.id, expiresAt: end.toISOString() };
    expect(await last()).toEqual(told);
    const revoked = await createKey(end);
    await ask(`mutation ($id: ID!) { revokeApiKey(id: $id) { __typename } }`, { id: revoked.apiKey.id });
    await renew();
    const keysTold = async () =>
      (await identity.directory(workspaceId)).filter((each) => 'apiKeyId' in (each as object));
    expect(await keysTold()).toHaveLength(2);
    identity.now = new Date(START.getTime() + RENEWED_AFTER_MS + 1);
    await Promise.all([renew(), renew()]);
    expect((await keysTold()).slice(2)).toEqual([told]);
    identity.now = new Date(end.getTime() + 1);
    await renew();
    expect(await keysTold()).toHaveLength(3);
  });
});

describe('the directory in the stream', () => {
  it('given members whom nobody was told of, then tells each of them once', async () => {
    await Promise.all([renew(), renew()]);
    const ids = (await identity.directory(workspaceId)).map((told) => (told as { memberId: string }).memberId);
    expect(ids.toSorted()).toEqual([owner.id, anna.id].toSorted());
  });

  it('given that days have passed, then tells all again, but for those who were removed', async () => {
    const { id } = await createTeam([anna.id], []);
    await ask(`mutation ($id: ID!) { removeMember(memberId: $id) { __typename } }`, { id: anna.id });
    await renew();
    const before = (await identity.directory(workspaceId)).length;
    identity.now = new Date(START.getTime() + RENEWED_AFTER_MS);
    await renew();
    expect(await identity.directory(workspaceId)).toHaveLength(before);
    identity.now = new Date(START.getTime() + RENEWED_AFTER_MS + 1);
    await renew();
    expect((await identity.directory(workspaceId)).slice(before)).toEqual([
      expect.objectContaining({ memberId: owner.id }),
      { teamId: id, memberIds: [], channelIds: [] },
    ]);
  });
});
