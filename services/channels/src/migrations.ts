import { analyticsMigration } from './analytics/analytics.migration.js';
import { systemTable, tenantTable, type MigrationStep } from '@fenster/database';
import { erasureMigration } from './erasures/erasure.migration.js';
import { newsletterStopMigration } from './newsletters/newsletter-stop.migration.js';
import { marketingStopMigration } from './opt-outs/marketing-stop.migration.js';
import { templateMigration } from './templates/template.migration.js';
import { readReceiptMigration } from './read-receipts/read-receipt.migration.js';

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
  {
    name: '202611220405-outbound-order',
    statements: [
      // The place in conversation's log, where it was the place in the thread, which reactions have none of. The log is
      // longer than each of its threads, so what was queued before this keeps its order.
      `alter table outbound_message alter column seq type bigint`,
    ],
  },
  {
    name: '202611220715-channel-announcements',
    // Null: other services have not been told yet. See channels/announce-channels.ts.
    statements: [`alter table channel add column announced_at timestamptz`],
  },
  {
    name: '202611220710-send-limits',
    statements: [
      // Null: what the provider's throughput level allows.
      `alter table channel add column messages_per_second int`,

      // How sending over a channel goes, for all processes that send. Apart from the channel, because it changes with
      // every message.
      `create table channel_delivery (
         workspace_id uuid not null,
         channel_id uuid not null,
         -- When the bucket of its messages per second is full again, in milliseconds since the epoch.
         full_at double precision not null default 0,
         failures int not null default 0,
         paused_until timestamptz,
         primary key (workspace_id, channel_id)
       ) with (fillfactor = 50)`,
      ...systemTable(SERVICE, 'channel_delivery'),
      `insert into channel_delivery (workspace_id, channel_id) select workspace_id, id from channel`,

      // The bucket of what a number sends to one person. Full ones are no row.
      `create table pair_limit (
         workspace_id uuid not null,
         channel_id uuid not null,
         recipient_hash bytea not null,
         full_at double precision not null,
         primary key (workspace_id, channel_id, recipient_hash)
       ) with (fillfactor = 70)`,
      `create index pair_limit_full on pair_limit (full_at)`,
      ...systemTable(SERVICE, 'pair_limit'),

      // Whom a portfolio wrote to outside a service window, and when last.
      `create table portfolio_recipient (
         workspace_id uuid not null,
         portfolio_id text not null,
         recipient_hash bytea not null,
         written_at timestamptz not null,
         primary key (workspace_id, portfolio_id, recipient_hash)
       ) with (fillfactor = 70)`,
      `create index portfolio_recipient_recent on portfolio_recipient (workspace_id, portfolio_id, written_at)`,
      ...systemTable(SERVICE, 'portfolio_recipient'),

      // What the provider says of a number, each fact as of its latest news.
      `create table channel_fact (
         workspace_id uuid not null,
         channel_id uuid not null,
         name text not null,
         value jsonb not null,
         as_of timestamptz not null,
         primary key (workspace_id, channel_id, name)
       )`,
      ...tenantTable(SERVICE, 'channel_fact'),

      `alter table outbound_message
         -- HMAC of the address, for limits that count persons.
         add column recipient_hash bytea,
         -- Null if it is not known: then there is a window.
         add column window_expires_at timestamptz,
         -- Why it has not left yet, if that takes long enough to be told.
         add column waiting_for text`,
      `update outbound_message set recipient_hash = decode(replace(thread_id::text, '-', ''), 'hex')`,
      `alter table outbound_message alter column recipient_hash set not null`,
      `drop index outbound_message_due`,
      `create index outbound_message_queue on outbound_message (workspace_id, channel_id, next_attempt_at)
         where state = 'QUEUED'`,
      `create index outbound_message_untold on outbound_message (queued_at)
         where state = 'QUEUED' and waiting_for is null`,
    ],
  },
  {
    name: '202611220735-channel-state',
    statements: [
      `alter table channel
         add column state text not null default 'ACTIVE' check (state in ('ACTIVE', 'ERROR', 'DISABLED')),
         -- What the provider said.
         add column state_code int, add column state_reason text,
         add column state_changed_at timestamptz,
         -- When the provider was last asked how the number is.
         add column refreshed_at timestamptz, add column refresh_tried_at timestamptz`,
      // Requests read it and end pauses.
      ...tenantTable(SERVICE, 'channel_delivery'),
    ],
  },
  {
    name: '202611220752-media',
    statements: [
      `create table media (
         workspace_id uuid not null,
         id uuid not null,
         channel_id uuid not null,
         -- Came with a message, or was brought to be sent with one.
         origin text not null check (origin in ('RECEIVED', 'UPLOADED')),
         kind text not null check (kind in ('IMAGE', 'VIDEO', 'AUDIO', 'DOCUMENT', 'STICKER')),
         state text not null check (state in ('PENDING', 'FETCHING', 'READY', 'FAILED', 'INFECTED', 'GONE')),
         -- Why it is not here.
         failure text,
         mime_type text,
         size_bytes bigint,
         file_name text,
         -- What the webhook says it is, until it is here; then what it is.
         sha256 bytea,
         -- Sealed: how the provider calls it and the message that it came with. Null once nothing is left to be told.
         source bytea,
         -- In the object store.
         object_key text,
         -- Sealed; opens the object. Without it nothing does.
         content_key bytea,
         attempts int not null default 0,
         -- When to look at it again: to fetch it, to give a lost lease back, to remove what nobody uses. Null: never.
         due_at timestamptz,
         -- When the provider, or the URL of an upload, forgets it.
         expires_at timestamptz not null,
         actor_kind text not null,
         actor_id text,
         correlation_id text not null,
         created_at timestamptz not null,
         stored_at timestamptz,
         primary key (workspace_id, id)
       ) with (fillfactor = 70)`,
      `create index media_due on media (due_at) where due_at is not null`,
      ...tenantTable(SERVICE, 'media'),

      // How a provider calls a file of ours that it has. Each of its numbers has files of its own.
      `create table provider_media (
         workspace_id uuid not null,
         media_id uuid not null,
         channel_id uuid not null,
         provider_media_id text not null,
         uploaded_at timestamptz not null,
         primary key (workspace_id, media_id, channel_id),
         foreign key (workspace_id, media_id) references media on delete cascade
       )`,
      ...systemTable(SERVICE, 'provider_media'),

      // Objects that nothing refers to any more. What held their keys is gone already.
      `create table object_removal (
         object_key text primary key,
         due_at timestamptz not null
       )`,
      `create index object_removal_due on object_removal (due_at)`,
      ...systemTable(SERVICE, 'object_removal'),
    ],
  },
  readReceiptMigration,
  {
    name: '202611220800-webhook-events',
    statements: [
      `alter table webhook_event
         add column id uuid, add column workspace_id uuid, add column fields text[] not null default '{}',
         -- The numbers and accounts that it names.
         add column subjects text[] not null default '{}',
         add column outcome text not null default 'HANDLED' check (outcome in ('HANDLED', 'KEPT', 'DEAD_LETTER')),
         -- Null once its time is over; that it was here is known for longer.
         alter column body drop not null`,
      // Ids of version 7, which sort by time.
      `update webhook_event e set id = (lpad(to_hex((extract(epoch from received_at) * 1000)::bigint), 12, '0') || '7' ||
           substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid, workspace_id = a.workspace_id, fields = e.unused_fields
       from provider_app a where a.app_id = e.app_id`,
      `alter table webhook_event drop column unused_fields, alter column id set not null,
         alter column workspace_id set not null`,
      `create unique index webhook_event_id on webhook_event (workspace_id, id)`,
      ...tenantTable(SERVICE, 'webhook_event'),
      `create index inbound_item_received_at on inbound_item using brin (received_at)`,
      `create index dead_letter_event on dead_letter (workspace_id, event_id) where source = 'webhook'`,
    ],
  },
  {
    name: '202611221010-adapters',
    statements: [
      `alter table provider_app
         add column kind text not null default 'WHATSAPP_CLOUD',
         -- Handshakes are Meta's.
         alter column verify_token_hash drop not null`,
      `alter table provider_app alter column kind drop default`,
      `alter table channel drop constraint channel_kind_check`,
      // What the provider calls it, and the account that it belongs to.
      `alter table channel rename column phone_number_id to address`,
      `alter table channel rename column waba_id to account`,
      // Of its adapter: what may be shown; the rest, sealed.
      `alter table channel rename column access_token to secrets`,
      `alter table channel add column settings jsonb`,
      `update channel set settings = jsonb_build_object('apiBaseUrl', api_base_url, 'apiVersion', api_version,
         'phoneNumberId', address, 'wabaId', account)`,
      `alter table channel drop column api_base_url, drop column api_version, alter column settings set not null,
         alter column account drop not null, alter column display_phone_number drop not null,
         alter column currency drop not null, alter column time_zone drop not null,
         add check (kind in ('WHATSAPP_CLOUD', 'WHATSAPP_360DIALOG', 'TWILIO_SMS', 'THREEMA'))`,
      `drop index channel_phone_number_id`,
      // Across tenants: webhooks name only the address, so it is one tenant's.
      `create unique index channel_address on channel (kind, address)`,
      // What can be done over it is to be told.
      `update channel set announced_at = null`,
      // Of the address that it was posted to.
      `alter table webhook_event add column query text`,
    ],
  },
  {
    name: '202611221014-channel-state-code',
    statements: [
      // What that means, in terms of no provider.
      `alter table channel add column state_reason_code text`,
    ],
  },
  {
    name: '202611221100-peer-keys',
    statements: [
      // The public keys of people, as they were first seen: another one is another person until somebody knows better.
      `create table peer_key (
         app_id text not null references provider_app (app_id),
         -- HMAC of what the provider calls them.
         peer_hash bytea not null,
         public_key bytea not null,
         pinned_at timestamptz not null,
         -- When the provider last named this very key.
         checked_at timestamptz not null,
         primary key (app_id, peer_hash)
       )`,
      ...systemTable(SERVICE, 'peer_key'),
    ],
  },
  marketingStopMigration,
  templateMigration,
  {
    name: '202611221042-files-before-messages',
    statements: [
      `alter table outbound_message
         -- Its files have to be at the provider before it leaves.
         add column has_files boolean not null default false,
         -- While they are on their way nothing of it has left.
         add column is_bringing_files boolean not null default false`,
    ],
  },
  {
    name: '202611221050-files-of-providers',
    statements: [
      // Files that are gone here and have still to be deleted where they had been brought.
      `create table provider_media_removal (
         workspace_id uuid not null,
         channel_id uuid not null,
         provider_media_id text not null,
         attempts int not null default 0,
         due_at timestamptz not null,
         primary key (workspace_id, channel_id, provider_media_id)
       )`,
      `create index provider_media_removal_due on provider_media_removal (due_at)`,
      ...systemTable(SERVICE, 'provider_media_removal'),
    ],
  },
  erasureMigration,
  analyticsMigration,
  newsletterStopMigration,
  {
    name: '202611221950-chat-urls',
    // Where a chat with it begins, and who carries its messages, is to be told.
    statements: [`update channel set announced_at = null`],
  },
];
