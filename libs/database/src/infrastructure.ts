import { systemTable, tenantTable } from './row-level-security.js';

/** Log, relay queue, consumer positions, inbox, dead letters and idempotency keys: the same in every service. */
export function infrastructureStatements(service: string): string[] {
  return [
    `create table outbox_counter (
       workspace_id uuid primary key,
       last_seq bigint not null
     ) with (fillfactor = 50)`,
    ...tenantTable(service, 'outbox_counter'),

    // The log itself is only ever appended to and, after its retention, pruned: subscriptions replay from it, and
    // the stream can be rebuilt from it.
    `create table outbox (
       workspace_id uuid not null,
       seq bigint not null,
       id uuid not null,
       name text not null,
       version int not null,
       entity_id uuid not null,
       envelope text not null,
       recorded_at timestamptz not null default now(),
       primary key (workspace_id, seq)
     )`,
    `create index outbox_recorded_at on outbox using brin (recorded_at)`,
    ...tenantTable(service, 'outbox'),

    // What the relay has still to publish; rows come and go, so vacuum must follow closely.
    `create table outbox_pending (
       position bigint generated always as identity primary key,
       workspace_id uuid not null,
       seq bigint not null
     ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000)`,
    ...tenantTable(service, 'outbox_pending'),

    `create table consumer_position (
       consumer text primary key,
       stream_created text not null,
       position bigint not null
     ) with (fillfactor = 50)`,
    ...systemTable(service, 'consumer_position'),

    `create table inbox (
       consumer text not null,
       event_id uuid not null,
       handled_at timestamptz not null default now(),
       primary key (consumer, event_id)
     )`,
    `create index inbox_handled_at on inbox using brin (handled_at)`,
    ...systemTable(service, 'inbox'),

    `create table dead_letter (
       id uuid primary key,
       workspace_id uuid,
       source text not null,
       event_id uuid,
       payload text not null,
       reason text not null,
       occurred_at timestamptz not null default now(),
       replayed_at timestamptz
     )`,
    ...tenantTable(service, 'dead_letter'),

    // The answer to a mutation, kept at least 24 hours under the key that its caller chose.
    `create table idempotency_key (
       workspace_id uuid not null,
       actor_id text not null,
       key text not null,
       operation text not null,
       input_hash text not null,
       result_id uuid not null,
       created_at timestamptz not null default now(),
       primary key (workspace_id, actor_id, key)
     )`,
    `create index idempotency_key_created_at on idempotency_key (created_at)`,
    ...tenantTable(service, 'idempotency_key'),
  ];
}

/** A row of `outbox_pending` stands for all that one transaction appended to a workspace's log. */
export const PENDING_RANGES = [
  `alter table outbox_pending rename column seq to first_seq`,
  `alter table outbox_pending add column last_seq bigint`,
  `update outbox_pending set last_seq = first_seq`,
  `alter table outbox_pending alter column last_seq set not null`,
  `alter table outbox_pending set (autovacuum_vacuum_threshold = 2000)`,
];
