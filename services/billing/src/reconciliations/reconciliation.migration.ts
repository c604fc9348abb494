import { tenantTable, type MigrationStep } from '@fenster/database';

export const reconciliationMigration: MigrationStep = {
  name: '202611221725-reconciliations',
  statements: [
    // What the provider counted, as it was read last: one reading for each account and month.
    `create table analytics_reading (
       workspace_id uuid not null,
       account_id text not null,
       month text not null,
       reading_id uuid not null,
       granularity text not null,
       currency text not null,
       read_at timestamptz not null,
       primary key (workspace_id, account_id, month)
     )`,
    ...tenantTable('billing', 'analytics_reading'),
    `revoke insert, update, delete on analytics_reading from billing_app`,
    // In the words of the ledger. What belongs to no reading yet waits for its last part.
    `create table analytics_figure (
       workspace_id uuid not null,
       reading_id uuid not null,
       account_id text not null,
       month text not null,
       starts_at timestamptz not null,
       channel_id uuid,
       market text,
       category text not null,
       free_reason text,
       tier text,
       messages bigint not null,
       cost_micros bigint
     )`,
    `create index analytics_figure_reading on analytics_figure (workspace_id, reading_id)`,
    `create index analytics_figure_account on analytics_figure (workspace_id, account_id, month)`,
    ...tenantTable('billing', 'analytics_figure'),
    `revoke insert, update, delete on analytics_figure from billing_app`,

    // What the provider has charged. The latest of a month and currency counts.
    `create table invoice (
       workspace_id uuid not null,
       id uuid not null,
       month text not null,
       currency text not null,
       version text not null,
       note text not null,
       lines jsonb not null,
       imported_by uuid not null,
       imported_at timestamptz not null,
       primary key (workspace_id, id)
     )`,
    `create index invoice_month on invoice (workspace_id, month, currency, imported_at desc, id desc)`,
    ...tenantTable('billing', 'invoice'),
    `revoke update, delete on invoice from billing_app`,

    // Differences that somebody proposes to enter, and somebody else accepts.
    `create table reconciliation (
       workspace_id uuid not null,
       id uuid not null,
       month text not null,
       currency text not null,
       against text not null,
       note text not null,
       lines jsonb not null,
       state text not null,
       proposed_by uuid not null,
       proposed_at timestamptz not null,
       decided_by uuid,
       decided_at timestamptz,
       primary key (workspace_id, id),
       constraint reconciliation_second_person check (decided_by <> proposed_by or state <> 'ACCEPTED')
     )`,
    `create index reconciliation_latest on reconciliation (workspace_id, proposed_at desc, id desc)`,
    ...tenantTable('billing', 'reconciliation'),
    `revoke delete on reconciliation from billing_app`,
  ],
};
