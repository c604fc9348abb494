import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'conversation';

export const serviceLevelMigration: MigrationStep = {
  name: '202611220445-auto-replies-service-levels',
  statements: [
    `alter table channel_setting add column greeting_text text, add column away_text text,
       add column away_every_hours int not null default 12, add column first_response_minutes int,
       add column next_response_minutes int, add column resolution_minutes int,
       -- Whether anything has to be done for a customer message: see attention/.
       add column attends boolean generated always as (greeting_text is not null or away_text is not null
         or coalesce(first_response_minutes, next_response_minutes, resolution_minutes) is not null) stored`,
    `alter table conversation add column away_sent_at timestamptz`,
    // What was promised and what became of it, one row for each promise.
    `create table service_level_clock (
       workspace_id uuid not null,
       id uuid not null,
       conversation_id uuid not null,
       target text not null,
       started_at timestamptz not null,
       due_at timestamptz not null,
       state text not null,
       primary key (workspace_id, id),
       unique (workspace_id, conversation_id, target, started_at),
       foreign key (workspace_id, conversation_id) references conversation (workspace_id, id)
     )`,
    ...tenantTable(SERVICE, 'service_level_clock'),
  ],
};
