import { budgetHoldMigration, budgetStopMigration, newsletterStopMigration } from './budgets/budget-stop.migration.js';
import { clickToChatMigration } from './click-to-chat/click-to-chat.migration.js';
import { optOutTextMigration } from './opt-outs/opt-out-text.migration.js';
import { privacyNoticeMigration } from './privacy-notices/privacy-notice.migration.js';
import {
  consentRequestMigration,
  signUpMigration,
  undeliveredRequestMigration,
} from './consent-requests/consent-request.migration.js';
import { tenantTable, type MigrationStep } from '@fenster/database';
import { claimMigration } from './claims/claim.migration.js';
import { controlMigration } from './control/control.migration.js';
import { presenceMigration } from './presence/presence.migration.js';
import { draftMigration } from './drafts/draft.migration.js';
import { businessHoursMigration } from './business-hours/business-hours.migration.js';
import { accessCodeMigration } from './access-requests/access-code.migration.js';
import { automationMigration } from './messages/automation.migration.js';
import { macroMigration } from './macros/macro.migration.js';
import { cannedResponseMigration } from './canned-responses/canned-response.migration.js';
import { searchMigration } from './search/search.migration.js';
import { templateMigration } from './templates/template.migration.js';
import {
  newsletterApprovalMigration,
  newsletterMigration,
  newsletterPurposeMigration,
  newsletterSlotMigration,
} from './newsletters/newsletter.migration.js';
import { settlementMigration } from './unconfirmed/settlement.migration.js';
import { optOutMigration, optOutWordsToldMigration } from './opt-outs/opt-out.migration.js';
import { deliveryFailureMigration } from './threads/delivery-failures.migration.js';
import { messageChangesMigration } from './messages/message-changes.migration.js';
import { serviceLevelMigration } from './service-levels/service-level.migration.js';
import { surveyMigration } from './surveys/survey.migration.js';
import { erasureMigration } from './erasures/erasure.migration.js';
import { noteMigration } from './notes/note.migration.js';
import { retentionMigration, retentionRepairMigration } from './retention/retention.migration.js';
import { routingMigration } from './routing/routing.migration.js';
import { viewMigration } from './views/view.migration.js';

const SERVICE = 'conversation';

