import { tenantTable, type MigrationStep } from '@fenster/database';

export const volumeTierMigration: MigrationStep = {
  name: '202611222330-volume-tiers',
  statements: [
    // From when on a volume has its price, by the provider's word. `applied_until`: how far messages were rated again by it.
    `create table volume_tier (
       workspace_id uuid not null,
       portfolio text not null,
       market text not null,
       category text not null,
       month text not null,
       tier_from bigint not null,
       tier_to bigint,
       since timestamptz not null,
       applied_until uuid,
       applied_at timestamptz,
       primary key (workspace_id, portfolio, market, category, month, tier_from)
     )`,
    `create index volume_tier_to_apply on volume_tier (workspace_id) where applied_at is null`,
    ...tenantTable('billing', 'volume_tier'),
    `revoke insert, update, delete on volume_tier from billing_app`,
  ],
};
