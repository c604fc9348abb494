import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'contacts';

export const newsletterMigration: MigrationStep = {
  name: '202611221715-newsletters',
  statements: [
    // What newsletters pace by, as channels tells it.
    `create table sending_channel (
       workspace_id uuid not null,
       id uuid not null,
       account_id text,
       messages_per_second double precision,
       recipients_per_day int,
       -- When newsletters last handed something over.
       handed_at timestamptz,
       primary key (workspace_id, id)
     )`,
    ...tenantTable(SERVICE, 'sending_channel'),

    // Milliseconds, as the page cursor has them.
    `create table newsletter (
       workspace_id uuid not null,
       id uuid not null,
       name text not null,
       channel_id uuid not null,
       segment_id uuid not null,
       -- Of the segment, when it was last seen.
       filter jsonb not null,
       content jsonb not null,
       state text not null,
       starts_at timestamptz,
       -- Where everybody gets it at their own time: without a zone.
       local_time timestamp,
       -- For whose place nobody knows.
       time_zone text,
       started_at timestamptz,
       -- The last contact that was written down.
       prepared_up_to uuid,
       prepared_at timestamptz,
       ended_at timestamptz,
       paused_because text,
       paused_message text,
       -- Something of it is not told yet.
       is_untold boolean not null default false,
       created_by_kind text not null,
       created_by_id text not null,
       created_at timestamptz(3) not null,
       primary key (workspace_id, id)
     )`,
    `create index newsletter_recent on newsletter (workspace_id, created_at desc, id desc)`,
    `create index newsletter_at_work on newsletter (state, starts_at) where state in ('SCHEDULED', 'PREPARING', 'RUNNING')`,
    `create index newsletter_untold on newsletter (workspace_id) where is_untold`,
    ...tenantTable(SERVICE, 'newsletter'),

    // Whoever was in the segment when it began, once; the id is that of the message. Of somebody erased, only that there was one.
    `create table newsletter_recipient (
       workspace_id uuid not null,
       id uuid not null,
       newsletter_id uuid not null,
       contact_id uuid,
       channel_id uuid not null,
       due_at timestamptz not null,
       state text not null,
       reason text,
       handed_at timestamptz,
       queued_at timestamptz,
       replied_at timestamptz,
       opted_out_at timestamptz,
       primary key (workspace_id, id),
       unique (workspace_id, newsletter_id, contact_id),
       foreign key (workspace_id, newsletter_id) references newsletter (workspace_id, id)
     )`,
    `create index newsletter_recipient_due on newsletter_recipient (workspace_id, newsletter_id, due_at, id)
       where state = 'PENDING'`,
    `create index newsletter_recipient_under_way on newsletter_recipient (workspace_id, newsletter_id)
       where state = 'HANDED_OVER'`,
    `create index newsletter_recipient_handed on newsletter_recipient (workspace_id, channel_id, handed_at)
       where handed_at is not null`,
    `create index newsletter_recipient_state on newsletter_recipient (workspace_id, newsletter_id, state)`,
    `create index newsletter_recipient_contact on newsletter_recipient (workspace_id, contact_id)`,
    ...tenantTable(SERVICE, 'newsletter_recipient'),
  ],
};

export const newsletterPurposeMigration: MigrationStep = {
  name: '202611222005-newsletter-purposes',
  statements: [
    `alter table newsletter add column purpose text not null default 'marketing'`,
    // What is on its way; see pace.rule.ts.
    `drop index newsletter_recipient_under_way`,
    `create index newsletter_recipient_under_way on newsletter_recipient (workspace_id, channel_id)
       where state in ('HANDED_OVER', 'QUEUED')`,
  ],
};

export const newsletterPlaceholderMigration: MigrationStep = {
  name: '202611222345-newsletter-placeholders',
  statements: [`alter table newsletter add column placeholders jsonb not null default '[]'`],
};

