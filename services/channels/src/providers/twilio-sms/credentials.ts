import { z } from 'zod';
import { baseUrl, secret } from '../credentials.js';
import type { ProviderOptions } from '../provider-options.js';

export const twilioSettings = z.object({
  /** `https://api.twilio.com`. */
  apiBaseUrl: baseUrl,
  accountSid: z.string().regex(/^AC[0-9a-f]{32}$/),
  /** In E.164. */
  phoneNumber: z.string().regex(/^\+[1-9]\d{5,14}$/),
  /** Whose webhooks its statuses are. */
  appId: z.uuid(),
});
export const twilioSecrets = z.object({ authToken: secret });
export type TwilioCredentials = z.output<typeof twilioSettings> & z.output<typeof twilioSecrets>;

export interface TwilioOptions extends ProviderOptions {
  /** Of `/webhooks`, as providers reach it: statuses are posted there. */
  webhookUrl(): string;
  /** Where files may be, besides at the API. */
  twilioMediaHosts: readonly string[];
}

export function authorizationOf({ accountSid, authToken }: TwilioCredentials): string {
  return `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
}
