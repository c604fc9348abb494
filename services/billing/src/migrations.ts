import {
  appendOnlyTenantTable,
  refusingChanges,
  systemTable,
  tenantTable,
  type MigrationStep,
} from '@fenster/database';
import { alertMigration } from './alerts/alert.migration.js';
import { reconciliationMigration } from './reconciliations/reconciliation.migration.js';
import { allowanceMigration } from './allowances/allowance.migration.js';
import { budgetHoldMigration, budgetMigration, newsletterBudgetMigration } from './budgets/budget.migration.js';
import { erasureMigration } from './erasures/erasure.migration.js';
import { checkedFileMigration, exportMigration } from './exports/export.migration.js';
import { retentionMigration } from './retention/retention.migration.js';
import { labelMigration } from './labels/label.migration.js';
import { sumsMigration } from './reports/sums.migration.js';
import { tokenUsageMigration } from './token-usage/token-usage.migration.js';
import { volumeTierMigration } from './volume-tiers/volume-tier.migration.js';

const SERVICE = 'billing';

/** Requests only read here: every row is written by the event path. */
function readOnlyForRequests(table: string): string[] {
  return [...tenantTable(SERVICE, table), `revoke insert, update, delete on ${table} from ${SERVICE}_app`];
}

/** The trigger binds the owner too, whom no privilege holds back. */
function appendOnly(table: string): string[] {
  return [
    `revoke update, delete on ${table} from ${SERVICE}_system`,
    `create trigger ${table}_append_only before update or delete or truncate on ${table}
       for each statement execute function refuse_change()`,
  ];
}

/** Charged, and expected to be. */
const FIGURES = `amount_micros bigint not null, messages bigint not null,
         expected_micros bigint not null, expected_messages bigint not null`;

