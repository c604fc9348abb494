import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'conversation';

export const macroMigration: MigrationStep = {
  name: '202611220450-macros',
  statements: [
    `create table macro (
       workspace_id uuid not null,
       id uuid not null,
       sharing text not null,
       team_id uuid,
       owner_id uuid,
       name text not null,
       steps jsonb not null,
       created_at timestamptz(3) not null,
       updated_at timestamptz not null,
       primary key (workspace_id, id),
       check ((sharing = 'TEAM') = (team_id is not null) and (sharing = 'PERSONAL') = (owner_id is not null))
     )`,
    `create index macro_recent on macro (workspace_id, created_at desc, id desc)`,
    ...tenantTable(SERVICE, 'macro'),
  ],
};
