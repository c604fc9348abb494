import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { request } from 'undici';
import { AuthenticationError, VerificationUnavailableError } from '@fenster/auth';
import type { Clock } from '@fenster/runtime';
import type { Budget } from '../rate-limit/rate-limits.js';

/** API keys that are in use at a time. */
const MAX_KEYS = 10_000;
/** A token that is about to end is replaced, so that none ends on its way. */
const SPARE_MS = 10_000;
const TIMEOUT_MS = 5_000;
const API_KEY = /^Bearer fk_[0-9a-f]{32}_[\w-]{43}$/;

function isApiKey(authorization: unknown): authorization is string {
  return typeof authorization === 'string' && API_KEY.test(authorization);
}

/** Whoever goes on with a key asks for its next token after this long, and then gets another one. In milliseconds. */
export function untilNextToken(remainingMs: number): number {
  return Math.max(remainingMs / 2, remainingMs - SPARE_MS / 2);
}

export interface ApiKeyTokens {
  /**
   * The access token to use for an API key; undefined for an `authorization` that carries none.
   * Asking identity costs more than checking a token: while it lasts it counts against the budget, if one is given.
   * @throws AuthenticationError for a key that is void, VerificationUnavailableError while nobody can tell,
   * RateLimitedError instead of asking.
   */
  tokenFor(authorization: unknown, budget?: Budget): Promise<string | undefined>;
}

interface Exchanged {
  accessToken: string;
  expiresAt: Date;
}

/** Exchanges API keys at identity for access tokens, so that subgraphs know tokens only, and keeps them until they end. */
export function createApiKeyTokens({ url, now }: { url: string; now: Clock }): ApiKeyTokens {
  // By hash: no key is kept.
  const tokens = new LRUCache<string, Promise<Exchanged>>({ max: MAX_KEYS });

  return {
    async tokenFor(authorization, budget) {
      if (!isApiKey(authorization)) return undefined;
      const hash = createHash('sha256').update(authorization).digest('base64url');
      const before = tokens.get(hash);
      const known = await before;
      if (known && known.expiresAt.getTime() - now().getTime() > SPARE_MS) return known.accessToken;
      // Another request may have begun to exchange it meanwhile.
      let exchanging = tokens.get(hash);
      if (!exchanging || exchanging === before) {
        const ask = () => exchange(url, authorization);
        exchanging = budget ? budget.during(ask) : ask();
        tokens.set(hash, exchanging);
        exchanging.catch(() => tokens.delete(hash));
      }
      return (await exchanging).accessToken;
    },
  };
}

async function exchange(url: string, authorization: string): Promise<Exchanged> {
  try {
    const exchanged = await askIdentity(url, authorization);
    if (exchanged) return exchanged;
  } catch (error) {
    throw new VerificationUnavailableError(error);
  }
  throw new AuthenticationError();
}

/** Undefined for a key that is void. */
async function askIdentity(url: string, authorization: string): Promise<Exchanged | undefined> {
  const { statusCode, body } = await request(url, {
    method: 'POST',
    headers: { authorization },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  if (statusCode === 200) {
    const { accessToken, expiresAt } = (await body.json()) as { accessToken: string; expiresAt: string };
    return { accessToken, expiresAt: new Date(expiresAt) };
  }
  await body.dump();
  if (statusCode === 401) return undefined;
  throw new Error(`Identity answered ${statusCode} for an API key.`);
}
