import { isDeepStrictEqual } from 'node:util';
import { sql, type Tx } from '@fenster/database';
import { DomainError, newId, seal } from '@fenster/runtime';
import {
  hashVerifyToken,
  openWebhookSecret,
  secretContext,
  writeWebhookSecret,
} from '../provider-apps/app-directory.js';
import type { ChannelKind } from '../providers/channel-kind.js';
import type { WebhookSecret } from '../providers/provider.js';
import { announceChannels } from './announce-channels.js';
import { changeState } from './channel-state.js';
import { openSecrets, sealSecrets } from './credentials.js';

/** A channel at its provider, and who posts its webhooks. */
export interface ChannelConnection {
  workspaceId: string;
  kind: ChannelKind;
  name: string;
  /** What the provider calls it in webhooks. */
  address: string;
  /** The field of the input that the address is from. */
  addressField: string;
  /** In E.164, where it is a number. */
  displayPhoneNumber: string | null;
  /** What the provider calls the account that it belongs to. */
  account: string | null;
  app: {
    id: string;
    secrets: readonly WebhookSecret[];
    /** Of the handshake, where there is one. */
    verifyToken: string | null;
  };
  /** Of its adapter. */
  settings: Record<string, string>;
  secrets: Record<string, string>;
  /** Where the provider tells what each message costs. */
  currency: string | null;
  timeZone: string | null;
  /** Null is what the provider's throughput level allows; absent leaves it. */
  messagesPerSecond?: number | null | undefined;
}

/**
 * Connects a channel, or renews what is known of it; the same input twice changes nothing. Returns the channel's id.
 * @param as a new one has this id, and is refused if it is known already; secrets of an app that other channels use stay.
 * @throws DomainError NUMBER_TAKEN or APP_TAKEN if another workspace has the number or the app, CHANNEL_EXISTS.
 */
