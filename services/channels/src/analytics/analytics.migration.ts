import { tenantTable, type MigrationStep } from '@fenster/database';

export const analyticsMigration: MigrationStep = {
  name: '202611221710-pricing-analytics',
  statements: [
    // Months of accounts at a provider, as far as reading what it counted in them goes.
    `create table analytics_reading (
       workspace_id uuid not null,
       account_id text not null,
       -- As in 2026-10.
       month text not null,
       granularity text not null,
       wanted_at timestamptz not null,
       read_at timestamptz,
       -- By whoever takes it first. Null: at once.
       next_try_at timestamptz,
       primary key (workspace_id, account_id, month)
     )`,
    ...tenantTable('channels', 'analytics_reading'),
  ],
};
