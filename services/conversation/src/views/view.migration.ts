import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'conversation';

export const viewMigration: MigrationStep = {
  name: '202611220430-views-read-cursors',
  statements: [
    `create table saved_view (
       workspace_id uuid not null,
       id uuid not null,
       owner_id uuid,
       name text not null,
       filter jsonb not null,
       created_at timestamptz not null,
       primary key (workspace_id, id)
     )`,
    ...tenantTable(SERVICE, 'saved_view'),
    // Where the work is: most conversations of an old workspace are resolved.
    `create index conversation_active on conversation (workspace_id, last_message_at desc, id desc)
       where status <> 'RESOLVED'`,
    `create index conversation_waiting on conversation (workspace_id, waiting_since) where waiting_since is not null`,

    // Of the last customer message: what is unread, without asking the messages.
    `alter table conversation add column last_customer_seq int not null default 0`,
    `update conversation c set last_customer_seq = coalesce((
       select max(m.seq) from message m
       where m.workspace_id = c.workspace_id and m.conversation_id = c.id and m.direction = 'INBOUND'
     ), 0)`,
    // Up to where a member has read a thread. What was marked unread counts from there, until it is read again.
    `create table read_cursor (
       workspace_id uuid not null,
       member_id uuid not null,
       thread_id uuid not null,
       seq int not null,
       unread_from int,
       primary key (workspace_id, member_id, thread_id),
       foreign key (workspace_id, thread_id) references thread (workspace_id, id)
     ) with (fillfactor = 80)`,
    ...tenantTable(SERVICE, 'read_cursor'),
    // Up to where the customer has been told that an agent has seen their messages.
    `create table read_receipt (
       workspace_id uuid not null,
       thread_id uuid not null,
       seq int not null,
       primary key (workspace_id, thread_id),
       foreign key (workspace_id, thread_id) references thread (workspace_id, id)
     ) with (fillfactor = 80)`,
    ...tenantTable(SERVICE, 'read_receipt'),
    `alter table channel_setting add column sends_read_receipts boolean not null default false`,
  ],
};
