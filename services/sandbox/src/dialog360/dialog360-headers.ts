import { sign } from '../webhook-body.js';
import type { BusinessNumber } from '../config.js';

/** What 360dialog sends along with a webhook: the headers that its client has set, and a signature for partners. */
export function dialog360Headers(
  body: string,
  { platformSecret }: NonNullable<BusinessNumber['dialog360']>,
  own: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { ...own, ...(platformSecret !== undefined && { 'x-360dialog-signature': sign(body, platformSecret) }) };
}
