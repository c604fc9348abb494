import { sql, transact, type Database } from '@fenster/database';
import { DomainError, newId, type Clock, type Logger } from '@fenster/runtime';
import { Member } from './members/member.entity.js';
import { hashPassword, passwordProblems, verifyPassword } from './members/password.js';
import { ROLES, type Role } from './members/role.js';
import { Workspace } from './workspaces/workspace.entity.js';

export const DEMO_WORKSPACE = { id: '019d0000-0000-7000-8000-000000000001', name: 'Fenster Demo' };

/** One member per role. The domain is reserved for tests (RFC 2606), so that no mail can reach anybody. */
const NAMES: Record<Role, string> = {
  owner: 'Olga Sommer',
  admin: 'Adrian Weiss',
  supervisor: 'Selma Kaya',
  agent: 'Anton Berger',
  finance: 'Frida Lorenz',
  privacy_officer: 'Paul Richter',
};

export interface DemoMember {
  id: string;
  name: string;
  role: Role;
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
 * passwords, if another one is given.
 * @throws DomainError WEAK_PASSWORD
 */
export async function createDemoWorkspace(
  { database, now, log }: { database: Database; now: Clock; log: Logger },
  { password }: { password: string },
): Promise<DemoWorkspace> {
  const problems = passwordProblems(password);
  if (problems.length > 0) throw new DomainError('WEAK_PASSWORD', `The demo password breaks: ${problems.join(', ')}.`);
  const origin = { actor: { kind: 'system', id: 'demo' }, correlationId: newId() } as const;
  const ctx = { database, now, log, origin, workspaceId: DEMO_WORKSPACE.id, wakeRelay: () => {} };
  return transact(ctx, async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtext('fenster demo workspace'))`.execute(tx.sql);
    const workspace = await tx.em.findOne(Workspace, { workspaceId: DEMO_WORKSPACE.id });
    if (!workspace) {
      tx.em.create(Workspace, { workspaceId: DEMO_WORKSPACE.id, name: DEMO_WORKSPACE.name, createdAt: tx.now() });
      await tx.em.flush();
    }
    const existing = new Map(
      (await tx.em.find(Member, { workspaceId: DEMO_WORKSPACE.id })).map((member) => [member.email, member]),
    );
    const members = await Promise.all(
      ROLES.map(async (role): Promise<DemoMember> => {
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
          return { id: created.id, name: created.name, role, email, password };
        }
        if (!(await verifyPassword(member.passwordHash, password))) member.passwordHash = await hashPassword(password);
        return { id: member.id, name: member.name, role, email, password };
      }),
    );
    return { workspaceId: DEMO_WORKSPACE.id, name: DEMO_WORKSPACE.name, members };
  });
}
