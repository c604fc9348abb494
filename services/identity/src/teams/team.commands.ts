import { authorize, defineAbility, type Actor } from '@fenster/auth';
import { teamDeleted } from '@fenster/contracts';
import { once, type Tx } from '@fenster/database';
import { invalidInput, isId, newId, notFound } from '@fenster/runtime';
import { defineRules } from '../ability.js';
import { awaitChannels, requireChannels } from '../channels/known-channels.js';
import type { IdentityContext } from '../context.js';
import { announceTeams } from '../directory/announce.js';
import { Member } from '../members/member.entity.js';
import { announceAccessChange, changeRights } from '../members/rights.js';
import { checkName, withFreeName } from '../name.js';
import { checkTeamGrant } from '../roles/grant.js';
import { Team, TeamChannel, TeamMember } from './team.entity.js';

/** Tokens name the channels of one's teams, and have to fit into a header. */
const MAX_CHANNELS = 100;
const MAX_MEMBERS = 1_000;
const UNIQUE_NAME = 'team_name_unique';

/** @throws DomainError INVALID_INPUT, NOT_FOUND, NAME_TAKEN, BEYOND_YOUR_RIGHTS, IDEMPOTENCY_CONFLICT. */
export async function createTeam(
  ctx: IdentityContext,
  input: { name: string; memberIds: readonly string[]; channelIds: readonly string[]; idempotencyKey: string },
): Promise<Team> {
  const name = checkName(input.name);
  const memberIds = checkMemberIds(input.memberIds);
  const channelIds = checkChannelIds(input.channelIds);
  await awaitChannels(ctx, channelIds);
  const created = changeRights(ctx, 'team:manage', async (tx, actor) => {
    const request = { key: input.idempotencyKey, operation: 'createTeam', input: { name, memberIds, channelIds } };
    const id = await once(tx, request, newId(), async (id) => {
      const team = tx.em.create(Team, { id, workspaceId: actor.workspaceId, name, createdAt: tx.now() });
      await tx.em.flush();
      // Nobody has worked here yet, so all that its first members come to see are the channels.
      checkTeamGrant(actor, channelIds, actor.channelIds);
      await addMembers(tx, team, memberIds);
      await addChannels(tx, team, channelIds);
      announceAccessChange(tx, memberIds, 'teams');
      await announceTeams(tx, { workspaceId: actor.workspaceId, ids: [team.id] });
      tx.audit({ action: 'team.create', object: { type: 'team', id }, after: { name, memberIds, channelIds } });
    });
    return findTeam(tx, actor, id);
  });
  return withFreeName(UNIQUE_NAME, 'team', created);
}

/** @throws DomainError INVALID_INPUT, NOT_FOUND, NAME_TAKEN. */
export async function renameTeam(ctx: IdentityContext, id: string, newName: string): Promise<Team> {
  const name = checkName(newName);
  const renamed = changeRights(ctx, 'team:manage', async (tx, actor) => {
    const team = await findTeam(tx, actor, id);
    tx.audit({ action: 'team.update', object: { type: 'team', id }, before: { name: team.name }, after: { name } });
    team.name = name;
    return team;
  });
  return withFreeName(UNIQUE_NAME, 'team', renamed);
}

/** @throws DomainError NOT_FOUND */
export async function deleteTeam(ctx: IdentityContext, id: string): Promise<{ id: string }> {
  return changeRights(ctx, 'team:manage', async (tx, actor) => {
    const team = await findTeam(tx, actor, id);
    const memberIds = await memberIdsOf(tx, team);
    announceAccessChange(tx, memberIds, 'teams');
    const before = { name: team.name, memberIds, channelIds: await channelIdsOf(tx, team) };
    tx.audit({ action: 'team.delete', object: { type: 'team', id }, before });
    tx.em.remove(team);
    tx.emit(teamDeleted, { entityId: id, data: { teamId: id } });
    return { id };
  });
}

