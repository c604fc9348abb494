import { tenantTable, type MigrationStep } from '@fenster/database';

export const businessHoursMigration: MigrationStep = {
  name: '202611220420-business-hours',
  statements: [
    // When the people behind a channel work; a channel without a row is always open.
    `create table business_hours (
       workspace_id uuid not null,
       channel_id uuid not null,
       time_zone text not null,
       weekly jsonb not null,
       exceptions jsonb not null,
       primary key (workspace_id, channel_id)
     )`,
    ...tenantTable('conversation', 'business_hours'),
  ],
};
