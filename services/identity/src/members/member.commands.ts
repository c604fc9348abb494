import { authorize, defineAbility, type Actor } from '@fenster/auth';
import { once, transact, violatedConstraint, type Tx } from '@fenster/database';
import { DomainError, invalidInput, isId, newId, notFound } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import { defineRules } from '../ability.js';
import { onBehalfOf, type IdentityContext } from '../context.js';
import { announceMembers, announceTeams } from '../directory/announce.js';
import { checkName } from '../name.js';
import { isBuiltIn, isMemberRole } from '../roles/built-in-role.js';
import { checkGrant } from '../roles/grant.js';
import { findPermissions } from '../roles/role.queries.js';
import { endSessionsOf } from '../sessions/end-session.js';
import { openSession, type SignedIn } from '../sessions/session.commands.js';
import { TeamMember } from '../teams/team.entity.js';
import { normaliseEmail } from './email.js';
import { invitationEnd, invitationHash } from './invitation.js';
import { Member } from './member.entity.js';
import { ACTIVE } from './member.status.js';
import { checkLastOwner } from './ownership.js';
import { checkNewPassword, hashPassword } from './password.js';
import { announceAccessChange, changeRights } from './rights.js';

export interface Invited {
  member: Member;
  token: string;
  expiresAt: Date;
}

/** @throws DomainError INVALID_INPUT, NOT_FOUND, EMAIL_TAKEN, BEYOND_YOUR_RIGHTS, IDEMPOTENCY_CONFLICT. */
export async function inviteMember(
  ctx: IdentityContext,
  input: { email: string; name: string; role: string; idempotencyKey: string },
): Promise<Invited> {
  const email = normaliseEmail(input.email);
  if (email === undefined) throw invalidInput('email', 'must be an e-mail address.');
  const name = checkName(input.name);
  const { role, idempotencyKey: key } = input;
  try {
    return await changeRights(ctx, 'member:manage', async (tx, actor) => {
      const request = { key, operation: 'inviteMember', input: { email, name, role } };
      const id = await once(tx, request, newId(), async (id) => {
        await checkMayGrant(tx, actor, role);
        const now = tx.now();
        tx.em.create(Member, {
          id,
          workspaceId: actor.workspaceId,
          email,
          name,
          role,
          invitationHash: invitationHash(ctx.app.invitationToken(id))!,
          invitationExpiresAt: invitationEnd(now),
          createdAt: now,
        });
        await tx.em.flush();
        await announceMembers(tx, { workspaceId: actor.workspaceId, ids: [id] });
        tx.audit({ action: 'member.invite', object: { type: 'member', id }, after: { name, role } });
      });
      const member = await tx.em.findOneOrFail(Member, { id });
      return { member, token: ctx.app.invitationToken(id), expiresAt: invitationEnd(member.createdAt) };
    });
  } catch (error) {
    if (violatedConstraint(error) !== 'member_email_unique') throw error;
    throw new DomainError('EMAIL_TAKEN', 'Somebody has this e-mail address already. Use another one.');
  }
}

/**
 * Sets the first password of somebody who was invited, and signs them in.
 * @throws DomainError INVITATION_INVALID, the same for a used, a withdrawn, an expired and an unknown one; WEAK_PASSWORD.
 */
