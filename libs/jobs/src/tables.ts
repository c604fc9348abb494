import { systemTable, tenantTable } from '@fenster/database';

/** Of a migration: what files need (`storeFile`). */
export function fileTables(service: string): string[] {
  return [
    // What comes in to be imported and goes out exported: sealed objects, for some days.
    `create table stored_file (
       workspace_id uuid not null,
       id uuid not null,
       state text not null check (state in ('PENDING', 'STORING', 'READY')),
       name text not null,
       size_bytes bigint,
       object_key text,
       -- Sealed with SECRET_KEY. Without it the object is noise.
       content_key bytea,
       lease_until timestamptz,
       created_at timestamptz not null,
       expires_at timestamptz not null,
       primary key (workspace_id, id)
     )`,
    `create index stored_file_expiry on stored_file (expires_at)`,
    ...tenantTable(service, 'stored_file'),
    // Objects that no row names any more.
    `create table object_removal (object_key text primary key, due_at timestamptz not null)`,
    ...systemTable(service, 'object_removal'),
  ];
}

/** Of a migration: what files need that people bring to keep them, and that are checked for it (`announceCheckedFile`). */
export function checkedFileColumns(): string[] {
  return [
    `alter table stored_file
       -- As it was announced: whether that is so is seen when the bytes come.
       add column mime_type text,
       add column announced_bytes bigint,
       add column announced_by text,
       add check (mime_type is null or announced_bytes is not null and announced_by is not null)`,
  ];
}

/** Of a migration: what jobs need (`Jobs`). */
export function jobTables(service: string): string[] {
  return [
    // Milliseconds, as the page cursor has them.
    `create table job (
       workspace_id uuid not null,
       id uuid not null,
       kind text not null,
       state text not null check (state in ('WAITING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED')),
       settings jsonb not null,
       -- How much of its work is done for good: where whoever takes it up goes on.
       position bigint not null default 0,
       total bigint,
       counts jsonb not null default '{}',
       failure text,
       file_id uuid,
       result_file_id uuid,
       created_by_kind text not null,
       created_by_id text,
       created_at timestamptz(3) not null,
       started_at timestamptz,
       ended_at timestamptz,
       -- Whose it is until \`due_at\`; then somebody else may take it up. Null when it has ended.
       claim uuid,
       due_at timestamptz,
       attempts int not null default 0,
       primary key (workspace_id, id)
     )`,
    `create index job_recent on job (workspace_id, created_at desc, id desc)`,
    `create index job_due on job (due_at) where due_at is not null`,
    ...tenantTable(service, 'job'),
  ];
}
