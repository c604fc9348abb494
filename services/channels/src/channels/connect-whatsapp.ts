import { currency } from '@fenster/contracts';
import { z } from 'zod';
import { numericId, secret } from '../providers/credentials.js';
import { cloudSettings } from '../providers/whatsapp-cloud/whatsapp-cloud.provider.js';
import type { ChannelConnection } from './channel.commands.js';
import { timeZoneName } from './time-zone-name.js';

/** A number at Meta, and the app that signs its webhooks. */
export const cloudConnection = z.object({
  workspaceId: z.uuid(),
  name: z.string().min(1).max(100),
  ...cloudSettings.shape,
  /** In E.164; the plus sign may be missing. */
  displayPhoneNumber: z
    .string()
    .regex(/^\+?[1-9]\d{5,14}$/)
    .transform((number) => (number.startsWith('+') ? number : `+${number}`)),
  appId: numericId,
  appSecret: secret,
  verifyToken: secret,
  accessToken: secret,
  currency,
  messagesPerSecond: z.int().min(1).max(1_000).nullable().optional(),
  timeZone: timeZoneName,
});

export function toCloudConnection({
  appId,
  appSecret,
  verifyToken,
  accessToken,
  apiBaseUrl,
  apiVersion,
  phoneNumberId,
  wabaId,
  ...rest
}: z.output<typeof cloudConnection>): ChannelConnection {
  return {
    ...rest,
    kind: 'WHATSAPP_CLOUD',
    address: phoneNumberId,
    addressField: 'phoneNumberId',
    account: wabaId,
    app: { id: appId, secrets: [appSecret], verifyToken },
    settings: { apiBaseUrl, apiVersion, phoneNumberId, wabaId },
    secrets: { accessToken },
  };
}
