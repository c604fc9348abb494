import type { PublicFetch } from '@fenster/runtime/public-fetch';
import type { Outcome } from './delivery.rule.js';
import { signedHeaders } from './webhook-signature.js';

const GONE = 410;

export const WEBHOOK_LIMITS = { timeoutMs: 10_000, maxResponseBytes: 64 * 1024 };

/** Any 2xx is a yes; 410 is a no for good. */
export async function sendWebhook(
  fetch: PublicFetch,
  { url, secret, id, body, at }: { url: string; secret: Buffer; id: string; body: string; at: Date },
): Promise<Outcome> {
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Fenster',
    ...signedHeaders(secret, { id, body, at }),
  };
  try {
    const response = await fetch(url, { method: 'POST', headers, body });
    await response.body?.cancel();
    if (response.ok) return { isDelivered: true };
    return { isDelivered: false, problem: `STATUS_${response.status}`, isFinal: response.status === GONE };
  } catch {
    // Why, is not said: the address might be one of ours.
    return { isDelivered: false, problem: 'UNREACHABLE', isFinal: false };
  }
}
