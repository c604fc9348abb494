import { currency, phone } from '@fenster/contracts';
import { invalidInput, newId } from '@fenster/runtime';
import { z } from 'zod';
import type { ApiUrls } from '../context.js';
import type { ChannelKind } from '../providers/channel-kind.js';
import { numericId, secret } from '../providers/credentials.js';
import type { WebhookSecret } from '../providers/provider.js';
import { gatewayId, threemaSecrets } from '../providers/threema/credentials.js';
import { twilioSettings } from '../providers/twilio-sms/credentials.js';
import type { ChannelConnection } from './channel.commands.js';
import { timeZoneName } from './time-zone-name.js';
import type {
  ConnectDialog360ChannelInput,
  ConnectThreemaChannelInput,
  ConnectTwilioSmsChannelInput,
  ConnectWhatsAppCloudChannelInput,
  UpdateChannelCredentialsInput,
} from './connect-channel.types.js';

/** What people give becomes a connection: what is wrong with it is said of the field that it is in. */

const MIN_HEADER_VALUE = 16;

const cloudCredentials = z.object({ accessToken: secret, appSecret: secret, verifyToken: secret });
const dialog360Credentials = z
  .object({
    apiKey: secret,
    platformSecret: secret.nullish(),
    secretHeader: z
      .object({
        name: z.string().regex(/^[A-Za-z0-9-]{1,100}$/, 'must be letters, digits and hyphens'),
        value: z
          .string()
          .regex(/^[\x21-\x7e]*$/, 'must be visible ASCII')
          .min(MIN_HEADER_VALUE)
          .max(1_024),
      })
      .nullish(),
  })
  .refine(({ platformSecret, secretHeader }) => (platformSecret == null) !== (secretHeader == null), {
    path: ['platformSecret'],
    message: 'or secretHeader must be given, one of them: else anybody could post webhooks',
  });
const twilioCredentials = z.object({ authToken: secret });

const named = { name: z.string().trim().min(1).max(100) };
const whatsApp = {
  ...named,
  phoneNumberId: numericId,
  wabaId: numericId,
  phoneNumber: phone,
  currency,
  timeZone: timeZoneName,
};
const cloud = z.object({ ...whatsApp, appId: numericId, credentials: cloudCredentials });
const dialog360 = z.object({ ...whatsApp, credentials: dialog360Credentials });
const twilioSms = z.object({
  ...named,
  phoneNumber: twilioSettings.shape.phoneNumber,
  accountSid: twilioSettings.shape.accountSid,
  credentials: twilioCredentials,
});

const threema = z.object({ ...named, gatewayId, credentials: threemaSecrets });

type Place = Pick<ChannelConnection, 'workspaceId'> & { urls: ApiUrls };

export function cloudFrom(input: ConnectWhatsAppCloudChannelInput, { workspaceId, urls }: Place): ChannelConnection {
  const { phoneNumber, phoneNumberId, wabaId, appId, credentials, ...rest } = check(cloud, input);
  const { accessToken, appSecret, verifyToken } = credentials;
  return {
    ...rest,
    workspaceId,
    kind: 'WHATSAPP_CLOUD',
    address: phoneNumberId,
    addressField: 'phoneNumberId',
    displayPhoneNumber: phoneNumber,
    account: wabaId,
    app: { id: appId, secrets: [appSecret], verifyToken },
    settings: { apiBaseUrl: urls.whatsApp, apiVersion: urls.whatsAppVersion, phoneNumberId, wabaId },
    secrets: { accessToken },
  };
}

export function dialog360From(input: ConnectDialog360ChannelInput, { workspaceId, urls }: Place): ChannelConnection {
  const { phoneNumber, phoneNumberId, wabaId, credentials, ...rest } = check(dialog360, input);
  return {
    ...rest,
    workspaceId,
    kind: 'WHATSAPP_360DIALOG',
    address: phoneNumberId,
    addressField: 'phoneNumberId',
    displayPhoneNumber: phoneNumber,
    account: wabaId,
    app: { id: newId(), secrets: [dialog360Secret(credentials)], verifyToken: null },
    settings: { apiBaseUrl: urls.dialog360, phoneNumberId },
    secrets: { apiKey: credentials.apiKey },
  };
}

function dialog360Secret({ platformSecret, secretHeader }: z.output<typeof dialog360Credentials>): WebhookSecret {
  return secretHeader ? { header: secretHeader.name, value: secretHeader.value } : platformSecret!;
}

export function twilioSmsFrom(input: ConnectTwilioSmsChannelInput, { workspaceId, urls }: Place): ChannelConnection {
  const { name, phoneNumber, accountSid, credentials } = check(twilioSms, input);
  const appId = newId();
  return {
    workspaceId,
    kind: 'TWILIO_SMS',
    name,
    address: phoneNumber,
    addressField: 'phoneNumber',
    displayPhoneNumber: phoneNumber,
    account: accountSid,
    app: { id: appId, secrets: [credentials.authToken], verifyToken: null },
    settings: { apiBaseUrl: urls.twilio, accountSid, phoneNumber, appId },
    secrets: credentials,
    currency: null,
    timeZone: null,
  };
}

