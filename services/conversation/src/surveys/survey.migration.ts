import { tenantTable, type MigrationStep } from '@fenster/database';

export const surveyMigration: MigrationStep = {
  name: '202611220525-surveys',
  statements: [
    `alter table channel_setting add column survey_text text, add column survey_expires_after_hours int not null default 24`,
    `create table survey (
       workspace_id uuid not null,
       conversation_id uuid not null,
       asked_at timestamptz not null,
       expires_at timestamptz not null,
       score int,
       comment text,
       answered_at timestamptz,
       primary key (workspace_id, conversation_id),
       foreign key (workspace_id, conversation_id) references conversation (workspace_id, id)
     )`,
    ...tenantTable('conversation', 'survey'),
  ],
};
