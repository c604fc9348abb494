import { systemTable, type MigrationStep } from '@fenster/database';

export const clickToChatMigration: MigrationStep = {
  name: '202611221955-click-to-chat',
  statements: [
    // The links and QR codes that there are, as contacts tells: what a code in a message means.
    `create table click_to_chat_link (
       workspace_id uuid not null,
       id uuid not null,
       code text not null,
       is_active boolean not null,
       -- What people who come by it are asked to agree to.
       purpose text,
       locale text,
       primary key (workspace_id, id),
       unique (workspace_id, code)
     )`,
    ...systemTable('conversation', 'click_to_chat_link'),
    // By which the customer came who began it.
    `alter table conversation add column click_to_chat_link_id uuid`,
  ],
};
