import { tenantTable, type MigrationStep } from '@fenster/database';

export const draftMigration: MigrationStep = {
  name: '202611220415-drafts',
  statements: [
    // The shared draft of a conversation: see drafts/. The row outlives its words, so that versions never repeat.
    `create table draft (
         workspace_id uuid not null,
         conversation_id uuid not null,
         version int not null,
         text text,
         edited_by_kind text not null,
         edited_by_id uuid not null,
         edited_at timestamptz not null,
         announced_version int not null,
         announced_at timestamptz not null,
         primary key (workspace_id, conversation_id),
         foreign key (workspace_id, conversation_id) references conversation (workspace_id, id)
       ) with (fillfactor = 50)`,
    ...tenantTable('conversation', 'draft'),
  ],
};
