import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'conversation';

export const optOutWordsToldMigration: MigrationStep = {
  name: '202611230310-opt-out-words-told',
  statements: [
    // When contacts was last told which words a workspace has chosen; its row is locked by whoever tells.
    `create table opt_out_words_told (
       workspace_id uuid primary key,
       told_at timestamptz not null
     )`,
    ...tenantTable(SERVICE, 'opt_out_words_told'),
    `insert into opt_out_words_told select distinct workspace_id, '-infinity'::timestamptz from opt_out_word`,
  ],
};

export const optOutMigration: MigrationStep = {
  name: '202611221015-opt-outs',
  statements: [
    // When the person told us to stop marketing, and when we last said that we have. What the platform says is beside it.
    // `marketing_preference_at`: of the latest word of the platform.
    `alter table thread add column opted_out_at timestamptz, add column opt_out_confirmed_at timestamptz,
       add column marketing_preference_at timestamptz`,

    // A workspace's own words, and Fenster's that it has switched off: see opt-out-words.rule.ts.
    `create table opt_out_word (
       workspace_id uuid not null,
       word text not null,
       locale text,
       is_everyday boolean not null,
       is_active boolean not null,
       primary key (workspace_id, word)
     )`,
    ...tenantTable(SERVICE, 'opt_out_word'),

    // A message that may ask to stop marketing: somebody has to read it, and decide.
    `create table opt_out_question (
       workspace_id uuid not null,
       message_id uuid not null,
       conversation_id uuid not null,
       asked_at timestamptz not null,
       decision text check (decision in ('OPT_OUT', 'NO_OPT_OUT')),
       decided_by_kind text,
       decided_by_id text,
       decided_at timestamptz,
       primary key (workspace_id, message_id),
       check ((decision is null) = (decided_at is null)),
       foreign key (workspace_id, conversation_id) references conversation (workspace_id, id),
       foreign key (workspace_id, message_id) references message (workspace_id, id)
     )`,
    `create index opt_out_question_open on opt_out_question (workspace_id, conversation_id) where decision is null`,
    ...tenantTable(SERVICE, 'opt_out_question'),

    // What the consent ledger of contacts comes to, as it tells: see consent-projection.consumer.ts.
    `create table consent (
       workspace_id uuid not null,
       contact_id uuid not null,
       channel_id uuid not null,
       identity_kind text not null,
       identity_value text not null,
       purpose text not null,
       purpose_kind text not null,
       state text not null,
       is_granted boolean not null,
       since timestamptz not null,
       primary key (workspace_id, contact_id, channel_id, purpose, identity_kind, identity_value)
     )`,
    ...tenantTable(SERVICE, 'consent'),
  ],
};
