import { systemTable, tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'billing';

export const alertMigration: MigrationStep = {
  name: '202611222000-alerts',
  statements: [
    // For texts that people read.
    `alter table charged_channel add column name text`,

    // Once for each cause of a kind. The facts are shown in the order in which they were written.
    `create table alert (
       workspace_id uuid not null,
       id uuid not null,
       kind text not null,
       cause text not null,
       facts json not null,
       raised_at timestamptz not null,
       acknowledged_by uuid,
       acknowledged_at timestamptz,
       primary key (workspace_id, id),
       constraint alert_once unique (workspace_id, kind, cause)
     )`,
    `create index alert_latest on alert (workspace_id, raised_at desc, id desc)`,
    `create index alert_open on alert (workspace_id, raised_at desc, id desc) where acknowledged_at is null`,
    ...tenantTable(SERVICE, 'alert'),
    `revoke delete on alert from ${SERVICE}_app`,

    `create table alert_destination (
       workspace_id uuid not null,
       id uuid not null,
       kind text not null,
       address text not null,
       alerts jsonb not null,
       language text not null,
       sealed_secret bytea,
       created_by uuid not null,
       created_at timestamptz not null,
       removed_at timestamptz,
       last_delivered_at timestamptz,
       failing_since timestamptz,
       problem text,
       dead_since timestamptz,
       primary key (workspace_id, id)
     )`,
    ...tenantTable(SERVICE, 'alert_destination'),
    `revoke delete on alert_destination from ${SERVICE}_app`,

    // One row for each alert and destination. What is due is somebody's until \`next_attempt_at\`, which is then later.
    `create table alert_delivery (
       workspace_id uuid not null,
       destination_id uuid not null,
       alert_id uuid not null,
       state text not null default 'PENDING',
       attempts int not null default 0,
       next_attempt_at timestamptz,
       problem text,
       settled_at timestamptz,
       primary key (workspace_id, alert_id, destination_id),
       foreign key (workspace_id, alert_id) references alert (workspace_id, id),
       foreign key (workspace_id, destination_id) references alert_destination (workspace_id, id)
     ) with (fillfactor = 70)`,
    `create index alert_delivery_due on alert_delivery (next_attempt_at) where state = 'PENDING'`,
    ...tenantTable(SERVICE, 'alert_delivery'),

    // What conversations cost in a workspace, worked out anew each day.
    `create table usual_conversation_cost (
       workspace_id uuid not null,
       currency text not null,
       median_micros bigint not null,
       conversations bigint not null,
       since timestamptz not null,
       beyond_micros bigint,
       primary key (workspace_id, currency)
     )`,
    ...tenantTable(SERVICE, 'usual_conversation_cost'),
    `revoke insert, update, delete on usual_conversation_cost from ${SERVICE}_app`,
    `create table usual_cost_turn (
       workspace_id uuid primary key,
       worked_out_at timestamptz not null
     )`,
    ...systemTable(SERVICE, 'usual_cost_turn'),
  ],
};
