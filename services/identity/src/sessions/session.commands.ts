import { signToken, tokenEnd } from '@fenster/auth';
import { auditRead, transact } from '@fenster/database';
import { DomainError, newId } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import { onBehalfOf, withoutToken, type IdentityContext } from '../context.js';
import { normaliseEmail } from '../members/email.js';
import { Member } from '../members/member.entity.js';
import { holdRights, type Rights } from '../members/rights.js';
import { endSession } from './end-session.js';
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

const DAY_SECONDS = 86_400;
const MAX_DEVICE_LENGTH = 200;

/** In the answer to a sign-in there is no actor yet, and still the member sees what only the member may see. */
const justSignedIn = new WeakSet<Member>();

export function hasJustSignedIn(member: Member): boolean {
  return justSignedIn.has(member);
}

/**
 * Signs in by e-mail address and password, whatever the workspace.
 * @throws DomainError INVALID_CREDENTIALS, the same and as late for a wrong password and for an unknown address;
 *   TOO_MANY_ATTEMPTS, the same for any password and any address.
 */
export async function signIn(
  ctx: IdentityContext,
  { email, password, device }: { email: string; password: string; device?: string | null | undefined },
): Promise<SignedIn> {
  const invalid = new DomainError('INVALID_CREDENTIALS', 'The e-mail address or the password is wrong.');
  const address = normaliseEmail(email);
  const attempt = await ctx.app.signInThrottle.begin({
    email: address ?? email,
    clientAddress: ctx.origin.clientAddress,
  });
  const member = address === undefined ? null : await ctx.database.system().findOne(Member, { email: address });
  const isPassword = await ctx.app.isPassword(member?.passwordHash, password);
  // After the answer, so that its time does not tell whether there is such an account.
  if (member && !isPassword) {
    const place = { workspaceId: member.workspaceId, origin: withoutToken(ctx.origin) };
    auditRead({ ...ctx, ...place }, 'member.sign_in_refuse', member.id);
  }
  if (!member || !isPassword) throw invalid;
  const signedIn = await openSession(ctx, member, {
    device,
    // Somebody may have changed the password, or removed the member, while this one was being checked.
    isProven: (current) => current.passwordHash === member.passwordHash,
  });
  if (!signedIn) throw invalid;
  await attempt.succeeded();
  return signedIn;
}

/**
 * Opens a session for somebody who has just proven who they are, with the rights that they have now. Undefined if
 * `isProven` says of the member as of now that the proof does not hold any more, or if they were removed.
 */
export async function openSession(
  ctx: IdentityContext,
  { id, workspaceId }: Pick<Member, 'id' | 'workspaceId'>,
  options: { device?: string | null | undefined; isProven: (member: Member) => boolean },
): Promise<SignedIn | undefined> {
  const token = { family: newSecret(), current: newSecret() };
  const opened = await transact(onBehalfOf(ctx, { id, workspaceId }), async (tx) => {
    const rights = await holdRights(tx, id);
    const member = await tx.em.findOneOrFail(Member, { id });
    if (!rights || !options.isProven(member)) return undefined;
    const now = tx.now();
    const session = tx.em.create(Session, {
      id: newId(),
      workspaceId,
      memberId: id,
      familyHash: hashSecret(token.family),
      refreshHash: hashSecret(token.current),
      device: deviceName(options.device),
      createdAt: now,
      lastUsedAt: now,
      // With a whole second, like its tokens: there is no moment when it lives and none of them can.
      expiresAt: tokenEnd(now, ctx.app.sessionDays * DAY_SECONDS),
    });
    tx.audit({ action: 'session.start', object: { type: 'session', id: session.id } });
    return { member, rights, session, issuedAt: now };
  });
  return opened && issueTokens(ctx, opened, formatRefreshToken(token));
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
    const rights = await holdRights(tx, owner.id);
    const session = await tx.em.findOneOrFail(Session, { id: known.id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    const now = tx.now();
    const decision = decideRenewal(session, presented, now);
    if (decision === 'END') endSession(tx, session, 'refresh_token_reused');
    if (decision !== 'RENEW' || !rights) return undefined;
    session.refreshHash = hashSecret(next);
    session.lastUsedAt = now;
    const member = await tx.em.findOneOrFail(Member, { id: session.memberId });
    return { member, rights, session, issuedAt: now };
  });
  if (!renewed) throw ended;
  return issueTokens(ctx, renewed, formatRefreshToken({ family: presented.family, current: next }));
}

/** What the client says, as far as it can be stored and shown. */
function deviceName(text: string | null | undefined): string | null {
  return (
    text
      ?.replaceAll(/\p{Cc}/gu, ' ')
      .trim()
      .slice(0, MAX_DEVICE_LENGTH) || null
  );
}

interface Opened {
  member: Member;
  rights: Rights;
  session: Session;
  /** A moment of the transaction that read the rights. */
  issuedAt: Date;
}

async function issueTokens(
  ctx: IdentityContext,
  { member, rights, session, issuedAt }: Opened,
  refreshToken: string,
): Promise<SignedIn> {
  const { keyRing, accessTokenSeconds } = ctx.app;
  const expiresAt = tokenEnd(issuedAt, accessTokenSeconds, session.expiresAt);
  const accessToken = await signToken(
    await keyRing.signingKey(),
    { kind: 'member', id: member.id, workspaceId: member.workspaceId, ...rights, sessionId: session.id },
    issuedAt,
    expiresAt,
  );
  justSignedIn.add(member);
  return {
    accessToken,
    expiresAt,
    refreshToken,
    refreshExpiresAt: session.expiresAt,
    member,
  };
}