export const migrations: readonly MigrationStep[] = [
  {
    name: '202611211200-threads-conversations-messages',
    statements: [
      // Who talks with whom: one person on one channel, for ever.
      `create table thread (
         workspace_id uuid not null,
         id uuid not null,
         channel_id uuid not null,
         contact_id uuid not null,
         phone text,
         bsuid text,
         username text,
         profile_name text,
         last_seq int not null default 0,
         open_conversation_id uuid,
         last_customer_message_at timestamptz,
         window_expires_at timestamptz,
         created_at timestamptz not null,
         primary key (workspace_id, id)
       ) with (fillfactor = 80)`,
      ...tenantTable(SERVICE, 'thread'),

      // How the provider names that person; several names may lead to one thread.
      `create table thread_identity (
         workspace_id uuid not null,
         channel_id uuid not null,
         kind text not null,
         value text not null,
         thread_id uuid not null,
         created_at timestamptz not null,
         primary key (workspace_id, channel_id, kind, value),
         foreign key (workspace_id, thread_id) references thread (workspace_id, id)
       )`,
      ...tenantTable(SERVICE, 'thread_identity'),

      // What an agent works on.
      `create table conversation (
         workspace_id uuid not null,
         id uuid not null,
         thread_id uuid not null,
         channel_id uuid not null,
         contact_id uuid not null,
         status text not null,
         last_seq int not null,
         last_message_at timestamptz not null,
         opened_at timestamptz not null,
         primary key (workspace_id, id),
         foreign key (workspace_id, thread_id) references thread (workspace_id, id)
       ) with (fillfactor = 80)`,
      `create index conversation_recent on conversation (workspace_id, last_message_at desc, id desc)`,
      ...tenantTable(SERVICE, 'conversation'),

      `create table message (
         workspace_id uuid not null,
         id uuid not null,
         thread_id uuid not null,
         conversation_id uuid not null,
         channel_id uuid not null,
         seq int not null,
         direction text not null,
         type text not null,
         text text,
         payload jsonb,
         status text not null,
         error_code int,
         error_title text,
         provider_message_id text,
         author_id uuid,
         sent_at timestamptz not null,
         created_at timestamptz not null,
         primary key (workspace_id, id),
         unique (workspace_id, thread_id, seq),
         foreign key (workspace_id, conversation_id) references conversation (workspace_id, id)
       )`,
      `create unique index message_provider_id on message (workspace_id, channel_id, provider_message_id)
         where provider_message_id is not null`,
      `create index message_conversation on message (workspace_id, conversation_id, seq)`,
      ...tenantTable(SERVICE, 'message'),

      // A status that came before its message.
      `create table parked_status (
         workspace_id uuid not null,
         channel_id uuid not null,
         provider_message_id text not null,
         status text not null,
         error_code int,
         error_title text,
         occurred_at timestamptz not null,
         primary key (workspace_id, channel_id, provider_message_id, status)
       )`,
      ...tenantTable(SERVICE, 'parked_status'),
    ],
  },
  {
    name: '202611221000-conversation-team-assignee',
    statements: [
      `alter table conversation add column team_id uuid, add column assignee_id uuid`,
      `create index conversation_team on conversation (workspace_id, team_id) where team_id is not null`,
      `create index conversation_assignee on conversation (workspace_id, assignee_id) where assignee_id is not null`,
    ],
  },
  {
    name: '202611221040-api-keys',
    statements: [
      `alter table message add column api_key_id uuid`,
      // One row for each thing that a key may do so often; its window says whether the count still holds.
      `create table api_key_quota (
         workspace_id uuid not null,
         api_key_id uuid not null,
         action text not null,
         resource text not null,
         window_start timestamptz not null,
         count int not null,
         primary key (workspace_id, api_key_id, action, resource)
       ) with (fillfactor = 50)`,
      ...tenantTable(SERVICE, 'api_key_quota'),
    ],
  },
  {
    name: '202611221130-conversation-unassigned',
    statements: [
      // With the two of teams and assignees: whoever sees few of many conversations finds them by their own places,
      // instead of passing over everybody else's (0.1 instead of 125 ms for 30 of 300,000).
      `create index conversation_unassigned on conversation (workspace_id, channel_id)
         where team_id is null and assignee_id is null`,
    ],
  },
  {
    name: '202611220330-activities-timers-waiting',
    statements: [
      `alter table conversation add column waiting_since timestamptz, add column first_response_at timestamptz`,
      // Who changed what of a conversation, and why.
      `create table activity (
         workspace_id uuid not null,
         id uuid not null,
         conversation_id uuid not null,
         kind text not null,
         actor_kind text not null,
         actor_id text,
         before text,
         after text,
         reason text,
         occurred_at timestamptz not null,
         primary key (workspace_id, id),
         foreign key (workspace_id, conversation_id) references conversation (workspace_id, id)
       )`,
      `create index activity_conversation on activity (workspace_id, conversation_id, occurred_at, id)`,
      ...tenantTable(SERVICE, 'activity'),
      // What is to happen at a time: see timers/.
      `create table timer (
         workspace_id uuid not null,
         kind text not null,
         subject_id uuid not null,
         due_at timestamptz not null,
         primary key (workspace_id, kind, subject_id)
       )`,
      `create index timer_due on timer (due_at)`,
      ...tenantTable(SERVICE, 'timer'),
    ],
  },
  {
    name: '202611220400-statuses-channel-settings',
    statements: [
      `alter table conversation add column resolved_at timestamptz, add column snooze_kind text,
         add column snoozed_until timestamptz, add column snooze_hours int,
         add constraint conversation_snoozed check ((status = 'SNOOZED') = (snooze_kind is not null)),
         add constraint conversation_resolved check ((status = 'RESOLVED') = (resolved_at is not null))`,
      // A thread has at most one piece of work at a time, whatever runs at once.
      `create unique index conversation_unresolved on conversation (workspace_id, thread_id) where status <> 'RESOLVED'`,
      // What a customer message has to know, in the row that it reads and locks anyway.
      `alter table thread add column wakes_on_message boolean not null default false,
         add column resolved_conversation_id uuid`,
      // How the inbox treats one channel; without a row, and for new columns, the defaults hold.
      `create table channel_setting (
         workspace_id uuid not null,
         channel_id uuid not null,
         reopen_within_hours int not null default 24,
         primary key (workspace_id, channel_id)
       )`,
      ...tenantTable(SERVICE, 'channel_setting'),
    ],
  },
  {
    name: '202611220401-labels-participants',
    statements: [
      `create table label (
         workspace_id uuid not null,
         id uuid not null,
         name text not null,
         colour text not null,
         created_at timestamptz not null,
         primary key (workspace_id, id)
       )`,
      `create unique index label_name on label (workspace_id, lower(name))`,
      ...tenantTable(SERVICE, 'label'),
      `create table conversation_label (
         workspace_id uuid not null,
         conversation_id uuid not null,
         label_id uuid not null,
         set_by_kind text not null,
         set_by_id text,
         set_at timestamptz not null,
         primary key (workspace_id, conversation_id, label_id),
         foreign key (workspace_id, conversation_id) references conversation (workspace_id, id),
         foreign key (workspace_id, label_id) references label (workspace_id, id) on delete cascade
       )`,
      `create index conversation_label_label on conversation_label (workspace_id, label_id, conversation_id)`,
      ...tenantTable(SERVICE, 'conversation_label'),
      // Who follows a conversation without being responsible for it.
      `create table participant (
         workspace_id uuid not null,
         conversation_id uuid not null,
         member_id uuid not null,
         cause text not null,
         added_by_kind text not null,
         added_by_id text,
         added_at timestamptz not null,
         primary key (workspace_id, conversation_id, member_id),
         foreign key (workspace_id, conversation_id) references conversation (workspace_id, id)
       )`,
      `create index participant_member on participant (workspace_id, member_id, conversation_id)`,
      ...tenantTable(SERVICE, 'participant'),
    ],
  },
  {
    name: '202611220415-directory',
    statements: [
      // Who and which teams there are, as identity tells: see directory/.
      `create table member (
         workspace_id uuid not null,
         id uuid not null,
         name text not null,
         status text not null,
         permissions text[] not null,
         primary key (workspace_id, id)
       )`,
      ...tenantTable(SERVICE, 'member'),
      `create table team (workspace_id uuid not null, id uuid not null, primary key (workspace_id, id))`,
      ...tenantTable(SERVICE, 'team'),
      `create table team_member (
         workspace_id uuid not null,
         team_id uuid not null,
         member_id uuid not null,
         primary key (workspace_id, team_id, member_id)
       )`,
      `create index team_member_of on team_member (workspace_id, member_id)`,
      ...tenantTable(SERVICE, 'team_member'),
      `create table team_channel (
         workspace_id uuid not null,
         team_id uuid not null,
         channel_id uuid not null,
         primary key (workspace_id, team_id, channel_id)
       )`,
      `create index team_channel_of on team_channel (workspace_id, channel_id)`,
      ...tenantTable(SERVICE, 'team_channel'),
    ],
  },
  {
    name: '202611220345-service-windows',
    statements: [
      `alter table thread add column window_opened_at timestamptz, add column window_opened_by uuid,
         add column free_entry_expires_at timestamptz, add column free_entry_opened_at timestamptz,
         add column free_entry_opened_by uuid`,
      `alter table channel_setting add column closing_notice_minutes int not null default 60`,
    ],
  },
  noteMigration,
  businessHoursMigration,
  claimMigration,
  controlMigration,
  draftMigration,
  automationMigration,
  routingMigration,
  searchMigration,
  cannedResponseMigration,
  messageChangesMigration,
  presenceMigration,
  serviceLevelMigration,
  macroMigration,
  surveyMigration,
  viewMigration,
  {
    name: '202611220705-api-key-expiry',
    statements: [
      // The programs that there are, as identity tells; those that have ended are gone from here.
      `create table api_key (
         workspace_id uuid not null,
         id uuid not null,
         expires_at timestamptz not null,
         primary key (workspace_id, id)
       )`,
      ...tenantTable(SERVICE, 'api_key'),
    ],
  },
  {
    name: '202611220715-channels',
    statements: [
      // The channels that there are, as channels tells: see channels/.
      `create table channel (
         workspace_id uuid not null,
         id uuid not null,
         name text not null,
         primary key (workspace_id, id)
       )`,
      ...tenantTable(SERVICE, 'channel'),
    ],
  },
  {
    name: '202611220720-message-waits',
    statements: [`alter table message add column waiting_for text, add column waiting_until timestamptz`],
  },
  {
    name: '202611220725-referrals',
    statements: [
      `alter table message add column referral jsonb`,
      // By which ad the customer of a free entry point came.
      `create index message_referral on message (workspace_id, thread_id, seq) where referral is not null`,
    ],
  },
  {
    name: '202611220740-timers-by-kind',
    // Each kind is taken by itself: see timers/.
    statements: [`drop index timer_due`, `create index timer_due on timer (kind, due_at)`],
  },
  {
    name: '202611220735-former-names',
    // When somebody was called so no longer: until then it finds them, and from then on nobody, or whoever has it next.
    statements: [`alter table thread_identity add column ended_at timestamptz`],
  },
  deliveryFailureMigration,
  {
    name: '202611220740-channel-state',
    statements: [`alter table channel add column state text not null default 'ACTIVE', add column state_reason text`],
  },
  {
    name: '202611220752-uploaded-media',
    statements: [
      // What may be sent, as channels tells: see media/.
      `create table uploaded_media (
         workspace_id uuid not null,
         id uuid not null,
         channel_id uuid not null,
         -- The member or API key that brought it.
         uploaded_by_id text not null,
         kind text not null,
         mime_type text not null,
         size_bytes bigint not null,
         file_name text,
         primary key (workspace_id, id)
       )`,
      ...tenantTable(SERVICE, 'uploaded_media'),
    ],
  },
  settlementMigration,
  templateMigration,
  {
    name: '202611221000-imported-messages',
    statements: [
      // From before the number was connected; their places are 0, -1, -2, …
      `alter table message add column is_imported boolean not null default false,
         add constraint message_imported check (is_imported = (seq <= 0))`,
      // All of a thread's past is one conversation.
      `alter table conversation add column is_imported boolean not null default false`,
      `create unique index conversation_imported on conversation (workspace_id, thread_id) where is_imported`,
    ],
  },
  {
    name: '202611221025-channel-capabilities',
    statements: [`alter table channel add column capabilities jsonb`, `alter table thread add column threema_id text`],
  },
  {
    name: '202611221014-channel-state-code',
    statements: [`alter table channel add column state_reason_code text`],
  },
  optOutMigration,
  consentRequestMigration,
  privacyNoticeMigration,
  erasureMigration,
  optOutTextMigration,
  undeliveredRequestMigration,
  signUpMigration,
  accessCodeMigration,
  newsletterMigration,
  budgetStopMigration,
  newsletterPurposeMigration,
  clickToChatMigration,
  retentionMigration,
  newsletterStopMigration,
  retentionRepairMigration,
  newsletterSlotMigration,
  budgetHoldMigration,
  newsletterApprovalMigration,
  {
    name: '202611230250-parent-bsuids',
    statements: [`alter table thread add column parent_bsuid text`],
  },
  {
    name: '202611230310-timer-causes',
    statements: [`alter table timer add column cause jsonb`],
  },
  optOutWordsToldMigration,
  {
    name: '202611230920-message-conversation',
    statements: [
      // It was a query for each row of the hottest table, of a plan that PostgreSQL had made while `conversation` was
      // empty: 9 of 10 ms of storing messages until it was counted. Whoever stores a message holds the lock of its thread, and
      // so does whoever erases the conversation.
      `alter table message drop constraint message_workspace_id_conversation_id_fkey`,
    ],
  },
];
