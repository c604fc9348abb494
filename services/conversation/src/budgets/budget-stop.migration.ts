import { tenantTable, type MigrationStep } from '@fenster/database';

export const newsletterStopMigration: MigrationStep = {
  name: '202611222041-newsletter-budget-stops',
  statements: [`alter table budget_stop add column newsletter_id uuid`],
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
