import { createHmac, timingSafeEqual } from 'node:crypto';

const PREFIX = 'sha256=';
const LOWER_HEX_SHA256 = /^[0-9a-f]{64}$/;

/**
 * Checks `X-Hub-Signature-256` (HMAC-SHA256 of the raw body bytes) against each secret, each comparison in constant time.
 *
 * Only the form that Meta sends is accepted, lower-case hex after `sha256=`: one body and secret have exactly one valid header.
 * An empty secret never matches, or a forgotten setting would let everybody sign.
 * @returns the index of the first matching secret, or -1.
 */
export function verifySignature(rawBody: Buffer, header: string | undefined, secrets: readonly string[]): number {
  if (header === undefined || !header.startsWith(PREFIX)) return -1;
  const hex = header.slice(PREFIX.length);
  if (!LOWER_HEX_SHA256.test(hex)) return -1;
  const given = Buffer.from(hex, 'hex');
  return secrets.findIndex(
    (secret) => secret !== '' && timingSafeEqual(createHmac('sha256', secret).update(rawBody).digest(), given),
  );
}
