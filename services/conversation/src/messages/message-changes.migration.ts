import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'conversation';

export const messageChangesMigration: MigrationStep = {
  name: '202611220420-message-changes',
  statements: [
    `alter table message
         add column is_echo boolean not null default false,
         add column context_provider_message_id text,
         add column reactions jsonb,
         add column edited_at timestamptz,
         add column revoked_at timestamptz`,
    // What became of our own reaction is told by its id.
    `create unique index message_own_reaction on message (workspace_id, ((reactions->'business'->>'id')::uuid))
         where reactions is not null`,
    // Of edited messages: what they said, from the first words to the present ones.
    `create table message_version (
         workspace_id uuid not null,
         conversation_id uuid not null,
         message_id uuid not null,
         -- Of the message or of its edit. Decides between edits of one second, so everywhere in the same order.
         provider_message_id text collate "C" not null,
         type text not null,
         text text,
         payload jsonb,
         written_at timestamptz not null,
         is_original boolean not null,
         primary key (workspace_id, message_id, provider_message_id),
         foreign key (workspace_id, message_id) references message (workspace_id, id)
       )`,
    ...tenantTable(SERVICE, 'message_version'),
    // A change that came before its message.
    `create table parked_change (
         workspace_id uuid not null,
         channel_id uuid not null,
         target_provider_message_id text not null,
         -- Of the change itself.
         provider_message_id text not null,
         by text not null,
         change jsonb not null,
         sent_at timestamptz not null,
         parked_at timestamptz not null,
         primary key (workspace_id, channel_id, target_provider_message_id, provider_message_id)
       )`,
    ...tenantTable(SERVICE, 'parked_change'),
  ],
};
