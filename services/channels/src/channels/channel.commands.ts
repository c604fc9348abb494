import { currency } from '@fenster/contracts';
import { sql, type Tx } from '@fenster/database';
import { DomainError, newId, seal, unseal } from '@fenster/runtime';
import { z } from 'zod';
import { hashVerifyToken, secretContext } from '../provider-apps/app-directory.js';

const numericId = z.string().regex(/^\d{1,32}$/);
const secret = z.string().min(1).max(1_024);

/** A number at the provider, and the app that signs its webhooks. */
export const channelConnection = z.object({
  workspaceId: z.uuid(),
  name: z.string().min(1).max(100),
  phoneNumberId: numericId,
  /** In E.164; the plus sign may be missing. */
  displayPhoneNumber: z
    .string()
    .regex(/^\+?[1-9]\d{5,14}$/)
    .transform((number) => (number.startsWith('+') ? number : `+${number}`)),
  wabaId: numericId,
  appId: numericId,
  appSecret: secret,
  verifyToken: secret,
  accessToken: secret,
  apiBaseUrl: z.url({ protocol: /^https?$/ }),
  apiVersion: z.string().regex(/^v\d{1,3}\.\d$/),
  currency,
  timeZone: z.string().refine(isTimeZone, { message: 'is not a time zone' }),
});
export type ChannelConnection = z.output<typeof channelConnection>;

/**
 * Connects a number, or renews what is known of it; the same input twice changes nothing. Returns the channel's id.
 * @throws DomainError NUMBER_TAKEN or APP_TAKEN if another workspace has the number or the app.
 */
export async function connectChannel(tx: Tx, secretKey: Buffer, connection: ChannelConnection): Promise<string> {
  const { workspaceId, appId } = connection;
  const knownApp = await sql<AppRow>`
    select secrets, verify_token_hash from provider_app where app_id = ${appId} and workspace_id = ${workspaceId} for update
  `.execute(tx.sql);
  const app = await sql`
    insert into provider_app (app_id, workspace_id, secrets, verify_token_hash, created_at) values (
      ${appId}, ${workspaceId}, array[${seal(secretKey, connection.appSecret, secretContext(appId))}::bytea],
      ${hashVerifyToken(secretKey, connection.verifyToken)}, ${tx.now()}
    )
    on conflict (app_id) do update set secrets = excluded.secrets, verify_token_hash = excluded.verify_token_hash
    where provider_app.workspace_id = excluded.workspace_id
    returning app_id
  `.execute(tx.sql);
  if (app.rows.length === 0) throw new DomainError('APP_TAKEN', 'Another workspace uses this app.', { field: 'appId' });

  const known = await sql<ChannelRow>`
    select id, workspace_id, name, waba_id, app_id, api_base_url, api_version, access_token, currency, time_zone
    from channel where phone_number_id = ${connection.phoneNumberId} for update
  `.execute(tx.sql);
  const taken = known.rows[0] !== undefined && known.rows[0].workspace_id !== workspaceId;
  if (taken) throw new DomainError('NUMBER_TAKEN', 'Another workspace uses this number.', { field: 'phoneNumberId' });

  const id = known.rows[0]?.id ?? newId();
  await sql`
    insert into channel (
      workspace_id, id, kind, name, phone_number_id, display_phone_number, waba_id, app_id, api_base_url, api_version,
      access_token, currency, time_zone, created_at
    ) values (
      ${workspaceId}, ${id}, 'WHATSAPP_CLOUD', ${connection.name}, ${connection.phoneNumberId}, ${connection.displayPhoneNumber},
      ${connection.wabaId}, ${appId}, ${connection.apiBaseUrl}, ${connection.apiVersion},
      ${seal(secretKey, connection.accessToken, accessTokenContext(id))}, ${connection.currency}, ${connection.timeZone}, ${tx.now()}
    )
    on conflict (workspace_id, id) do update set
      name = excluded.name, display_phone_number = excluded.display_phone_number, waba_id = excluded.waba_id,
      app_id = excluded.app_id, api_base_url = excluded.api_base_url, api_version = excluded.api_version,
      access_token = excluded.access_token, currency = excluded.currency, time_zone = excluded.time_zone
  `.execute(tx.sql);
  auditConnection(tx, secretKey, connection, id, { channel: known.rows[0], app: knownApp.rows[0] });
  return id;
}

interface ChannelRow {
  id: string;
  workspace_id: string;
  name: string;
  waba_id: string;
  app_id: string;
  api_base_url: string;
  api_version: string;
  access_token: Buffer;
  currency: string;
  time_zone: string;
}

interface AppRow {
  secrets: Buffer[];
  verify_token_hash: Buffer;
}

function auditConnection(
  tx: Tx,
  secretKey: Buffer,
  connection: ChannelConnection,
  id: string,
  { channel, app }: { channel: ChannelRow | undefined; app: AppRow | undefined },
): void {
  const { workspaceId, name, wabaId, appId, apiVersion, currency, timeZone } = connection;
  const object = { type: 'channel', id } as const;
  const after = {
    name,
    wabaId,
    appId,
    apiOrigin: new URL(connection.apiBaseUrl).origin,
    apiVersion,
    currency,
    timeZone,
  };
  if (!channel) return tx.audit({ action: 'channel.connect', object, after, workspaceId });
  const before = {
    name: channel.name,
    wabaId: channel.waba_id,
    appId: channel.app_id,
    apiOrigin: new URL(channel.api_base_url).origin,
    apiVersion: channel.api_version,
    currency: channel.currency,
    timeZone: channel.time_zone,
  };
  tx.audit({ action: 'channel.update', object, before, after, workspaceId });
  const areCredentialsSame =
    isSealed(secretKey, channel.access_token, accessTokenContext(id), connection.accessToken) &&
    app?.secrets.length === 1 &&
    isSealed(secretKey, app.secrets[0]!, secretContext(appId), connection.appSecret) &&
    app.verify_token_hash.equals(hashVerifyToken(secretKey, connection.verifyToken));
  if (!areCredentialsSame) tx.audit({ action: 'channel.credentials_change', object, workspaceId });
}

/** Whether this is what was sealed; not if it was under another key. */
function isSealed(key: Buffer, sealed: Buffer, context: string, plaintext: string): boolean {
  try {
    return unseal(key, sealed, context) === plaintext;
  } catch {
    return false;
  }
}

/** Ties a sealed access token to its channel. */
export function accessTokenContext(channelId: string): string {
  return `channel:${channelId}`;
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
