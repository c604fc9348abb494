import type { ParsedWebhook } from './provider.js';

/** Of a webhook of which nothing can be read. `reason` is a fixed phrase. */
export function rejectWebhook(reason: string): ParsedWebhook {
  return { items: [], rejected: [{ path: '$', reason }] };
}
