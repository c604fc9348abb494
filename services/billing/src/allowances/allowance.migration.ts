import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'billing';

export const allowanceMigration: MigrationStep = {
  name: '202611221740-allowance-months',
  statements: [
    // What was taken of the free messages of a number, kept with every entry; and what was told of it last.
    `create table allowance_month (
       workspace_id uuid not null,
       channel_id uuid not null,
       month text not null,
       taken bigint not null,
       charged bigint not null,
       level text not null default 'PLENTY',
       primary key (workspace_id, channel_id, month)
     ) with (fillfactor = 50)`,
    ...tenantTable(SERVICE, 'allowance_month'),
    `revoke insert, update, delete on allowance_month from ${SERVICE}_app`,
    `insert into allowance_month (workspace_id, channel_id, month, taken, charged)
     select workspace_id, channel_id, to_char(local_date, 'YYYY-MM'),
       coalesce(sum(messages + expected_messages) filter (where free_reason = 'SERVICE_ALLOWANCE'), 0),
       coalesce(sum(messages) filter (where free_reason is null and category = 'service'), 0)
     from cost_by_day where line = 'MESSAGE' and channel_id is not null and local_date >= '2026-10-01'
     group by 1, 2, 3`,
  ],
};