export const migrations: readonly MigrationStep[] = [
  {
    name: '202611211200-charges',
    statements: [
      `create function refuse_change() returns trigger language plpgsql as $$
       begin
         raise exception '% is append-only: correct it by a new entry', tg_table_name using errcode = 'restrict_violation';
       end $$`,

      `create table price_book (
         version text primary key,
         content text not null,
         recorded_at timestamptz not null
       )`,
      ...systemTable(SERVICE, 'price_book'),
      ...appendOnly('price_book'),

      // What is known about a message of ours, from events that come in any order. The provider's message id is
      // kept as a hash: a wamid contains the phone number, and these rows outlive the person's data.
      `create table billable_message (
         workspace_id uuid not null,
         message_id uuid not null,
         channel_id uuid,
         conversation_id uuid,
         thread_id uuid,
         author_id uuid,
         provider_message_key text,
         pricing jsonb,
         recipient_country text,
         currency text,
         time_zone text,
         delivered_at timestamptz,
         failed_at timestamptz,
         primary key (workspace_id, message_id)
       ) with (fillfactor = 70)`,
      `create index billable_message_provider_key on billable_message (workspace_id, provider_message_key)
         where provider_message_key is not null`,
      ...readOnlyForRequests('billable_message'),

      // Statuses whose message is not known: they wait here until something names the pair.
      `create table unattributed_status (
         workspace_id uuid not null,
         provider_message_key text not null,
         event_id uuid not null,
         channel_id uuid not null,
         status text not null,
         occurred_at timestamptz not null,
         pricing jsonb,
         recipient_country text,
         currency text not null,
         time_zone text not null,
         recorded_at timestamptz not null,
         primary key (workspace_id, provider_message_key, event_id)
       )`,
      ...readOnlyForRequests('unattributed_status'),

      // The ledger. One message, one charge; a later correction will be an entry of its own.
      `create table charge (
         workspace_id uuid not null,
         id uuid not null,
         message_id uuid not null,
         conversation_id uuid not null,
         amount_micros bigint not null,
         currency text not null,
         category text not null,
         market text,
         free_reason text,
         local_date date not null,
         price_book_version text not null,
         rate_line int,
         trace jsonb not null,
         recorded_at timestamptz not null,
         primary key (workspace_id, id),
         constraint charge_message unique (workspace_id, message_id)
       )`,
      `create index charge_conversation on charge (workspace_id, conversation_id, id)`,
      ...readOnlyForRequests('charge'),
      ...appendOnly('charge'),

      // Delivered and priced, but no rule or rate fits: visible with its reason, never a zero.
      `create table unrated_message (
         workspace_id uuid not null,
         message_id uuid not null,
         conversation_id uuid not null,
         reason text not null,
         detail text not null,
         price_book_version text not null,
         trace jsonb not null,
         recorded_at timestamptz not null,
         primary key (workspace_id, message_id)
       )`,
      `create index unrated_message_conversation on unrated_message (workspace_id, conversation_id)`,
      ...readOnlyForRequests('unrated_message'),

      `create table conversation_cost (
         workspace_id uuid not null,
         conversation_id uuid not null,
         currency text not null,
         amount_micros bigint not null,
         messages bigint not null,
         primary key (workspace_id, conversation_id, currency)
       ) with (fillfactor = 50)`,
      ...readOnlyForRequests('conversation_cost'),
    ],
  },
  {
    name: '202611221330-ledger',
    statements: [
      // What stands of a message is kept with its facts: the row is locked anyway when something becomes known.
      `alter table billable_message
         add column contact_id uuid, add column team_id uuid, add column template text,
         add column planned_category text, add column queued_at timestamptz,
         add column window_opened_at timestamptz, add column window_expires_at timestamptz,
         add column portfolio text, add column priced_at timestamptz, add column conversation_key text,
         add column meter text, add column meter_slot int,
         add column standing jsonb not null default '[]', add column version int not null default 0`,
      `create index billable_message_meter on billable_message
         (workspace_id, meter, meter_slot, delivered_at, message_id) where meter is not null`,
      `update billable_message set priced_at = delivered_at where pricing is not null`,
      `alter table unattributed_status add column portfolio text, add column conversation_key text`,

      // The ledger: one entry for each change, never a state.
      `alter table charge
         drop constraint charge_message,
         add column version int not null default 1, add column position int not null default 0,
         add column thread_id uuid, add column contact_id uuid, add column channel_id uuid,
         add column author_id uuid, add column team_id uuid, add column template text,
         add column window_opened_at timestamptz,
         add column state text not null default 'RATED', add column line text not null default 'MESSAGE',
         add column unit text default 'message', add column reverses uuid,
         add column messages int not null default 1,
         add column expected_micros bigint not null default 0, add column expected_messages int not null default 0,
         add column regime text, add column booked_on date,
         alter column price_book_version drop not null,
         add constraint charge_once unique (workspace_id, message_id, version, position)`,
      `alter table charge disable trigger charge_append_only`,
      `update charge set booked_on = local_date, channel_id = m.channel_id, thread_id = m.thread_id,
         author_id = m.author_id
       from billable_message m where m.workspace_id = charge.workspace_id and m.message_id = charge.message_id`,
      `update charge set booked_on = local_date where booked_on is null`,
      `alter table charge enable trigger charge_append_only`,
      `alter table charge alter column booked_on set not null`,
      `update billable_message m set version = 1, standing = jsonb_build_array(jsonb_build_object(
         'id', c.id, 'state', 'RATED', 'line', 'MESSAGE', 'currency', c.currency, 'category', c.category,
         'market', c.market, 'freeReason', c.free_reason, 'localDate', c.local_date, 'bookedOn', c.booked_on,
         'amountMicros', c.amount_micros, 'messages', 1, 'expectedMicros', 0, 'expectedMessages', 0))
       from charge c where m.workspace_id = c.workspace_id and m.message_id = c.message_id`,

      // How many of what is counted together are in which slot; the last slot has no size.
      `create table meter_slot (
         workspace_id uuid not null,
         meter text not null,
         slot int not null,
         size int,
         messages int not null,
         primary key (workspace_id, meter, slot)
       ) with (fillfactor = 50)`,
      ...readOnlyForRequests('meter_slot'),

      `create table charged_channel (
         workspace_id uuid not null,
         id uuid not null,
         currency text not null,
         time_zone text not null,
         primary key (workspace_id, id)
       )`,
      ...readOnlyForRequests('charged_channel'),

      // Sums, changed with every entry by the same statement.
      `alter table conversation_cost
         add column expected_micros bigint not null default 0, add column expected_messages bigint not null default 0`,
      `create table contact_cost (
         workspace_id uuid not null,
         contact_id uuid not null,
         currency text not null,
         ${FIGURES},
         primary key (workspace_id, contact_id, currency)
       ) with (fillfactor = 50)`,
      ...readOnlyForRequests('contact_cost'),
      `create table window_cost (
         workspace_id uuid not null,
         conversation_id uuid not null,
         window_opened_at timestamptz,
         currency text not null,
         ${FIGURES},
         unique nulls not distinct (workspace_id, conversation_id, window_opened_at, currency)
       ) with (fillfactor = 50)`,
      ...readOnlyForRequests('window_cost'),
      `create table cost_by_day (
         workspace_id uuid not null,
         booked_on date not null,
         channel_id uuid,
         author_id uuid,
         team_id uuid,
         template text,
         line text not null,
         category text not null,
         market text,
         free_reason text,
         currency text not null,
         ${FIGURES},
         unique nulls not distinct (workspace_id, booked_on, channel_id, author_id, team_id, template, line, category,
           market, free_reason, currency)
       ) with (fillfactor = 50)`,
      ...readOnlyForRequests('cost_by_day'),
      `insert into window_cost
       select workspace_id, conversation_id, null, currency, sum(amount_micros), count(*), 0, 0
       from charge group by workspace_id, conversation_id, currency`,
      `insert into cost_by_day
       select workspace_id, booked_on, channel_id, author_id, null, null, 'MESSAGE', category, market, free_reason,
         currency, sum(amount_micros), count(*), 0, 0
       from charge group by workspace_id, booked_on, channel_id, author_id, category, market, free_reason, currency`,

      // Whoever has written a report on these months must find the same in them for ever.
      `create table closed_period (
         workspace_id uuid not null,
         month text not null,
         last_day date not null,
         closed_by uuid not null,
         closed_at timestamptz not null,
         primary key (workspace_id, month)
       )`,
      ...appendOnlyTenantTable(SERVICE, 'closed_period', { requestsAppend: true }),
      ...refusingChanges('closed_period'),

      // What a workspace has agreed on in place of the price book that ships. Somebody imports it, and somebody else
      // puts it in force.
      `create table workspace_price_book (
         workspace_id uuid not null,
         id uuid not null,
         version text not null,
         content text not null,
         note text not null,
         rate_count int not null,
         state text not null,
         based_on text not null,
         imported_by uuid not null,
         imported_at timestamptz not null,
         decided_by uuid,
         decided_at timestamptz,
         applied_at timestamptz,
         primary key (workspace_id, id),
         constraint price_book_second_person check (decided_by <> imported_by or state <> 'ACTIVE')
       )`,
      `create unique index workspace_price_book_active on workspace_price_book (workspace_id) where state = 'ACTIVE'`,
      `create index workspace_price_book_version on workspace_price_book (version)`,
      ...tenantTable(SERVICE, 'workspace_price_book'),
      `revoke delete on workspace_price_book from ${SERVICE}_app`,
    ],
  },
  {
    name: '202611221400-rating-again',
    statements: [
      // How far the messages have been rated again by a price book that came in force.
      `alter table workspace_price_book add column applied_until uuid`,
      `alter table billable_message add column planned_country text`,
      `create index unrated_message_version on unrated_message (price_book_version)`,
      `create index billable_message_delivered on billable_message (workspace_id, delivered_at)
         where delivered_at is not null`,
    ],
  },
  {
    name: '202611221410-cost-reports',
    statements: [
      // As reports by contact group it: what is of nobody has a group too.
      `create index charge_contact on charge
         (workspace_id, coalesce(contact_id, '00000000-0000-0000-0000-000000000000'::uuid))`,
    ],
  },
  erasureMigration,
  {
    name: '202611221530-meter-sizes',
    statements: ['billable_message', 'meter_slot'].map(
      // Meters are named with the sizes of their slots. Those of `meter_slot` last: the names are made from them.
      (table) => `update ${table} as known set meter = named.name from (
           select workspace_id, meter,
             meter || '|' || string_agg(size::text, ',' order by slot) filter (where size is not null) as name
           from meter_slot where meter like 'volume %' group by workspace_id, meter
         ) as named
         where known.workspace_id = named.workspace_id and known.meter = named.meter`,
    ),
  },
  {
    name: '202611221700-delivery-days',
    statements: [
      // What is not of a message: tokens, and what the provider counts otherwise.
      `alter table charge alter column message_id drop not null, alter column conversation_id drop not null,
         add column newsletter_id uuid`,
      `alter table billable_message add column newsletter_id uuid`,
      `alter table charged_channel add column account text`,

      // By the day of the delivery too: allowances and what the provider reports count by it, whenever it was booked.
      `drop table cost_by_day`,
      `create table cost_by_day (
         workspace_id uuid not null,
         booked_on date not null,
         local_date date not null,
         channel_id uuid,
         author_id uuid,
         team_id uuid,
         template text,
         newsletter_id uuid,
         line text not null,
         category text not null,
         market text,
         free_reason text,
         currency text not null,
         ${FIGURES},
         constraint cost_by_day_once unique nulls not distinct (workspace_id, booked_on, local_date, channel_id, author_id,
           team_id, template, newsletter_id, line, category, market, free_reason, currency)
       ) with (fillfactor = 50)`,
      `create index cost_by_day_delivered on cost_by_day (workspace_id, local_date, channel_id)`,
      ...readOnlyForRequests('cost_by_day'),
      `insert into cost_by_day
       select workspace_id, booked_on, local_date, channel_id, author_id, team_id, template, null, line, category, market,
         free_reason, currency, sum(amount_micros), sum(messages), sum(expected_micros), sum(expected_messages)
       from charge group by workspace_id, booked_on, local_date, channel_id, author_id, team_id, template, line, category,
         market, free_reason, currency`,

      // By which of the books that shipped a workspace rates that has none of its own in force. A release proposes its
      // book: prices change by the decision of a person only.
      `create table shipped_price_book (
         workspace_id uuid primary key,
         version text not null
       )`,
      ...readOnlyForRequests('shipped_price_book'),
      `insert into shipped_price_book
       select workspace_id, (select version from price_book order by recorded_at desc, version limit 1)
       from (select workspace_id from charged_channel union select workspace_id from billable_message
         union select workspace_id from workspace_price_book) as known
       where exists (select from price_book)`,
      `alter table workspace_price_book alter column imported_by drop not null`,
    ],
  },
  exportMigration,
  reconciliationMigration,
  budgetMigration,
  budgetHoldMigration,
  allowanceMigration,
  sumsMigration,
  alertMigration,
  newsletterBudgetMigration,
  volumeTierMigration,
  tokenUsageMigration,
  checkedFileMigration,
  labelMigration,
  retentionMigration,
];
