import { z } from 'zod';
import { baseUrl, numericId, secret } from '../credentials.js';
import type { AdapterDescription, Provider } from '../provider.js';
import type { ProviderOptions } from '../provider-options.js';
import { META, WHATSAPP_CAPABILITIES, WHATSAPP_LIMITS, whatsAppChatUrl } from './capabilities.js';
import type { GraphAccess } from './graph-access.js';
import { createGraphMethods } from './graph-methods.js';
import { readNumber } from './number.js';
import { createAnalyticsApi } from './pricing-analytics.js';
import { verifySignature } from './signature.js';
import { createTemplateApi } from './templates.js';

export const cloudSettings = z.object({
  /** `https://graph.facebook.com`, or where the sandbox answers. */
  apiBaseUrl: baseUrl,
  apiVersion: z.string().regex(/^v\d{1,3}\.\d$/),
  phoneNumberId: numericId,
  wabaId: numericId,
});
export const cloudSecrets = z.object({ accessToken: secret });
export type CloudCredentials = z.output<typeof cloudSettings> & z.output<typeof cloudSecrets>;

/** Meta's Cloud API, direct. */
export const WHATSAPP_CLOUD = {
  kind: 'WHATSAPP_CLOUD',
  capabilities: WHATSAPP_CAPABILITIES,
  limits: WHATSAPP_LIMITS,
  chatUrl: whatsAppChatUrl,
  processors: [META],
  contentType: 'application/json',
  settings: cloudSettings,
  secrets: cloudSecrets,
} as const satisfies AdapterDescription;

export function createWhatsAppCloudProvider(options: ProviderOptions): Provider<CloudCredentials> {
  return {
    ...WHATSAPP_CLOUD,
    ...createGraphMethods(options, cloudAccess),
    verify({ rawBody, headers }, secrets) {
      return verifySignature(rawBody, headers['x-hub-signature-256'], secrets);
    },
    readNumber: (credentials) => readNumber(credentials, cloudAccess(credentials), options),
    templates: createTemplateApi(options, cloudAccess),
    analytics: createAnalyticsApi(options, cloudAccess),
  };
}

export function cloudAccess({ apiBaseUrl, apiVersion, phoneNumberId, accessToken }: CloudCredentials): GraphAccess {
  return {
    baseUrl: apiBaseUrl,
    numberPath: [apiVersion, phoneNumberId],
    objectPath: [apiVersion],
    headers: { authorization: `Bearer ${accessToken}` },
    phoneNumberId,
  };
}
