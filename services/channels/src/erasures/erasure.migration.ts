import { erasureStatements, systemTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'channels';

export const erasureMigration: MigrationStep = {
  name: '202611221330-erasures',
  statements: [
    ...erasureStatements(SERVICE),
    `create index erasure_task_recent on erasure_task (workspace_id, erased_at) where erased_at is not null`,
    // What is queued in them later was queued before: nobody reads conversation's log in the order of two consumers.
    `create table erased_thread (
       workspace_id uuid not null,
       thread_id uuid not null,
       primary key (workspace_id, thread_id)
     )`,
    ...systemTable(SERVICE, 'erased_thread'),
    // An erasure is over when they are out of the store.
    `create table erasure_object (
       workspace_id uuid not null,
       erasure_id uuid not null,
       object_key text not null,
       primary key (workspace_id, erasure_id, object_key)
     )`,
    ...systemTable(SERVICE, 'erasure_object'),
  ],
};
