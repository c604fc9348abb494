import type { PublicFetch } from '@fenster/runtime/public-fetch';
import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { z } from 'zod';

const configuration = z.object({ issuer: z.string(), jwks_uri: z.string() });

/**
 * Where an issuer publishes its keys, by its own word (OpenID Connect Discovery 1.0, section 4).
 * @throws Error if it does not say, or says to be another issuer.
 */
export async function discoverJwksUri(fetch: PublicFetch, issuer: string): Promise<string> {
  const document = await readJson(fetch, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const { issuer: name, jwks_uri: jwksUri } = configuration.parse(document);
  if (name !== issuer) throw new Error('The configuration belongs to another issuer.');
  return jwksUri;
}

/** @throws Error if there is no key set at this address. */
export async function checkKeySet(fetch: PublicFetch, jwksUri: string): Promise<void> {
  createLocalJWKSet((await readJson(fetch, jwksUri)) as JSONWebKeySet);
}

async function readJson(fetch: PublicFetch, url: string): Promise<unknown> {
  const response = await fetch(url, { headers: { accept: 'application/json' } });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`The answer was ${response.status}.`);
  }
  return response.json();
}
