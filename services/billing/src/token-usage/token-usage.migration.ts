import { tenantTable, type MigrationStep } from '@fenster/database';

export const tokenUsageMigration: MigrationStep = {
  name: '202611222345-token-usage',
  statements: [
    `create table token_usage (
       workspace_id uuid not null,
       month text not null,
       currency text not null,
       id uuid not null,
       tokens bigint not null,
       source text not null,
       note text not null,
       standing jsonb not null,
       version int not null,
       recorded_by uuid not null,
       recorded_at timestamptz not null,
       primary key (workspace_id, month, currency)
     )`,
    ...tenantTable('billing', 'token_usage'),
    `revoke delete on token_usage from billing_app`,
  ],
};
