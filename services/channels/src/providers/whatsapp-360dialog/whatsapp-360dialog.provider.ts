import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { baseUrl, numericId, secret } from '../credentials.js';
import { indexOfEqual } from '../equal-bytes.js';
import type { AdapterDescription, Provider, WebhookSecret } from '../provider.js';
import { META, WHATSAPP_CAPABILITIES, WHATSAPP_LIMITS, whatsAppChatUrl } from '../whatsapp-cloud/capabilities.js';
import type { GraphAccess } from '../whatsapp-cloud/graph-access.js';
import { createGraphMethods } from '../whatsapp-cloud/graph-methods.js';
import { readProfile } from '../whatsapp-cloud/number.js';
import { verifyHexDigest } from '../whatsapp-cloud/signature.js';
import type { ProviderOptions } from '../provider-options.js';
import { createDialog360Templates } from './templates.js';

export const dialog360Settings = z.object({
  /** `https://waba-v2.360dialog.io`, or where the sandbox answers. */
  apiBaseUrl: baseUrl,
  /** Webhooks name it; paths do not. */
  phoneNumberId: numericId,
});
export const dialog360Secrets = z.object({ apiKey: secret });
export type Dialog360Credentials = z.output<typeof dialog360Settings> & z.output<typeof dialog360Secrets>;

/** Meta's messages and webhooks, passed on by 360dialog (whatsapp.md §D). */
export const WHATSAPP_360DIALOG = {
  kind: 'WHATSAPP_360DIALOG',
  capabilities: WHATSAPP_CAPABILITIES,
  limits: WHATSAPP_LIMITS,
  chatUrl: whatsAppChatUrl,
  processors: [META, { name: '360dialog', country: 'DE' }],
  contentType: 'application/json',
  settings: dialog360Settings,
  secrets: dialog360Secrets,
} as const satisfies AdapterDescription;

export function createWhatsApp360DialogProvider(options: ProviderOptions): Provider<Dialog360Credentials> {
  return {
    ...WHATSAPP_360DIALOG,
    ...createGraphMethods(options, dialog360Access),
    verify: ({ rawBody, headers }, secrets) => verify360Dialog(rawBody, headers, secrets),
    // Of the number itself it tells nothing; but the profile is refused to wrong keys.
    readNumber: (credentials) => readProfile(dialog360Access(credentials), options),
    templates: createDialog360Templates(options, dialog360Access),
  };
}

function dialog360Access({ apiBaseUrl, apiKey }: Dialog360Credentials): GraphAccess {
  return {
    baseUrl: apiBaseUrl,
    numberPath: [],
    objectPath: [],
    headers: { 'd360-api-key': apiKey },
    passesFilesOn: true,
  };
}

const SIGNATURE = 'x-360dialog-signature';
const PREFIX = 'sha256=';

/**
 * Partners get a signature, of which is not documented whether it has a prefix; direct clients let 360dialog send a header
 * of their own (whatsapp.md §D). Which of the two is required, its secret says: one kind never stands in for the other.
 */
function verify360Dialog(
  rawBody: Buffer,
  headers: IncomingHttpHeaders,
  secrets: readonly WebhookSecret[],
): number | undefined {
  const signature = headers[SIGNATURE];
  const hex = typeof signature === 'string' ? signature.slice(signature.startsWith(PREFIX) ? PREFIX.length : 0) : '';
  return verifyHexDigest(rawBody, hex, secrets) ?? verifyHeader(headers, secrets);
}

function verifyHeader(headers: IncomingHttpHeaders, secrets: readonly WebhookSecret[]): number | undefined {
  const index = secrets.findIndex((expected) => {
    if (typeof expected === 'string' || expected.value === '') return false;
    const given = headers[expected.header.toLowerCase()];
    return typeof given === 'string' && indexOfEqual(digest(given), [expected], () => digest(expected.value)) === 0;
  });
  return index === -1 ? undefined : index;
}

/** Of one length, whatever is given, so that comparing tells nothing of it. */
function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