export async function acceptInvitation(
  ctx: IdentityContext,
  { token, password, device }: { token: string; password: string; device?: string | null | undefined },
): Promise<SignedIn> {
  const invalid = new DomainError(
    'INVITATION_INVALID',
    'This invitation was used, was withdrawn, or has expired. Ask for a new one.',
  );
  const hash = invitationHash(token);
  const invited = hash && (await ctx.database.system().findOne(Member, { invitationHash: hash }));
  if (!invited || invited.invitationExpiresAt! <= ctx.now()) throw invalid;
  checkNewPassword(password);
  const passwordHash = await hashPassword(password);
  const isFirst = await transact(onBehalfOf(ctx, invited), async (tx) => {
    const member = await tx.em.findOneOrFail(Member, { id: invited.id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!member.invitationHash) return false;
    Object.assign(member, { passwordHash, invitationHash: null, invitationExpiresAt: null });
    await announceMembers(tx, { workspaceId: member.workspaceId, ids: [member.id] });
    tx.audit({ action: 'member.invitation_accept', object: { type: 'member', id: member.id } });
    return true;
  });
  const signedIn =
    isFirst &&
    (await openSession(ctx, invited, { device, isProven: (member) => member.passwordHash === passwordHash }));
  if (!signedIn) throw invalid;
  return signedIn;
}

/** @throws DomainError NOT_FOUND, BEYOND_YOUR_RIGHTS, LAST_OWNER. */
export async function changeMemberRole(ctx: IdentityContext, memberId: string, role: string): Promise<Member> {
  return changeRights(ctx, 'member:manage', async (tx, actor) => {
    const member = await findMember(tx, actor, memberId);
    await checkMayGrant(tx, actor, role);
    await checkOwnerRemains(tx, member, role);
    if (member.role === role) return member;
    announceAccessChange(tx, [member.id], 'role');
    const object = { type: 'member', id: member.id } as const;
    tx.audit({ action: 'member.role_change', object, before: { role: member.role }, after: { role } });
    member.role = role;
    await announceMembers(tx, { workspaceId: member.workspaceId, ids: [member.id] });
    return member;
  });
}

/**
 * Their name stays for the history; address, password, teams and sessions go.
 * @throws DomainError NOT_FOUND, BEYOND_YOUR_RIGHTS, LAST_OWNER.
 */
export async function removeMember(ctx: IdentityContext, memberId: string): Promise<Member> {
  return changeRights(ctx, 'member:manage', async (tx, actor) => {
    const member = await findMember(tx, actor, memberId);
    await checkOwnerRemains(tx, member, undefined);
    const { name, role } = member;
    tx.audit({ action: 'member.remove', object: { type: 'member', id: memberId }, before: { name, role } });
    Object.assign(member, {
      removedAt: tx.now(),
      email: null,
      passwordHash: null,
      invitationHash: null,
      invitationExpiresAt: null,
    });
    const places = await tx.em.find(TeamMember, { memberId }, { orderBy: { teamId: 'asc' } });
    await tx.em.nativeDelete(TeamMember, { memberId });
    await endSessionsOf(tx, memberId);
    announceAccessChange(tx, [memberId], 'removed');
    const { workspaceId } = actor;
    await announceMembers(tx, { workspaceId, ids: [memberId] });
    await announceTeams(tx, { workspaceId, ids: places.map((place) => place.teamId) });
    return member;
  });
}

/** @throws DomainError INVALID_INPUT */
export async function updateProfile(ctx: IdentityContext, { name }: { name: string }): Promise<Member> {
  const checked = checkName(name);
  return transact(ctx, async (tx) => {
    const member = await findSelf(tx, ctx.requireActor());
    if (member.name === checked) return member;
    const object = { type: 'member', id: member.id } as const;
    tx.audit({ action: 'member.update', object, before: { name: member.name }, after: { name: checked } });
    member.name = checked;
    await announceMembers(tx, { workspaceId: member.workspaceId, ids: [member.id] });
    return member;
  });
}

/**
 * Ends all other sessions: somebody else may know the old password. Wrong ones count like those of signing in, or a
 * stolen token would be a way to guess.
 * @throws DomainError WRONG_PASSWORD, WEAK_PASSWORD, TOO_MANY_ATTEMPTS.
 */
export async function changePassword(
  ctx: IdentityContext,
  { oldPassword, newPassword }: { oldPassword: string; newPassword: string },
): Promise<Member> {
  const wrong = new DomainError('WRONG_PASSWORD', 'The present password is another one.');
  const self = await findSelf({ em: ctx.em }, ctx.requireActor());
  const attempt = await ctx.app.signInThrottle.begin({
    email: self.email!,
    clientAddress: ctx.origin.clientAddress,
  });
  if (!(await ctx.app.isPassword(self.passwordHash, oldPassword))) throw wrong;
  await attempt.succeeded();
  checkNewPassword(newPassword);
  const passwordHash = await hashPassword(newPassword);
  // Like a change of rights, so that nobody signs in with the old password between the check and the end of sessions.
  return changeRights(ctx, undefined, async (tx, actor) => {
    const member = await findSelf(tx, actor);
    if (member.passwordHash !== self.passwordHash) throw wrong;
    member.passwordHash = passwordHash;
    tx.audit({ action: 'member.password_change', object: { type: 'member', id: member.id } });
    await endSessionsOf(tx, member.id, { except: actor.sessionId });
    return member;
  });
}

/**
 * Somebody whom the actor may change: who has no more rights than the actor.
 * @throws DomainError NOT_FOUND, BEYOND_YOUR_RIGHTS.
 */
export async function findMember(tx: Tx, actor: Actor, id: string): Promise<Member> {
  if (!isId(id)) throw notFound('Member');
  const member = await tx.em.findOne(Member, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  authorize(defineAbility(actor, defineRules), 'change', 'Member', member);
  checkGrant(actor, (await findPermissions(tx.em, member.role)) ?? []);
  return member;
}

async function checkMayGrant(tx: Tx, actor: Actor, role: string): Promise<void> {
  const isPossible = isBuiltIn(role) ? isMemberRole(role) : isId(role);
  const permissions = isPossible ? await findPermissions(tx.em, role) : undefined;
  if (!permissions) throw notFound('Role');
  checkGrant(actor, permissions);
}

async function checkOwnerRemains(tx: Tx, member: Member, nextRole: string | undefined): Promise<void> {
  const owners = await tx.em.find(Member, { role: 'owner', ...ACTIVE });
  checkLastOwner(
    owners.map((owner) => owner.id),
    member.id,
    nextRole,
  );
}

/** @throws DomainError FORBIDDEN for a program, which has neither name nor password of its own. */
async function findSelf({ em }: Pick<Tx, 'em'>, actor: Actor): Promise<Member> {
  const member = actor.kind === 'member' ? await em.findOne(Member, { id: actor.id, removedAt: null }) : null;
  if (!member) throw new DomainError('FORBIDDEN', 'Your role does not allow this.');
  return member;
}
