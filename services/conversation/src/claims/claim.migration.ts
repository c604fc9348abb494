import { tenantTable, type MigrationStep } from '@fenster/database';

export const claimMigration: MigrationStep = {
  name: '202611220405-claims',
  statements: [
    // Who may send now, by conversation: see claims/.
    `create table claim (
         workspace_id uuid not null,
         conversation_id uuid not null,
         holder_kind text not null,
         holder_id uuid not null,
         taken_at timestamptz not null,
         expires_at timestamptz not null,
         seconds int not null,
         reason text,
         primary key (workspace_id, conversation_id),
         foreign key (workspace_id, conversation_id) references conversation (workspace_id, id)
       ) with (fillfactor = 50)`,
    ...tenantTable('conversation', 'claim'),
  ],
};
