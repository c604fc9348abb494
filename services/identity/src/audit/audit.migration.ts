import { immutableTenantTable, REFUSE_CHANGE, type MigrationStep } from '@fenster/database';

/**
 * Data class `audit`, kept 24 months: nothing here has to go before, and nothing goes with an erasure, because who
 * did or saw what is the proof of it. Entries have neither body nor phone number, so they may outlive both.
 */
export const auditMigration: MigrationStep = {
  name: '202611221500-audit-log',
  statements: [
    REFUSE_CHANGE,

    // Milliseconds, as they are hashed.
    `create table audit_entry (
       workspace_id uuid not null,
       seq bigint not null check (seq > 0),
       id uuid not null,
       service text not null,
       action text not null,
       actor_kind text not null,
       actor_id text,
       session_id uuid,
       object_type text not null,
       object_ids uuid[] not null,
       changes jsonb,
       client_address text,
       user_agent text,
       correlation_id text not null,
       occurred_at timestamptz(3) not null,
       recorded_at timestamptz(3) not null,
       previous_hash bytea not null,
       hash bytea not null,
       primary key (workspace_id, seq)
     )`,
    `create unique index audit_entry_recent on audit_entry (workspace_id, occurred_at, id)`,
    `create index audit_entry_by_actor on audit_entry (workspace_id, actor_id, occurred_at, id)`,
    `create index audit_entry_by_action on audit_entry (workspace_id, action, occurred_at, id)`,
    `create index audit_entry_by_object_type on audit_entry (workspace_id, object_type, occurred_at, id)`,
    ...immutableTenantTable('identity', 'audit_entry'),

    // To find the entries about one object: a read is about many.
    `create table audit_entry_object (
       workspace_id uuid not null,
       object_id uuid not null,
       occurred_at timestamptz(3) not null,
       entry_id uuid not null,
       primary key (workspace_id, object_id, occurred_at, entry_id)
     )`,
    ...immutableTenantTable('identity', 'audit_entry_object'),

    // Where each workspace's chain ends: its lock gives entries their order, its hash shows whether the end is missing.
    `create table audit_head (
       workspace_id uuid primary key,
       seq bigint not null,
       hash bytea not null
     ) with (fillfactor = 50)`,
    `grant select, insert, update on audit_head to identity_system`,
  ],
};
