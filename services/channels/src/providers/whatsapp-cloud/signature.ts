import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { indexOfEqual } from '../equal-bytes.js';
import type { WebhookSecret } from '../provider.js';

const PREFIX = 'sha256=';
const LOWER_HEX_SHA256 = /^[0-9a-f]{64}$/;

/**
 * Checks `X-Hub-Signature-256` (HMAC-SHA256 of the raw body bytes) against each secret, each comparison in constant time.
 *
 * Only the form that Meta sends is accepted, lower-case hex after `sha256=`: one body and secret have exactly one valid header.
 * An empty secret never matches, or a forgotten setting would let everybody sign.
 * @returns the index of the first matching secret, or undefined.
 */
export function verifySignature(
  rawBody: Buffer,
  header: IncomingHttpHeaders[string],
  secrets: readonly WebhookSecret[],
): number | undefined {
  if (typeof header !== 'string' || !header.startsWith(PREFIX)) return undefined;
  return verifyHexDigest(rawBody, header.slice(PREFIX.length), secrets);
}

export function verifyHexDigest(rawBody: Buffer, hex: string, secrets: readonly WebhookSecret[]): number | undefined {
  if (!LOWER_HEX_SHA256.test(hex)) return undefined;
  const given = Buffer.from(hex, 'hex');
  return indexOfEqual(given, secrets, (secret) =>
    typeof secret === 'string' && secret !== '' ? createHmac('sha256', secret).update(rawBody).digest() : undefined,
  );
}
