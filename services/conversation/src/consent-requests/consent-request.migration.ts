import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'conversation';

export const consentRequestMigration: MigrationStep = {
  name: '202611221340-consent-requests',
  statements: [
    // The newest published text of each purpose and language, as contacts tells.
    `create table consent_text (
       workspace_id uuid not null,
       purpose text not null,
       locale text not null,
       purpose_kind text not null,
       version int not null,
       hash text not null,
       body text not null,
       privacy_notice_url text not null,
       privacy_notice_version text not null,
       is_asked boolean not null,
       primary key (workspace_id, purpose, locale)
     )`,
    ...tenantTable(SERVICE, 'consent_text'),

    // A question to a person, in their thread. What came of it is in the ledger of contacts.
    `create table consent_request (
       workspace_id uuid not null,
       id uuid not null,
       thread_id uuid not null,
       conversation_id uuid not null,
       purpose text not null,
       text_hash text not null,
       locale text not null,
       message_id uuid not null,
       asked_at timestamptz not null,
       expires_at timestamptz not null,
       -- STOPPED: they wrote STOP meanwhile.
       answer text check (answer in ('CONFIRMED', 'REFUSED', 'EXPIRED', 'STOPPED')),
       answered_at timestamptz,
       -- Whether the person was told that their answer has come.
       is_acknowledged boolean not null default false,
       primary key (workspace_id, id),
       check ((answer is null) = (answered_at is null)),
       foreign key (workspace_id, thread_id) references thread (workspace_id, id),
       foreign key (workspace_id, conversation_id) references conversation (workspace_id, id),
       foreign key (workspace_id, message_id) references message (workspace_id, id)
     )`,
    // One question at a time: a yes has to be the answer to something.
    `create unique index consent_request_open on consent_request (workspace_id, thread_id) where answer is null`,
    `create index consent_request_of_thread on consent_request (workspace_id, thread_id, asked_at)`,
    ...tenantTable(SERVICE, 'consent_request'),

    // Until when a plain yes answers what was sent last; null once anybody has written something else.
    `alter table thread add column consent_asked_until timestamptz`,
    // Whoever signs up elsewhere is known by another contact's id at first.
    `create index consent_of_identity on consent (workspace_id, channel_id, identity_kind, identity_value)`,
  ],
};

export const undeliveredRequestMigration: MigrationStep = {
  name: '202611221518-undelivered-consent-requests',
  statements: [
    // UNDELIVERED: the question never arrived, so nothing answers it.
    `alter table consent_request drop constraint consent_request_answer_check,
       add constraint consent_request_answer_check
         check (answer in ('CONFIRMED', 'REFUSED', 'EXPIRED', 'STOPPED', 'UNDELIVERED'))`,
    `create index consent_request_of_message on consent_request (workspace_id, message_id) where answer is null`,
  ],
};

export const signUpMigration: MigrationStep = {
  name: '202611221523-consent-sign-ups',
  statements: [
    `alter table consent_request add column form_request_id text, add column wished_at timestamptz`,
    // Each sign-up is a reason to ask once, unless that never arrived.
    `create unique index consent_request_of_form on consent_request (workspace_id, thread_id, purpose, form_request_id)
       where form_request_id is not null and answer is distinct from 'UNDELIVERED'`,
  ],
};
