import { tenantTable, type MigrationStep } from '@fenster/database';

export const templateMigration: MigrationStep = {
  name: '202611221020-templates',
  statements: [
    // Message templates, as their providers last told.
    `create table template (
       workspace_id uuid not null,
       id uuid not null,
       -- Of the provider: its channels can send it.
       account_id text not null,
       name text not null,
       language text not null,
       provider_template_id text,
       status text not null,
       rejection jsonb,
       status_as_of timestamptz,
       category text not null,
       previous_category text,
       category_as_of timestamptz,
       announced_category text,
       announced_for timestamptz,
       announcement_as_of timestamptz,
       quality text not null,
       quality_as_of timestamptz,
       parameter_format text not null,
       -- Null until it was read.
       definition jsonb,
       time_to_live_seconds int,
       definition_as_of timestamptz,
       -- Of what was submitted here last.
       submission_hash text,
       created_at timestamptz not null,
       changed_at timestamptz not null,
       -- When other services were last told of it.
       told_at timestamptz not null,
       primary key (workspace_id, id)
     )`,
    `create unique index template_name on template (workspace_id, account_id, name, language)`,
    `create index template_newest on template (workspace_id, created_at desc, id desc)`,
    `create index template_told on template (told_at)`,
    ...tenantTable('channels', 'template'),

    // Accounts at a provider, as far as reading their templates goes.
    `create table template_account (
       workspace_id uuid not null,
       account_id text not null,
       -- Somebody wants it read anew since then.
       wanted_at timestamptz,
       read_at timestamptz,
       -- By whoever takes it first. Null: at once.
       next_try_at timestamptz,
       primary key (workspace_id, account_id)
     )`,
    ...tenantTable('channels', 'template_account'),

    // Other services are to be told the account of each channel.
    `update channel set announced_at = null`,
    `create index channel_account on channel (workspace_id, account)`,
  ],
};
