import { sql, transact, type Database, type Tx } from '@fenster/database';
import { newId, type Clock, type Logger } from '@fenster/runtime';
import { announceMembers, announceTeams } from './directory/announce.js';
import { Member } from './members/member.entity.js';
import { hashPassword, checkNewPassword, verifyPassword } from './members/password.js';
import { lockRights } from './members/rights.js';
import { MEMBER_ROLES, type MemberRole } from './roles/built-in-role.js';
import { Team, TeamChannel, TeamMember } from './teams/team.entity.js';
import { Workspace } from './workspaces/workspace.entity.js';

export const DEMO_WORKSPACE = { id: '019d0000-0000-7000-8000-000000000001', name: 'Fenster Demo' };

/** One member per role. The domain is reserved for tests (RFC 2606), so that no mail can reach anybody. */
const NAMES: Record<MemberRole, string> = {
  owner: 'Olga Sommer',
  admin: 'Adrian Weiss',
  supervisor: 'Selma Kaya',
  agent: 'Anton Berger',
  finance: 'Frida Lorenz',
  privacy_officer: 'Paul Richter',
};

const TEAM = { id: '019d0000-0000-7000-8000-000000000002', name: 'Service' };
const IN_TEAM: readonly MemberRole[] = ['agent', 'supervisor'];

export interface DemoInput {
  password: string;
  /** The channels of the demo's team, whose conversations its agent sees. */
  channelIds?: string[];
}

export interface DemoMember {
  id: string;
  name: string;
  role: MemberRole;
  email: string;
  password: string;
}

export interface DemoWorkspace {
  workspaceId: string;
  name: string;
  members: DemoMember[];
}

/**
 * Makes the demo workspace, or brings the one that is there up to date: calling it again changes nothing but the
 * passwords, if another one is given, and adds the team's channels.
 * @throws DomainError WEAK_PASSWORD
 */
export async function createDemoWorkspace(
  { database, now, log }: { database: Database; now: Clock; log: Logger },
  { password, channelIds = [] }: DemoInput,
): Promise<DemoWorkspace> {
  checkNewPassword(password);
  const origin = { actor: { kind: 'system', id: 'demo' }, correlationId: newId() } as const;
  const ctx = { database, now, log, origin, workspaceId: DEMO_WORKSPACE.id, wakeRelay: () => {} };
  return transact(ctx, async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtext('fenster demo workspace'))`.execute(tx.sql);
    await lockRights(tx);
    const workspace = await tx.em.findOne(Workspace, { workspaceId: DEMO_WORKSPACE.id });
    if (!workspace) {
      tx.em.create(Workspace, { workspaceId: DEMO_WORKSPACE.id, name: DEMO_WORKSPACE.name, createdAt: tx.now() });
      await tx.em.flush();
      tx.audit({
        action: 'workspace.create',
        object: { type: 'workspace', id: DEMO_WORKSPACE.id },
        after: { name: DEMO_WORKSPACE.name },
      });
    }
    const existing = new Map(
      (await tx.em.find(Member, { workspaceId: DEMO_WORKSPACE.id })).map((member) => [member.email, member]),
    );
    const members = await Promise.all(
      MEMBER_ROLES.map(async (role): Promise<DemoMember> => {
        const email = `${role.replace('_', '-')}@demo.fenster.test`;
        const member = existing.get(email);
        if (!member) {
          const created = tx.em.create(Member, {
            id: newId(),
            workspaceId: DEMO_WORKSPACE.id,
            email,
            name: NAMES[role],
            role,
            passwordHash: await hashPassword(password),
            createdAt: tx.now(),
          });
          tx.audit({
            action: 'member.create',
            object: { type: 'member', id: created.id },
            after: { name: created.name, role },
          });
          return { id: created.id, name: created.name, role, email, password };
        }
        if (!member.passwordHash || !(await verifyPassword(member.passwordHash, password))) {
          member.passwordHash = await hashPassword(password);
          tx.audit({ action: 'member.password_change', object: { type: 'member', id: member.id } });
        }
        return { id: member.id, name: member.name, role, email, password };
      }),
    );
    await seedTeam(tx, {
      channelIds,
      memberIds: members.filter(({ role }) => IN_TEAM.includes(role)).map(({ id }) => id),
    });
    await announceMembers(tx, { workspaceId: DEMO_WORKSPACE.id, ids: members.map(({ id }) => id) });
    await announceTeams(tx, { workspaceId: DEMO_WORKSPACE.id, ids: [TEAM.id] });
    return { workspaceId: DEMO_WORKSPACE.id, name: DEMO_WORKSPACE.name, members };
  });
}

async function seedTeam(
  tx: Tx,
  { channelIds, memberIds }: { channelIds: readonly string[]; memberIds: readonly string[] },
): Promise<void> {
  const { id: workspaceId } = DEMO_WORKSPACE;
  const place = { workspaceId, teamId: TEAM.id };
  await tx.em.flush();
  await tx.em.upsert(
    Team,
    { ...TEAM, workspaceId, createdAt: tx.now() },
    { onConflictAction: 'ignore', onConflictFields: ['workspaceId', 'id'] },
  );
  await tx.em.upsertMany(
    TeamMember,
    memberIds.map((memberId) => ({ ...place, memberId })),
    { onConflictAction: 'ignore', onConflictFields: ['workspaceId', 'teamId', 'memberId'] },
  );
  await tx.em.upsertMany(
    TeamChannel,
    channelIds.map((channelId) => ({ ...place, channelId })),
    { onConflictAction: 'ignore', onConflictFields: ['workspaceId', 'teamId', 'channelId'] },
  );
}
