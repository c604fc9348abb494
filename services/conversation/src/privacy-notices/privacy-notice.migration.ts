import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'conversation';

export const privacyNoticeMigration: MigrationStep = {
  name: '202611221410-privacy-notices',
  statements: [
    `alter table channel_setting add column privacy_notice_url text, add column privacy_notice_version text,
       add constraint privacy_notice_whole check ((privacy_notice_url is null) = (privacy_notice_version is null)),
       drop column attends`,
    `alter table channel_setting
       -- Whether anything has to be done for a customer message: see attention/.
       add column attends boolean generated always as (greeting_text is not null or away_text is not null
         or privacy_notice_url is not null
         or coalesce(first_response_minutes, next_response_minutes, resolution_minutes) is not null) stored`,

    // Proof that a person was told what happens to their data (GDPR Art. 13). Goes with the thread.
    `create table privacy_notice_given (
       workspace_id uuid not null,
       thread_id uuid not null,
       -- SHA-256 of what the person was called then: another number may be another person's.
       address_hash text not null,
       version text not null,
       message_id uuid not null,
       given_at timestamptz not null,
       primary key (workspace_id, thread_id, address_hash, version),
       foreign key (workspace_id, thread_id) references thread (workspace_id, id) on delete cascade
     )`,
    ...tenantTable(SERVICE, 'privacy_notice_given'),

    // What was asked goes with the thread as well; that it was asked and answered is in the ledger.
    `alter table consent_request drop constraint consent_request_workspace_id_thread_id_fkey,
       drop constraint consent_request_workspace_id_conversation_id_fkey,
       drop constraint consent_request_workspace_id_message_id_fkey,
       add foreign key (workspace_id, thread_id) references thread (workspace_id, id) on delete cascade,
       add foreign key (workspace_id, conversation_id) references conversation (workspace_id, id) on delete cascade,
       add foreign key (workspace_id, message_id) references message (workspace_id, id) on delete cascade`,
  ],
};
