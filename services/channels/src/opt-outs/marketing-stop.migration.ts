import { systemTable, type MigrationStep } from '@fenster/database';

export const marketingStopMigration: MigrationStep = {
  name: '202611221040-marketing-stops',
  statements: [
    `alter table outbound_message add column is_marketing boolean not null default false`,
    `create index outbound_message_marketing on outbound_message (workspace_id, thread_id)
       where is_marketing and state = 'QUEUED'`,
    // Where in conversation's log a thread's marketing was stopped last: what was queued before it must not leave. What
    // came after it passed the gate, which knew of the stop.
    `create table marketing_stop (
       workspace_id uuid not null,
       thread_id uuid not null,
       seq bigint not null,
       primary key (workspace_id, thread_id)
     )`,
    ...systemTable('channels', 'marketing_stop'),
  ],
};
