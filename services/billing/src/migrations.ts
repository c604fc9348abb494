import { systemTable, tenantTable, type MigrationStep } from '@fenster/database';

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
];
