import {
  bearerToken,
  rightsKey,
  sharedRightsKey,
  AuthenticationError,
  type Actor,
  type TokenVerifier,
} from '@fenster/auth';
import type { ApiKeyTokens } from './api-keys/api-key-tokens.js';
import type { Budget } from './rate-limit/rate-limits.js';
import type { Revocations } from './revocations/revocations.js';

/** Who is at the other end of a socket, and until when. */
export interface Credentials {
  /** Passed on to subgraphs as it came. */
  readonly authorization: string;
  readonly actor: Actor;
  /** Who has the same may see the same. */
  readonly rights: string;
  /** The same, but for what each event's audience says. */
  readonly sharedRights: string;
  readonly expiresAt: Date;
  /** The API key that the token stands for, as it came: good for another token. */
  readonly apiKey?: string;
}

export interface CredentialsVerifier {
  /**
   * The budget is asked if it costs more than a look at the token; without one, it has been counted before.
   * @throws AuthenticationError, VerificationUnavailableError, RateLimitedError.
   */
  verify(authorization: unknown, budget?: Budget): Promise<Credentials>;
  /** Whether they have become void since they were verified. */
  areRevoked(credentials: Credentials): boolean;
}

export interface CredentialsVerifierOptions {
  verifier: TokenVerifier;
  revocations: Revocations;
  /** Without it, API keys are no credentials. */
  apiKeys: ApiKeyTokens | undefined;
}

export function createCredentialsVerifier(options: CredentialsVerifierOptions): CredentialsVerifier {
  return {
    verify: (authorization, budget) => verifyCredentials(options, authorization, budget),
    areRevoked: ({ actor }) => options.revocations.isRevoked(actor),
  };
}

async function verifyCredentials(
  { verifier, revocations, apiKeys }: CredentialsVerifierOptions,
  authorization: unknown,
  budget: Budget | undefined,
): Promise<Credentials> {
  const ofApiKey = await apiKeys?.tokenFor(authorization, budget);
  const token = ofApiKey ?? bearerToken(authorization);
  if (token === undefined) throw new AuthenticationError();
  const actor = await verifier.verify(token);
  if (!actor.expiresAt || revocations.isRevoked(actor)) throw new AuthenticationError();
  return {
    authorization: `Bearer ${token}`,
    actor,
    rights: rightsKey(actor),
    sharedRights: sharedRightsKey(actor),
    expiresAt: actor.expiresAt,
    ...(ofApiKey !== undefined && { apiKey: String(authorization) }),
  };
}
