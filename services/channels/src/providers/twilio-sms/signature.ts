import { createHmac } from 'node:crypto';
import { indexOfEqual } from '../equal-bytes.js';
import { parseForm } from '../form-body.js';
import type { WebhookRequest, WebhookSecret } from '../provider.js';

/**
 * Checks `X-Twilio-Signature`: HMAC-SHA1 of the address and of all fields, sorted, in base64 (whatsapp.md §G). It signs the
 * address with or without the port that goes without saying.
 */
export function verifyTwilioSignature(
  { rawBody, headers, url }: WebhookRequest,
  secrets: readonly WebhookSecret[],
): number | undefined {
  const header = headers['x-twilio-signature'];
  const fields = parseForm(rawBody);
  if (typeof header !== 'string' || !fields) return undefined;
  // As text, for several texts in base64 are the same bytes.
  const given = Buffer.from(header);
  for (const address of [url, withPort(url)]) {
    const signed = address + fieldsOf(fields);
    const index = indexOfEqual(given, secrets, (secret) =>
      typeof secret === 'string' && secret !== ''
        ? Buffer.from(createHmac('sha1', secret).update(signed).digest('base64'))
        : undefined,
    );
    if (index !== undefined) return index;
  }
  return undefined;
}

function fieldsOf(fields: URLSearchParams): string {
  const names = [...new Set(fields.keys())].toSorted();
  return names
    .map((name) =>
      [...new Set(fields.getAll(name))]
        .toSorted()
        .map((value) => name + value)
        .join(''),
    )
    .join('');
}

const STANDARD_PORTS: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' };

/** Character for character as it is, but for the port. */
function withPort(url: string): string {
  const [, scheme, host, rest] = /^(https?:)\/\/([^/?#]*)(.*)$/is.exec(url) ?? [];
  if (scheme === undefined || host === undefined || /:\d+$/.test(host)) return url;
  return `${scheme}//${host}:${STANDARD_PORTS[scheme]}${rest}`;
}
