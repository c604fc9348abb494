import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'billing';
/** Requests only read them: the event path keeps them. */
const kept = (table: string) => [
  ...tenantTable(SERVICE, table),
  `revoke insert, update, delete on ${table} from ${SERVICE}_app`,
];

/** What reports and quotes would otherwise have to add up anew each time. */
export const sumsMigration: MigrationStep = {
  name: '202611222000-sums-of-months',
  statements: [
    `create table conversation_month (
       workspace_id uuid not null,
       booked_month text not null,
       conversation_id uuid not null,
       currency text not null,
       amount_micros bigint not null,
       messages bigint not null,
       primary key (workspace_id, booked_month, conversation_id, currency)
     ) with (fillfactor = 50)`,
    ...kept('conversation_month'),
    `insert into conversation_month
     select workspace_id, to_char(booked_on, 'YYYY-MM'), conversation_id, currency, sum(amount_micros), sum(messages)
     from charge
     where conversation_id is not null and (amount_micros <> 0 or messages <> 0 and free_reason is null)
     group by 1, 2, 3, 4`,
    // The most expensive one first.
    `create index conversation_month_amount on conversation_month
       (workspace_id, booked_month, currency, amount_micros desc, conversation_id)`,

    `create table expected_volume (
       workspace_id uuid not null,
       delivery_month text not null,
       channel_id uuid not null,
       market text,
       category text not null,
       currency text not null,
       expected_messages bigint not null,
       constraint expected_volume_once unique nulls not distinct
         (workspace_id, delivery_month, channel_id, market, category, currency)
     ) with (fillfactor = 50)`,
    ...kept('expected_volume'),
    `insert into expected_volume
     select workspace_id, to_char(local_date, 'YYYY-MM'), channel_id, market, category, currency, sum(expected_messages)
     from cost_by_day
     where channel_id is not null and free_reason is null and expected_messages <> 0
     group by 1, 2, 3, 4, 5, 6`,

    `alter table allowance_month add column expected bigint not null default 0`,
    `update allowance_month as known set expected = day.expected
     from (
       select workspace_id, channel_id, to_char(local_date, 'YYYY-MM') as month, sum(expected_messages) as expected
       from cost_by_day where line = 'MESSAGE' and free_reason = 'SERVICE_ALLOWANCE' and channel_id is not null
       group by 1, 2, 3
     ) as day
     where known.workspace_id = day.workspace_id and known.channel_id = day.channel_id and known.month = day.month`,

    // By whom and by which free entry point a price is found.
    `alter table charged_channel add column portfolio text`,
    `update charged_channel as known set portfolio = last.portfolio
     from (
       select distinct on (workspace_id, channel_id) workspace_id, channel_id, portfolio from billable_message
       where portfolio is not null and delivered_at is not null
       order by workspace_id, channel_id, delivered_at desc
     ) as last
     where known.workspace_id = last.workspace_id and known.id = last.channel_id`,
    `alter table billable_message add column free_entry_expires_at timestamptz`,
  ],
};
