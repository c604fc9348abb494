import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'contacts';

export const clickToChatMigration: MigrationStep = {
  name: '202611221956-click-to-chat',
  statements: [
    // Where a chat with it begins, as channels tells it.
    `alter table sending_channel add column chat_url text`,

    // Milliseconds, as the page cursor has them.
    `create table click_to_chat_link (
       workspace_id uuid not null,
       id uuid not null,
       code text not null,
       name text not null,
       campaign text,
       channel_id uuid not null,
       locale text not null,
       text text not null,
       -- Of the consent text that it stands for.
       text_hash text,
       created_at timestamptz(3) not null,
       archived_at timestamptz,
       -- Counted here, because the uses go with the people.
       message_count int not null default 0,
       conversation_count int not null default 0,
       contact_count int not null default 0,
       -- When others were last told of it.
       announced_at timestamptz not null default '-infinity',
       primary key (workspace_id, id),
       unique (workspace_id, code),
       foreign key (workspace_id, text_hash) references consent_text (workspace_id, hash)
     )`,
    `create index click_to_chat_link_recent on click_to_chat_link (workspace_id, created_at desc, id desc)`,
    `create index click_to_chat_link_announced on click_to_chat_link (workspace_id, announced_at)`,
    ...tenantTable(SERVICE, 'click_to_chat_link'),

    // A message with the code of a link: by which a contact came.
    `create table click_to_chat_use (
       workspace_id uuid not null,
       message_id uuid not null,
       link_id uuid not null,
       contact_id uuid not null,
       origin_id uuid,
       conversation_id uuid not null,
       began_conversation boolean not null,
       used_at timestamptz not null,
       primary key (workspace_id, message_id),
       foreign key (workspace_id, link_id) references click_to_chat_link (workspace_id, id)
     )`,
    // Whoever fetches a QR code tells the link's id alone.
    `create unique index click_to_chat_link_by_id on click_to_chat_link (id)`,
    `create index click_to_chat_use_of_contact on click_to_chat_use (workspace_id, contact_id, used_at)`,
    `create index click_to_chat_use_of_link on click_to_chat_use (workspace_id, link_id, contact_id)`,
    ...tenantTable(SERVICE, 'click_to_chat_use'),
  ],
};
