import { bearerToken, rightsKey, AuthenticationError, type Actor, type TokenVerifier } from '@fenster/auth';

/** Who is at the other end of a socket, and until when. */
export interface Credentials {
  /** Passed on to subgraphs as it came. */
  readonly authorization: string;
  readonly actor: Actor;
  readonly rights: string;
  readonly expiresAt: Date;
}

/** @throws AuthenticationError; any other error means that tokens cannot be checked at present. */
export async function verifyCredentials(verifier: TokenVerifier, authorization: unknown): Promise<Credentials> {
  const token = bearerToken(authorization);
  if (token === undefined) throw new AuthenticationError();
  const actor = await verifier.verify(token);
  if (!actor.expiresAt) throw new AuthenticationError();
  return { authorization: `Bearer ${token}`, actor, rights: rightsKey(actor), expiresAt: actor.expiresAt };
}
