import { tenantTable, type MigrationStep } from '@fenster/database';

export const templateMigration: MigrationStep = {
  name: '202611221010-templates',
  statements: [
    // The templates that there are, as channels tells: see templates/.
    `create table template (
       workspace_id uuid not null,
       id uuid not null,
       account_id text not null,
       name text not null,
       language text not null,
       status text not null,
       category text not null,
       parameter_format text not null,
       definition jsonb,
       primary key (workspace_id, id)
     )`,
    `create index template_name on template (workspace_id, account_id, name, language)`,
    ...tenantTable('conversation', 'template'),
    `alter table channel add column account_id text`,
  ],
};
