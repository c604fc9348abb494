import { transact, type Tx } from '@fenster/database';
import { DomainError, invalidInput } from '@fenster/runtime';
import { decodeJwt } from 'jose';
import type { IdentityContext } from '../context.js';
import { normaliseEmail } from '../members/email.js';
import { Member } from '../members/member.entity.js';
import { openSession, type SignedIn } from '../sessions/session.commands.js';
import { checkKeySet, discoverJwksUri } from './discovery.js';
import { isIssuerUrl } from './issuer-url.js';
import { OidcIssuer } from './oidc-issuer.entity.js';
import type { SetOidcIssuerInput } from './oidc-issuer.types.js';

const MAX_LENGTH = 500;
const MAX_AUDITED_LENGTH = 200;
const MAX_TOKEN_LENGTH = 16_384;

/**
 * Names the one issuer whose tokens the workspace accepts, in place of a former one, after reading its keys once.
 * @throws DomainError INVALID_INPUT, which does not say why an address could not be read: it might be one of ours.
 */
export async function setOidcIssuer(ctx: IdentityContext, input: SetOidcIssuerInput): Promise<OidcIssuer> {
  const { issuer, audience } = input;
  checkUrl(ctx, 'issuer', issuer);
  if (audience.trim() === '' || audience.length > MAX_LENGTH) {
    throw invalidInput('audience', `must have 1 to ${MAX_LENGTH} characters.`);
  }
  const jwksUri = input.jwksUri ?? (await readable(ctx, 'issuer', () => discoverJwksUri(ctx.app.oidc.fetch, issuer)));
  const field = input.jwksUri == null ? 'issuer' : 'jwksUri';
  checkUrl(ctx, field, jwksUri);
  await readable(ctx, field, () => checkKeySet(ctx.app.oidc.fetch, jwksUri));
  const { workspaceId } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    const before = await tx.em.findOne(OidcIssuer, { workspaceId }, { disableIdentityMap: true });
    const after = await tx.em.upsert(OidcIssuer, { workspaceId, issuer, audience, jwksUri, updatedAt: tx.now() });
    auditIssuer(tx, workspaceId, before, after);
    return after;
  });
}

/** Sessions that its tokens opened go on until they end. Whether there was one. */
export async function removeOidcIssuer(ctx: IdentityContext): Promise<boolean> {
  const { workspaceId } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    const before = await tx.em.findOne(OidcIssuer, { workspaceId });
    if (!before) return false;
    tx.em.remove(before);
    auditIssuer(tx, workspaceId, before, null);
    return true;
  });
}

function auditIssuer(tx: Tx, workspaceId: string, before: OidcIssuer | null, after: OidcIssuer | null): void {
  const shown = (text: string | undefined) => text?.replaceAll(/[^\w.:/+-]/g, '_').slice(0, MAX_AUDITED_LENGTH) ?? null;
  const settings = (issuer: OidcIssuer | null) => ({
    oidcIssuer: shown(issuer?.issuer),
    oidcAudience: shown(issuer?.audience),
    oidcKeySet: shown(issuer?.jwksUri),
  });
  tx.audit({
    action: 'workspace.update',
    object: { type: 'workspace', id: workspaceId },
    before: settings(before),
    after: settings(after),
  });
}

/**
 * Signs in by an identity token, if its issuer's workspace has a member with the verified address in it.
 * @throws DomainError INVALID_CREDENTIALS, the same whatever is wrong; TOO_MANY_ATTEMPTS.
 */
export async function signInWithOidc(
  ctx: IdentityContext,
  { idToken, device }: { idToken: string; device?: string | null | undefined },
): Promise<SignedIn> {
  const attempt = await ctx.app.signInThrottle.begin({ clientAddress: ctx.origin.clientAddress });
  const member = await memberOf(ctx, idToken);
  const signedIn =
    member &&
    (await openSession(ctx, member, {
      device,
      // Somebody may have changed or removed the member while the token was being checked.
      isProven: (current) => current.email === member.email,
    }));
  if (!signedIn) throw new DomainError('INVALID_CREDENTIALS', 'This identity token does not sign anybody in.');
  await attempt.succeeded();
  return signedIn;
}

/**
 * The token says itself which workspaces could accept it; each of them believes its own issuer's keys only, and that
 * about its own members only.
 */
async function memberOf(ctx: IdentityContext, idToken: string): Promise<Member | null> {
  const claimed = idToken.length <= MAX_TOKEN_LENGTH ? unverified(idToken) : undefined;
  if (!claimed) return null;
  const trusted = await ctx.database
    .system()
    .find(OidcIssuer, { issuer: claimed.issuer, audience: { $in: claimed.audiences } });
  for (const candidate of trusted) {
    // Before any look at members: without the issuer's signature nobody learns who is one.
    const email = normaliseEmail((await ctx.app.oidc.idTokens.emailOf(idToken, candidate)) ?? '');
    const { workspaceId } = candidate;
    const member = email ? await ctx.database.system().findOne(Member, { workspaceId, email }) : null;
    if (member) return member;
  }
  return null;
}

function unverified(idToken: string): { issuer: string; audiences: string[] } | undefined {
  try {
    const { iss, aud } = decodeJwt(idToken);
    const audiences = [aud ?? []].flat().filter((each) => typeof each === 'string');
    return typeof iss === 'string' ? { issuer: iss, audiences } : undefined;
  } catch {
    return undefined;
  }
}

function checkUrl(ctx: IdentityContext, field: string, url: string): void {
  if (url.length > MAX_LENGTH || !isIssuerUrl(url, ctx.app.oidc)) {
    throw invalidInput(field, `must be an https:// address of at most ${MAX_LENGTH} characters, without a query.`);
  }
}

async function readable<T>(ctx: IdentityContext, field: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    ctx.log.info({ err: error, workspaceId: ctx.workspaceId }, 'an issuer cannot be read');
    throw invalidInput(field, 'is not the address of an issuer whose configuration and keys can be read.');
  }
}
