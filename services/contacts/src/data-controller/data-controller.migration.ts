import { tenantTable, type MigrationStep } from '@fenster/database';

export const dataControllerMigration: MigrationStep = {
  name: '202611221320-data-controller',
  statements: [
    `create table data_controller (
       workspace_id uuid primary key,
       name text not null,
       address text not null,
       email text not null,
       privacy_officer text,
       jurisdiction text not null,
       updated_at timestamptz not null
     )`,
    ...tenantTable('contacts', 'data_controller'),
  ],
};
