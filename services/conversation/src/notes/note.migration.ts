import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'conversation';

export const noteMigration: MigrationStep = {
  name: '202611220401-notes',
  statements: [
    // Milliseconds, as the page cursor has them.
    `create table note (
         workspace_id uuid not null,
         id uuid not null,
         conversation_id uuid not null,
         author_id uuid,
         api_key_id uuid,
         text text not null,
         mentioned_member_ids uuid[] not null,
         after_seq int not null,
         created_at timestamptz(3) not null,
         edited_at timestamptz,
         primary key (workspace_id, id),
         foreign key (workspace_id, conversation_id) references conversation (workspace_id, id)
       )`,
    `create index note_conversation on note (workspace_id, conversation_id, created_at desc, id desc)`,
    ...tenantTable(SERVICE, 'note'),
    `create table mention (
         workspace_id uuid not null,
         note_id uuid not null,
         member_id uuid not null,
         conversation_id uuid not null,
         created_at timestamptz(3) not null,
         read_at timestamptz,
         primary key (workspace_id, note_id, member_id),
         foreign key (workspace_id, note_id) references note (workspace_id, id) on delete cascade
       )`,
    `create index mention_of_member on mention (workspace_id, member_id, created_at desc, note_id desc)`,
    `create index mention_unread on mention (workspace_id, member_id) where read_at is null`,
    ...tenantTable(SERVICE, 'mention'),
  ],
};