export async function connectChannel(
  tx: Tx,
  secretKey: Buffer,
  connection: ChannelConnection,
  as?: { newId: string },
): Promise<string> {
  const { workspaceId, kind, address, app } = connection;
  // Two at once: the second finds what the first has connected.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`channel ${kind} ${address}`}, 0))`.execute(tx.sql);
  const sealedSecrets = app.secrets.map((secret) => seal(secretKey, writeWebhookSecret(secret), secretContext(app.id)));
  const tokenHash = app.verifyToken === null ? null : hashVerifyToken(secretKey, app.verifyToken);
  const knownApp = await sql<AppRow>`
    select secrets, verify_token_hash from provider_app where app_id = ${app.id} and workspace_id = ${workspaceId} for update
  `.execute(tx.sql);
  const stored = await sql`
    insert into provider_app (app_id, workspace_id, kind, secrets, verify_token_hash, created_at) values (
      ${app.id}, ${workspaceId}, ${kind}, ${sealedSecrets}::bytea[], ${tokenHash}, ${tx.now()}
    )
    on conflict (app_id) do update set verify_token_hash = excluded.verify_token_hash,
      secrets = case when ${as !== undefined} then excluded.secrets || provider_app.secrets[1:1] else excluded.secrets end
    where provider_app.workspace_id = excluded.workspace_id and provider_app.kind = excluded.kind
    returning app_id
  `.execute(tx.sql);
  if (stored.rows.length === 0) {
    throw new DomainError('APP_TAKEN', 'Another workspace uses this app.', { field: 'appId' });
  }
  const { rows } = await sql<ChannelRow>`
    select id, workspace_id as "workspaceId", kind as "channelKind", name, account, app_id as "appId", settings, secrets,
      currency, time_zone as "timeZone", display_phone_number as "displayPhoneNumber"
    from channel where kind = ${kind} and address = ${address} for update
  `.execute(tx.sql);
  const [before] = rows;
  if (before && before.workspaceId !== workspaceId) {
    throw new DomainError('NUMBER_TAKEN', 'Another workspace uses this number.', { field: connection.addressField });
  }
  if (before && as) {
    throw new DomainError('CHANNEL_EXISTS', 'It is connected already: update its credentials, or enable it.', {
      field: connection.addressField,
    });
  }
  const id = before?.id ?? as?.newId ?? newId();
  const rate = connection.messagesPerSecond;
  await sql`
    insert into channel (
      workspace_id, id, kind, name, address, display_phone_number, account, app_id, settings, secrets, currency,
      time_zone, messages_per_second, created_at
    ) values (
      ${workspaceId}, ${id}, ${kind}, ${connection.name}, ${address}, ${connection.displayPhoneNumber},
      ${connection.account}, ${app.id}, ${JSON.stringify(connection.settings)}::jsonb,
      ${sealSecrets(secretKey, id, connection.secrets)}, ${connection.currency}, ${connection.timeZone}, ${rate ?? null},
      ${tx.now()}
    )
    on conflict (workspace_id, id) do update set
      name = excluded.name, display_phone_number = excluded.display_phone_number, account = excluded.account,
      app_id = excluded.app_id, settings = excluded.settings, secrets = excluded.secrets, currency = excluded.currency,
      time_zone = excluded.time_zone,
      messages_per_second = ${rate === undefined ? sql`channel.messages_per_second` : sql`excluded.messages_per_second`}
  `.execute(tx.sql);
  await sql`
    insert into channel_delivery (workspace_id, channel_id) values (${workspaceId}, ${id}) on conflict do nothing
  `.execute(tx.sql);
  const isToldSame =
    before?.name === connection.name &&
    before.account === connection.account &&
    before.displayPhoneNumber === connection.displayPhoneNumber;
  if (!isToldSame) await announceChannels(tx, [id]);
  const areSecretsSame =
    before !== undefined && isSame(() => openSecrets(secretKey, { ...before, channelId: id }), connection.secrets);
  if (before && !areSecretsSame)
    await changeState(tx, { workspaceId, channelId: id, state: 'ACTIVE', from: ['ERROR'] });
  const isAppSame =
    knownApp.rows[0] !== undefined &&
    isSame(() => knownApp.rows[0]!.secrets.map((each) => openWebhookSecret(secretKey, each, app.id)), app.secrets) &&
    (knownApp.rows[0].verify_token_hash?.toString('hex') ?? null) === (tokenHash?.toString('hex') ?? null);
  auditConnection(tx, connection, id, { before, areCredentialsSame: areSecretsSame && isAppSame });
  return id;
}

type Settings = Pick<ChannelConnection, 'name' | 'account' | 'settings' | 'currency' | 'timeZone'> & { appId: string };

interface ChannelRow extends Settings {
  id: string;
  workspaceId: string;
  channelKind: ChannelKind;
  displayPhoneNumber: string | null;
  secrets: Buffer;
}

interface AppRow {
  secrets: Buffer[];
  verify_token_hash: Buffer | null;
}

function auditConnection(
  tx: Tx,
  connection: ChannelConnection,
  id: string,
  { before, areCredentialsSame }: { before: ChannelRow | undefined; areCredentialsSame: boolean },
): void {
  const { workspaceId, kind } = connection;
  const object = { type: 'channel', id } as const;
  const after = auditedSettings({ ...connection, appId: connection.app.id });
  if (!before) return tx.audit({ action: 'channel.connect', object, after: { kind, ...after }, workspaceId });
  tx.audit({ action: 'channel.update', object, before: auditedSettings(before), after, workspaceId });
  if (!areCredentialsSame) tx.audit({ action: 'channel.credentials_change', object, workspaceId });
}

function auditedSettings({ name, account, appId, settings, currency, timeZone }: Settings) {
  const apiOrigin = new URL(settings['apiBaseUrl']!).origin;
  return { name, account, appId, apiOrigin, apiVersion: settings['apiVersion'] ?? null, currency, timeZone };
}

/** Whether this is what was sealed; not if it was under another key. */
function isSame(open: () => unknown, given: unknown): boolean {
  try {
    return isDeepStrictEqual(open(), given);
  } catch {
    return false;
  }
}
