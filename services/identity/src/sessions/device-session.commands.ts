import { accessibleWhere, authorize } from '@fenster/auth';
import { transact } from '@fenster/database';
import { isId, notFound } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import { abilityOf, type IdentityContext } from '../context.js';
import { findMember } from '../members/member.commands.js';
import { Member } from '../members/member.entity.js';
import { changeRights } from '../members/rights.js';
import { endSession, endSessionsOf, isOpenAt } from './end-session.js';
import { Session } from './session.entity.js';

const MAX_LISTED = 100;

/** The actor's own, the last used first. */
export function listSessions(ctx: IdentityContext): Promise<Session[]> {
  const where = { $and: [accessibleWhere(abilityOf(ctx), 'read', 'Session'), isOpenAt(ctx.now())] };
  return ctx.em.find(Session, where, { orderBy: { lastUsedAt: 'desc', id: 'desc' }, limit: MAX_LISTED });
}

/** @throws DomainError NOT_FOUND, also for one that has ended and for somebody else's. */
export async function endOwnSession(ctx: IdentityContext, id: string | undefined): Promise<Session> {
  if (!isId(id)) throw notFound('Session');
  return transact(ctx, async (tx) => {
    // Locked before its end is dated: a renewal at this moment either comes first, and is older, or finds it ended.
    const session = await tx.em.findOne(
      Session,
      { id, ...isOpenAt(tx.now()) },
      { lockMode: LockMode.PESSIMISTIC_WRITE },
    );
    authorize(abilityOf(ctx), 'end', 'Session', session);
    endSession(tx, session);
    return session;
  });
}

/** @throws DomainError NOT_FOUND, BEYOND_YOUR_RIGHTS; FORBIDDEN for others than oneself without member:manage. */
export async function endAllSessions(ctx: IdentityContext, memberId: string): Promise<Member> {
  const { kind, id: ownId } = ctx.requireActor();
  const isSelf = kind === 'member' && memberId === ownId;
  return changeRights(ctx, isSelf ? undefined : 'member:manage', async (tx, actor) => {
    const member = isSelf ? await tx.em.findOneOrFail(Member, { id: ownId }) : await findMember(tx, actor, memberId);
    await endSessionsOf(tx, member.id);
    return member;
  });
}
