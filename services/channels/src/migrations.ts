import { systemTable, tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'channels';

export const migrations: readonly MigrationStep[] = [
  {
    name: '202611211200-channels-webhooks-delivery',
    statements: [
      // An app at the provider: its secret signs the webhooks of all its numbers.
      `create table provider_app (
         app_id text primary key,
         -- Whose app it is: sees what arrives for it and belongs to no channel.
         workspace_id uuid not null,
         -- Sealed; several while a secret is being rotated.
         secrets bytea[] not null,
         -- HMAC of the handshake's verify token.
         verify_token_hash bytea not null,
         created_at timestamptz not null
       )`,
      ...systemTable(SERVICE, 'provider_app'),

      `create table channel (
         workspace_id uuid not null,
         id uuid not null,
         kind text not null check (kind in ('WHATSAPP_CLOUD')),
         name text not null,
         phone_number_id text not null,
         display_phone_number text not null,
         waba_id text not null,
         app_id text not null references provider_app (app_id),
         api_base_url text not null,
         api_version text not null,
         -- Sealed.
         access_token bytea not null,
         currency text not null,
         time_zone text not null,
         created_at timestamptz not null,
         primary key (workspace_id, id)
       )`,
      // Across tenants: webhooks name only the number, so a number is one tenant's.
      `create unique index channel_phone_number_id on channel (phone_number_id)`,
      ...tenantTable(SERVICE, 'channel'),

      // What the provider posted, as it was posted. Stored before the 200.
      `create table webhook_event (
         -- SHA-256 of the body: the provider repeats bodies for seven days.
         body_hash bytea primary key,
         received_at timestamptz not null,
         app_id text not null,
         -- Sealed.
         body bytea not null,
         item_count int not null,
         -- Webhook fields that were understood and have no effect yet.
         unused_fields text[] not null
       )`,
      // Sealed bytes do not compress; trying costs more than the insert.
      `alter table webhook_event alter column body set storage external`,
      `create index webhook_event_received_at on webhook_event using brin (received_at)`,
      ...systemTable(SERVICE, 'webhook_event'),

      // Every message and status that ever had its effect. A hash, because a wamid has the phone number inside.
      `create table inbound_item (
         workspace_id uuid not null,
         channel_id uuid not null,
         dedupe_hash bytea not null,
         received_at timestamptz not null,
         primary key (workspace_id, channel_id, dedupe_hash)
       )`,
      ...systemTable(SERVICE, 'inbound_item'),

      `create table outbound_message (
         workspace_id uuid not null,
         -- The message's id in conversation, and our callback data at the provider.
         id uuid not null,
         channel_id uuid not null,
         thread_id uuid not null,
         seq int not null,
         state text not null check (state in ('QUEUED', 'ATTEMPTED', 'ACCEPTED', 'REJECTED', 'UNCONFIRMED')),
         -- Sealed; null once nothing is left to be sent.
         request bytea,
         attempts int not null default 0,
         next_attempt_at timestamptz not null,
         attempted_at timestamptz,
         -- Until then another process may still be sending it: the rest of its thread waits.
         in_flight_until timestamptz,
         provider_message_id text,
         last_error text,
         correlation_id text not null,
         causation_id uuid not null,
         queued_at timestamptz not null,
         settled_at timestamptz,
         primary key (workspace_id, id)
       ) with (fillfactor = 70)`,
      `create index outbound_message_due on outbound_message (next_attempt_at) where state = 'QUEUED'`,
      `create index outbound_message_in_thread on outbound_message (workspace_id, thread_id, seq)
         where state in ('QUEUED', 'ATTEMPTED')`,
      `create index outbound_message_open on outbound_message (attempted_at) where state = 'ATTEMPTED'`,
      `create index outbound_message_provider_id on outbound_message (workspace_id, channel_id, provider_message_id)
         where provider_message_id is not null`,
      ...tenantTable(SERVICE, 'outbound_message'),

      `create index dead_letter_recent on dead_letter (workspace_id, id desc)`,
    ],
  },
];
