import { tenantTable, type MigrationStep } from '@fenster/database';

const kept = (table: string) => [
  ...tenantTable('billing', table),
  `revoke insert, update, delete on ${table} from billing_app`,
];

export const labelMigration: MigrationStep = {
  name: '202611222355-labels',
  statements: [
    // Which labels a conversation has now.
    `create table conversation_label (
       workspace_id uuid not null,
       conversation_id uuid not null,
       label_id uuid not null,
       thread_id uuid not null,
       primary key (workspace_id, conversation_id, label_id)
     )`,
    `create index conversation_label_thread on conversation_label (workspace_id, thread_id)`,
    `create index conversation_label_label on conversation_label (workspace_id, label_id, conversation_id)`,
    ...kept('conversation_label'),
    // As `cost_by_day`, of each label that the conversation of an entry has: an entry of two labels is in two sums.
    `create table label_cost_by_day (
       workspace_id uuid not null,
       label_id uuid not null,
       booked_on date not null,
       channel_id uuid,
       author_id uuid,
       team_id uuid,
       template text,
       newsletter_id uuid,
       line text not null,
       category text not null,
       market text,
       free_reason text,
       currency text not null,
       amount_micros bigint not null,
       messages bigint not null,
       expected_micros bigint not null,
       expected_messages bigint not null,
       constraint label_cost_by_day_once unique nulls not distinct (workspace_id, label_id, booked_on, channel_id, author_id,
         team_id, template, newsletter_id, line, category, market, free_reason, currency)
     ) with (fillfactor = 50)`,
    `create index label_cost_by_day_booked on label_cost_by_day (workspace_id, booked_on)`,
    ...kept('label_cost_by_day'),
  ],
};