export function threemaFrom(input: ConnectThreemaChannelInput, { workspaceId, urls }: Place): ChannelConnection {
  const { name, gatewayId: id, credentials } = check(threema, input);
  const appId = newId();
  return {
    workspaceId,
    kind: 'THREEMA',
    name,
    address: id,
    addressField: 'gatewayId',
    displayPhoneNumber: null,
    account: null,
    app: { id: appId, secrets: [credentials.apiSecret], verifyToken: null },
    settings: { apiBaseUrl: urls.threema, gatewayId: id, appId },
    secrets: credentials,
    currency: null,
    timeZone: null,
  };
}

/** What a channel of this kind is told and signs with from now on. */
export interface NewCredentials {
  secrets: Record<string, string>;
  webhookSecret: WebhookSecret;
  verifyToken: string | null;
}

const READERS: Record<
  ChannelKind,
  { field: keyof UpdateChannelCredentialsInput; read(given: unknown): NewCredentials }
> = {
  WHATSAPP_CLOUD: {
    field: 'whatsAppCloud',
    read(given) {
      const { accessToken, appSecret, verifyToken } = check(cloudCredentials, given, ['whatsAppCloud']);
      return { secrets: { accessToken }, webhookSecret: appSecret, verifyToken };
    },
  },
  WHATSAPP_360DIALOG: {
    field: 'dialog360',
    read(given) {
      const credentials = check(dialog360Credentials, given, ['dialog360']);
      const { apiKey } = credentials;
      return { secrets: { apiKey }, webhookSecret: dialog360Secret(credentials), verifyToken: null };
    },
  },
  TWILIO_SMS: {
    field: 'twilioSms',
    read(given) {
      const secrets = check(twilioCredentials, given, ['twilioSms']);
      return { secrets, webhookSecret: secrets.authToken, verifyToken: null };
    },
  },
  THREEMA: {
    field: 'threema',
    read(given) {
      const secrets = check(threemaSecrets, given, ['threema']);
      return { secrets, webhookSecret: secrets.apiSecret, verifyToken: null };
    },
  },
};

/** What an update calls the credentials of this kind. */
export function credentialsFieldOf(kind: ChannelKind): string {
  return READERS[kind].field;
}

/** @throws DomainError INVALID_INPUT, also for credentials of another kind. */
export function newCredentials(
  kind: ChannelKind,
  { channelId: _, ...given }: UpdateChannelCredentialsInput,
): NewCredentials {
  const { field, read } = READERS[kind];
  const other = Object.entries(given).find(([name, value]) => name !== field && value != null);
  if (other) throw invalidInput(other[0], `is not of the kind of this channel: give ${field}.`);
  const own = given[field as keyof typeof given];
  if (own == null) throw invalidInput(field, 'must be given.');
  return read(own);
}

/** Where a provider says no to credentials, the field that it means, as far as that can be told. */
export function fieldOfRefusal(kind: ChannelKind, reason: string, addressField: string): string {
  if (reason === 'number_gone' || reason === 'wrong_address') return addressField;
  return kind === 'THREEMA' && reason === 'not_registered' ? 'credentials.privateKey' : CREDENTIAL_FIELDS[kind];
}

const CREDENTIAL_FIELDS: Record<ChannelKind, string> = {
  WHATSAPP_CLOUD: 'credentials.accessToken',
  WHATSAPP_360DIALOG: 'credentials.apiKey',
  TWILIO_SMS: 'credentials.authToken',
  THREEMA: 'credentials.apiSecret',
};

/** The fields of webhooks from which something follows (whatsapp.md §A8). */
const SUBSCRIBED = [
  'messages',
  'user_preferences',
  'message_template_status_update',
  'message_template_quality_update',
  'message_template_components_update',
  'template_category_update',
  'phone_number_quality_update',
  'phone_number_name_update',
  'phone_number_username_update',
  'business_capability_update',
  'account_update',
];

/** What people do at the provider once a channel is connected. */
export function stepsOf(kind: ChannelKind, webhookUrl: string): string[] {
  return STEPS[kind](webhookUrl);
}

const STEPS: Record<ChannelKind, (url: string) => string[]> = {
  WHATSAPP_CLOUD: (url) => [
    `In the dashboard of the app, under WhatsApp > Configuration, enter ${url} as the callback URL, and the verify token.`,
    `Subscribe the app to the fields ${SUBSCRIBED.join(', ')}; for a number that stays in the phone app, to history and smb_message_echoes, too.`,
    'Subscribe the app to the WhatsApp Business account.',
  ],
  WHATSAPP_360DIALOG: (url) => [
    `Set the webhook of the number to ${url}: POST /v1/configs/webhook with its API key.`,
    'Where a secret header was chosen, give it there, too, as "headers": {"<name>": "<value>"}. Partners whose webhooks are signed need none.',
  ],
  TWILIO_SMS: (url) => [
    `In Twilio’s console, under the number, enter ${url} for "A message comes in", as webhook with HTTP POST.`,
    'If the number belongs to a Messaging Service, enter it there as the inbound request URL.',
  ],
  THREEMA: (url) => [`In the settings of the id at gateway.threema.ch, enter ${url} as the callback URL.`],
};

function check<T>(schema: z.ZodType<T>, given: unknown, within: readonly string[] = []): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalidInput([...within, ...issue!.path].join('.'), `${issue!.message}.`);
}
