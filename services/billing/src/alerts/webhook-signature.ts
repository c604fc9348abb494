import { createHmac } from 'node:crypto';

/** With what the secret of a destination is sealed together. */
export const secretContext = (destinationId: string) => `alert_destination ${destinationId}`;

/** As whoever receives webhooks hands it to a library of Standard Webhooks. */
export function formatSecret(secret: Buffer): string {
  return `whsec_${secret.toString('base64')}`;
}

/**
 * The headers of Standard Webhooks 1.0.0, by which the receiver knows that the body is from here and new. The id is the
 * same at each attempt.
 */
export function signedHeaders(secret: Buffer, { id, body, at }: { id: string; body: string; at: Date }) {
  const seconds = String(Math.floor(at.getTime() / 1_000));
  const signature = createHmac('sha256', secret).update(`${id}.${seconds}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signature}` };
}
