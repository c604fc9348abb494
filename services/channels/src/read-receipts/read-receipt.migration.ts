import { systemTable, type MigrationStep } from '@fenster/database';

export const readReceiptMigration: MigrationStep = {
  name: '202611220755-read-receipts',
  statements: [
    // What a customer is still to be told that it was read: of each thread the last message, which stands for all before.
    `create table read_receipt (
       workspace_id uuid not null,
       thread_id uuid not null,
       channel_id uuid not null,
       seq int not null,
       provider_message_id text not null,
       attempts int not null default 0,
       next_attempt_at timestamptz not null,
       primary key (workspace_id, thread_id)
     ) with (fillfactor = 70)`,
    `create index read_receipt_due on read_receipt (next_attempt_at)`,
    ...systemTable('channels', 'read_receipt'),
  ],
};
