import { signToken } from '@fenster/auth';
import { transact } from '@fenster/database';
import { DomainError, newId } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import { onBehalfOf, type IdentityContext } from '../context.js';
import { normaliseEmail } from '../members/email.js';
import { Member } from '../members/member.entity.js';
import { permissionsOf } from '../members/role.js';
import { decideRenewal, formatRefreshToken, hashSecret, newSecret, parseRefreshToken } from './refresh-token.js';
import { Session } from './session.entity.js';

/** What somebody who has just proven who they are takes away. */
export interface SignedIn {
  accessToken: string;
  expiresAt: Date;
  refreshToken: string;
  refreshExpiresAt: Date;
  member: Member;
}

const DAY_MS = 86_400_000;

/** In the answer to a sign-in there is no actor yet, and still the member sees what only the member may see. */
const justSignedIn = new WeakSet<Member>();

export function hasJustSignedIn(member: Member): boolean {
  return justSignedIn.has(member);
}

/**
 * Signs in by e-mail address and password, whatever the workspace.
 * @throws DomainError INVALID_CREDENTIALS, the same and as late for a wrong password and for an unknown address.
 */
export async function signIn(
  ctx: IdentityContext,
  { email, password }: { email: string; password: string },
): Promise<SignedIn> {
  const address = normaliseEmail(email);
  const member = address === undefined ? null : await ctx.database.system().findOne(Member, { email: address });
  const isPassword = await ctx.app.isPassword(member?.passwordHash, password);
  if (!member || !isPassword)
    throw new DomainError('INVALID_CREDENTIALS', 'The e-mail address or the password is wrong.');
  const now = ctx.now();
  const token = { family: newSecret(), current: newSecret() };
  const session = await transact(onBehalfOf(ctx, member), async (tx) =>
    tx.em.create(Session, {
      id: newId(),
      workspaceId: member.workspaceId,
      memberId: member.id,
      familyHash: hashSecret(token.family),
      refreshHash: hashSecret(token.current),
      createdAt: now,
      expiresAt: new Date(now.getTime() + ctx.app.sessionDays * DAY_MS),
    }),
  );
  return issueTokens(ctx, member, session, formatRefreshToken(token));
}

/**
 * Exchanges the latest refresh token for a new pair, with the rights that the member has now. A token that was
 * used before ends the session, because one of the two who hold it is not the member.
 * @throws DomainError SESSION_ENDED, the same for an ended, an expired and an unknown session.
 */
export async function renewSession(ctx: IdentityContext, refreshToken: string): Promise<SignedIn> {
  const ended = new DomainError('SESSION_ENDED', 'The session has ended. Sign in again.');
  const presented = parseRefreshToken(refreshToken);
  if (!presented) throw ended;
  const known = await ctx.database.system().findOne(Session, { familyHash: hashSecret(presented.family) });
  if (!known) throw ended;
  const owner = { id: known.memberId, workspaceId: known.workspaceId };
  const next = newSecret();
  const renewed = await transact(onBehalfOf(ctx, owner), async (tx) => {
    const session = await tx.em.findOneOrFail(Session, { id: known.id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    const decision = decideRenewal(session, presented, tx.now());
    if (decision === 'END') session.endedAt = tx.now();
    if (decision !== 'RENEW') return undefined;
    session.refreshHash = hashSecret(next);
    return { session, member: await tx.em.findOneOrFail(Member, { id: session.memberId }) };
  });
  if (!renewed) throw ended;
  return issueTokens(
    ctx,
    renewed.member,
    renewed.session,
    formatRefreshToken({ family: presented.family, current: next }),
  );
}

async function issueTokens(
  ctx: IdentityContext,
  member: Member,
  session: Session,
  refreshToken: string,
): Promise<SignedIn> {
  const { keyRing, accessTokenSeconds } = ctx.app;
  // Tokens count whole seconds.
  const issuedAt = Math.floor(ctx.now().getTime() / 1_000);
  const sessionEnd = Math.floor(session.expiresAt.getTime() / 1_000);
  const expiresAt = Math.min(issuedAt + accessTokenSeconds, sessionEnd);
  const accessToken = await signToken(
    await keyRing.signingKey(),
    {
      id: member.id,
      workspaceId: member.workspaceId,
      role: member.role,
      permissions: permissionsOf(member.role),
      sessionId: session.id,
    },
    new Date(issuedAt * 1_000),
    expiresAt - issuedAt,
  );
  justSignedIn.add(member);
  return {
    accessToken,
    expiresAt: new Date(expiresAt * 1_000),
    refreshToken,
    refreshExpiresAt: session.expiresAt,
    member,
  };
}
