import { isPublicUrl, type PublicFetchOptions } from '@fenster/runtime/public-fetch';

/** A key set or a discovery document has a few kilobytes. */
const MAX_RESPONSE_BYTES = 256 * 1024;
export const ISSUER_LIMITS = { timeoutMs: 5_000, maxResponseBytes: MAX_RESPONSE_BYTES };

export function isIssuerUrl(text: string, options: Pick<PublicFetchOptions, 'allowLoopback'>): boolean {
  return isPublicUrl(text, options) && new URL(text).search === '';
}
