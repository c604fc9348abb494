import { erasureStatements, tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'contacts';

export const erasureUpToMigration: MigrationStep = {
  name: '202611221520-erasures-up-to',
  statements: [
    // Of one that is done again: what is younger is of somebody else.
    `alter table erasure add column up_to timestamptz`,
  ],
};

export const erasureMigration: MigrationStep = {
  name: '202611221330-erasures',
  statements: [
    ...erasureStatements(SERVICE),
    // No name and no number: it outlives the person's data. Milliseconds, as the page cursor has them.
    `create table erasure (
       workspace_id uuid not null,
       id uuid not null,
       reference text not null,
       contact_id uuid not null,
       contact_ids uuid[] not null,
       person_marks text[] not null,
       state text not null check (state in ('PLANNING', 'PLANNED', 'ERASING', 'CLEANING', 'COMPLETED')),
       planned_at timestamptz(3) not null,
       planned_by_kind text not null,
       planned_by_id text,
       confirmed_at timestamptz,
       confirmed_by_kind text,
       confirmed_by_id text,
       completed_at timestamptz,
       -- When the last backup is gone that still has the person.
       backups_expire_at timestamptz,
       reapplied_at timestamptz,
       -- What was reported when it was completed first.
       result jsonb,
       primary key (workspace_id, id),
       unique (workspace_id, reference)
     )`,
    `create index erasure_recent on erasure (workspace_id, planned_at desc, id desc)`,
    ...tenantTable(SERVICE, 'erasure'),

    // What each service said: of the plan, of its rows, of its log.
    `create table erasure_report (
       workspace_id uuid not null,
       erasure_id uuid not null,
       phase text not null check (phase in ('PLAN', 'ROWS', 'LOG')),
       service text not null,
       report jsonb not null,
       primary key (workspace_id, erasure_id, phase, service),
       foreign key (workspace_id, erasure_id) references erasure (workspace_id, id)
     )`,
    ...tenantTable(SERVICE, 'erasure_report'),

    // Whoever is called this was forgotten. What they had stopped stays stopped if they come back.
    `create table suppression (
       workspace_id uuid not null,
       mark text not null,
       channel_id uuid not null,
       identity_kind text not null,
       -- What the consent ledger calls it: with the number in hand, its proof can still be found.
       identity_id uuid not null,
       stops jsonb not null,
       erasure_id uuid not null,
       created_at timestamptz not null,
       primary key (workspace_id, mark, identity_id)
     )`,
    ...tenantTable(SERVICE, 'suppression'),
  ],
};
