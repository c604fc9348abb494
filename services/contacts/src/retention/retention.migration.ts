import { retentionRepairStatements, retentionStatements, tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'contacts';

export const retentionMigration: MigrationStep = {
  name: '202611221956-retention',
  statements: [
    ...retentionStatements(SERVICE),
    // Without a row a class is kept.
    `create table retention_rule (
       workspace_id uuid not null,
       retention_class text not null,
       months int not null check (months > 0),
       set_at timestamptz not null,
       set_by_kind text not null,
       set_by_id text,
       primary key (workspace_id, retention_class)
     )`,
    ...tenantTable(SERVICE, 'retention_rule'),

    // While there is a row nothing is removed.
    `create table retention_pause (
       workspace_id uuid primary key,
       reason text not null,
       paused_at timestamptz not null,
       paused_by_kind text not null,
       paused_by_id text
     )`,
    ...tenantTable(SERVICE, 'retention_pause'),

    // Milliseconds, as the page cursor has them.
    `create table retention_run (
       workspace_id uuid not null,
       id uuid not null,
       is_dry_run boolean not null,
       state text not null check (state in ('RUNNING', 'STOPPING', 'STOPPED', 'COMPLETED')),
       rules jsonb not null,
       held_ids int not null,
       started_at timestamptz(3) not null,
       started_by_kind text not null,
       started_by_id text,
       ended_at timestamptz,
       digest text,
       primary key (workspace_id, id)
     )`,
    `create index retention_run_recent on retention_run (workspace_id, started_at desc, id desc)`,
    // One at a time, whatever starts at once.
    `create unique index retention_run_under_way on retention_run (workspace_id)
       where not is_dry_run and state in ('RUNNING', 'STOPPING')`,
    ...tenantTable(SERVICE, 'retention_run'),

    `create table retention_report (
       workspace_id uuid not null,
       run_id uuid not null,
       service text not null,
       outcome text not null,
       counts jsonb not null,
       primary key (workspace_id, run_id, service),
       foreign key (workspace_id, run_id) references retention_run (workspace_id, id)
     )`,
    ...tenantTable(SERVICE, 'retention_report'),
  ],
};

export const retentionRepairMigration: MigrationStep = {
  name: '202611222330-retention-repairs',
  statements: retentionRepairStatements(),
};
