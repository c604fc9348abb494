import { tenantTable, type MigrationStep } from '@fenster/database';

export const newsletterStopMigration: MigrationStep = {
  name: '202611222041-newsletter-budget-stops',
  statements: [`alter table budget_stop add column newsletter_id uuid`],
};

export const budgetHoldMigration: MigrationStep = {
  name: '202611222331-held-messages',
  statements: [
    `alter table budget_stop add column enforcement text not null default 'STOP' check (enforcement in ('HOLD', 'STOP'))`,

    // What waits for approval, and what became of it: see approvals/. No message before it is released.
    `create table held_message (
       workspace_id uuid not null,
       id uuid not null,
       conversation_id uuid not null,
       thread_id uuid not null,
       type text not null,
       text text,
       payload jsonb,
       context_provider_message_id text,
       author_kind text not null,
       author_id uuid not null,
       budget_id uuid not null,
       state text not null,
       held_at timestamptz(3) not null,
       expires_at timestamptz not null,
       ended_at timestamptz,
       decided_by_id uuid,
       reason text,
       content_removed_at timestamptz,
       primary key (workspace_id, id),
       foreign key (workspace_id, conversation_id) references conversation (workspace_id, id)
     )`,
    `create index held_message_waiting on held_message (workspace_id, held_at, id) where state = 'HELD'`,
    `create index held_message_of_conversation on held_message (workspace_id, conversation_id, held_at, id)`,
    ...tenantTable('conversation', 'held_message'),
  ],
};

export const budgetStopMigration: MigrationStep = {
  name: '202611221720-budget-stops',
  statements: [
    `create table budget_stop (
       workspace_id uuid not null,
       budget_id uuid not null,
       month text not null,
       team_id uuid,
       category text,
       until timestamptz not null,
       primary key (workspace_id, budget_id, month)
     )`,
    ...tenantTable('conversation', 'budget_stop'),
    `revoke insert, update, delete on budget_stop from conversation_app`,

    `create table allowance_end (
       workspace_id uuid not null,
       channel_id uuid not null,
       month text not null,
       until timestamptz not null,
       primary key (workspace_id, channel_id, month)
     )`,
    ...tenantTable('conversation', 'allowance_end'),
    `revoke insert, update, delete on allowance_end from conversation_app`,
  ],
};