export const newsletterTemplateMigration: MigrationStep = {
  name: '202611222355-newsletter-templates',
  statements: [
    // As channels tells them: whether a newsletter can be made of one is known before its first message.
    `create table newsletter_template (
       workspace_id uuid not null,
       id uuid not null,
       account_id text not null,
       status text not null,
       category text not null,
       parameter_format text not null,
       definition jsonb,
       primary key (workspace_id, id)
     )`,
    ...tenantTable(SERVICE, 'newsletter_template'),
  ],
};

export const newsletterApprovalMigration: MigrationStep = {
  name: '202611222358-newsletter-approvals',
  statements: [`alter table newsletter add column approved_by_id uuid, add column approved_at timestamptz`],
};

export const newsletterEditorsMigration: MigrationStep = {
  name: '202611230100-newsletter-editors',
  statements: [`alter table newsletter add column edited_by_ids uuid[] not null default '{}'`],
};

export const newsletterOptOutWordsMigration: MigrationStep = {
  name: '202611230311-newsletter-opt-out-words',
  statements: [
    // What a workspace has chosen of words that end marketing, as conversation tells it.
    `create table newsletter_opt_out_words (
       workspace_id uuid primary key,
       words jsonb not null
     )`,
    ...tenantTable(SERVICE, 'newsletter_opt_out_words'),
  ],
};

export const newsletterPaceMigration: MigrationStep = {
  name: '202611230335-newsletter-pace',
  statements: [
    // When some were handed over last, and when the last one was of those of which it is known what came of them.
    `alter table newsletter add column handed_at timestamptz, add column left_up_to timestamptz`,
  ],
};

/** What recipients `rows` add to the counts, or take from them. */
const change = (rows: string, sign: 1 | -1) => `
  select workspace_id, newsletter_id, state, reason, ${sign} as count, ${sign} * (queued_at is not null)::int as queued,
    ${sign} * (replied_at is not null)::int as replied, ${sign} * (opted_out_at is not null)::int as opted_out from ${rows}`;
const tally = (...changes: string[]) => `
  insert into newsletter_tally (workspace_id, newsletter_id, id, state, reason, count, queued, replied, opted_out)
  select workspace_id, newsletter_id, gen_random_uuid(), state, reason, sum(count), sum(queued), sum(replied), sum(opted_out)
  from (${changes.join(' union all ')}) change group by workspace_id, newsletter_id, state, reason
  having sum(count) <> 0 or sum(queued) <> 0 or sum(replied) <> 0 or sum(opted_out) <> 0;`;

export const newsletterTallyMigration: MigrationStep = {
  name: '202611230345-newsletter-tallies',
  statements: [
    // What the report adds up: each change of recipients leaves a row with what it adds and takes, in the same transaction,
    // whoever makes it. Only ever added, so that nobody waits for anybody; the runner folds them.
    `create table newsletter_tally (
       workspace_id uuid not null,
       newsletter_id uuid not null,
       id uuid not null,
       state text not null,
       reason text,
       count int not null,
       queued int not null,
       replied int not null,
       opted_out int not null,
       primary key (workspace_id, newsletter_id, id)
     )`,
    ...tenantTable(SERVICE, 'newsletter_tally'),
    `create function tally_newsletters() returns trigger language plpgsql as $$
       begin
         if tg_op = 'INSERT' then ${tally(change('after', 1))}
         elsif tg_op = 'DELETE' then ${tally(change('before', -1))}
         else ${tally(change('before', -1), change('after', 1))}
         end if;
         return null;
       end
     $$`,
    `create trigger tally_inserted after insert on newsletter_recipient referencing new table as after
       for each statement execute function tally_newsletters()`,
    `create trigger tally_updated after update on newsletter_recipient referencing old table as before new table as after
       for each statement execute function tally_newsletters()`,
    `create trigger tally_deleted after delete on newsletter_recipient referencing old table as before
       for each statement execute function tally_newsletters()`,
    tally(change('newsletter_recipient', 1)),
  ],
};

export const newsletterRecipientPageMigration: MigrationStep = {
  name: '202611222040-newsletter-recipient-pages',
  statements: [`create index newsletter_recipient_page on newsletter_recipient (workspace_id, newsletter_id, id)`],
};