/** Makes these the members of the team, and nobody else. @throws DomainError INVALID_INPUT, NOT_FOUND, BEYOND_YOUR_RIGHTS. */
export async function setTeamMembers(ctx: IdentityContext, id: string, ids: readonly string[]): Promise<Team> {
  const wanted = checkMemberIds(ids);
  return changeRights(ctx, 'team:manage', async (tx, actor) => {
    const team = await findTeam(tx, actor, id);
    const memberIds = await memberIdsOf(tx, team);
    const { added, removed } = compare(memberIds, wanted);
    checkTeamGrant(actor, added.length > 0 ? [id] : [], actor.teamIds);
    await addMembers(tx, team, added);
    await tx.em.nativeDelete(TeamMember, { teamId: id, memberId: { $in: removed } });
    announceAccessChange(tx, [...added, ...removed], 'teams');
    if (added.length > 0 || removed.length > 0)
      await announceTeams(tx, { workspaceId: actor.workspaceId, ids: [team.id] });
    const object = { type: 'team', id } as const;
    tx.audit({ action: 'team.update', object, before: { memberIds }, after: { memberIds: wanted } });
    return team;
  });
}

/** Makes these the channels of the team, and no others. @throws DomainError INVALID_INPUT, NOT_FOUND, BEYOND_YOUR_RIGHTS. */
export async function setTeamChannels(ctx: IdentityContext, id: string, ids: readonly string[]): Promise<Team> {
  const wanted = checkChannelIds(ids);
  await awaitChannels(ctx, wanted);
  return changeRights(ctx, 'team:manage', async (tx, actor) => {
    const team = await findTeam(tx, actor, id);
    const channelIds = await channelIdsOf(tx, team);
    const { added, removed } = compare(channelIds, wanted);
    checkTeamGrant(actor, added, actor.channelIds);
    await addChannels(tx, team, added);
    await tx.em.nativeDelete(TeamChannel, { teamId: id, channelId: { $in: removed } });
    if (added.length > 0 || removed.length > 0) {
      announceAccessChange(tx, await memberIdsOf(tx, team), 'team_channels');
      await announceTeams(tx, { workspaceId: actor.workspaceId, ids: [team.id] });
    }
    const object = { type: 'team', id } as const;
    tx.audit({ action: 'team.update', object, before: { channelIds }, after: { channelIds: wanted } });
    return team;
  });
}

async function findTeam(tx: Tx, actor: Actor, id: string): Promise<Team> {
  if (!isId(id)) throw notFound('Team');
  const team = await tx.em.findOne(Team, { id });
  authorize(defineAbility(actor, defineRules), 'change', 'Team', team);
  return team;
}

async function memberIdsOf(tx: Tx, team: Team): Promise<string[]> {
  const places = await tx.em.find(TeamMember, { teamId: team.id }, { orderBy: { memberId: 'asc' } });
  return places.map((place) => place.memberId);
}

async function channelIdsOf(tx: Tx, team: Team): Promise<string[]> {
  const places = await tx.em.find(TeamChannel, { teamId: team.id }, { orderBy: { channelId: 'asc' } });
  return places.map((place) => place.channelId);
}

async function addMembers(tx: Tx, team: Team, memberIds: readonly string[]): Promise<void> {
  if (memberIds.length === 0) return;
  const known = await tx.em.count(Member, { id: { $in: [...memberIds] }, removedAt: null });
  if (known < memberIds.length) throw notFound('Member');
  const { id: teamId, workspaceId } = team;
  await tx.em.insertMany(
    TeamMember,
    memberIds.map((memberId) => ({ workspaceId, teamId, memberId })),
  );
}

async function addChannels(tx: Tx, team: Team, channelIds: readonly string[]): Promise<void> {
  if (channelIds.length === 0) return;
  await requireChannels(tx.em, channelIds);
  const { id: teamId, workspaceId } = team;
  await tx.em.insertMany(
    TeamChannel,
    channelIds.map((channelId) => ({ workspaceId, teamId, channelId })),
  );
}

function checkMemberIds(ids: readonly string[]): string[] {
  if (ids.length > MAX_MEMBERS) throw invalidInput('memberIds', `must be at most ${MAX_MEMBERS}.`);
  if (!ids.every(isId)) throw notFound('Member');
  return [...new Set(ids)].toSorted();
}

function checkChannelIds(ids: readonly string[]): string[] {
  if (ids.length > MAX_CHANNELS) throw invalidInput('channelIds', `must be at most ${MAX_CHANNELS}.`);
  if (!ids.every(isId)) throw invalidInput('channelIds', 'must be ids of channels.');
  return [...new Set(ids)].toSorted();
}

function compare(current: readonly string[], wanted: readonly string[]) {
  return {
    added: wanted.filter((id) => !current.includes(id)),
    removed: current.filter((id) => !wanted.includes(id)),
  };
}
