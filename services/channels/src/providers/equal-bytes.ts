import { timingSafeEqual } from 'node:crypto';
import type { WebhookSecret } from './provider.js';

/**
 * The first secret for which exactly the given bytes are expected, each comparison in constant time. Nothing is expected
 * for a secret that does not fit.
 */
export function indexOfEqual(
  given: Buffer,
  secrets: readonly WebhookSecret[],
  expectedFor: (secret: WebhookSecret) => Buffer | undefined,
): number | undefined {
  const index = secrets.findIndex((secret) => {
    const expected = expectedFor(secret);
    return expected !== undefined && expected.length === given.length && timingSafeEqual(expected, given);
  });
  return index === -1 ? undefined : index;
}
