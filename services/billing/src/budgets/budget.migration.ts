import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'billing';

export const newsletterBudgetMigration: MigrationStep = {
  name: '202611222040-newsletter-budgets',
  statements: [
    `alter table budget add column newsletter_id uuid, add check (team_id is null or newsletter_id is null)`,
  ],
};

export const budgetHoldMigration: MigrationStep = {
  name: '202611222330-budget-holds',
  statements: [
    `alter table budget drop constraint budget_at_limit_check,
       add constraint budget_at_limit_check check (at_limit in ('WARN', 'HOLD', 'STOP'))`,
  ],
};

export const budgetMigration: MigrationStep = {
  name: '202611221710-budgets',
  statements: [
    `create table budget (
       workspace_id uuid not null,
       id uuid not null,
       name text not null,
       team_id uuid,
       category text,
       currency text not null,
       limit_micros bigint not null check (limit_micros > 0),
       warn_percents jsonb not null,
       at_limit text not null check (at_limit in ('WARN', 'STOP')),
       created_by uuid not null,
       created_at timestamptz not null,
       archived_at timestamptz,
       primary key (workspace_id, id)
     )`,
    ...tenantTable(SERVICE, 'budget'),
    `revoke delete on budget from ${SERVICE}_app`,

    // What was spent of each in a month, kept with every entry; and what was told of it last.
    `create table budget_month (
       workspace_id uuid not null,
       budget_id uuid not null,
       month text not null,
       spent_micros bigint not null,
       warned_percent int,
       enforcement text not null default 'NONE',
       primary key (workspace_id, budget_id, month),
       foreign key (workspace_id, budget_id) references budget (workspace_id, id)
     ) with (fillfactor = 50)`,
    ...tenantTable(SERVICE, 'budget_month'),
  ],
};
