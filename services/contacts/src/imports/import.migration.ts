import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'contacts';

export const importMigration: MigrationStep = {
  name: '202611221401-imports',
  statements: [
    // What became of each row, many to a part: a part is stored with the effects of its rows. No word of what stood in them.
    `create table import_report (
       workspace_id uuid not null,
       job_id uuid not null,
       first_row bigint not null,
       rows jsonb not null,
       primary key (workspace_id, job_id, first_row),
       foreign key (workspace_id, job_id) references job (workspace_id, id) on delete cascade
     )`,
    ...tenantTable(SERVICE, 'import_report'),
    // Numbers and addresses that a dry run has met. Gone when it has ended.
    `create table import_key (
       workspace_id uuid not null,
       job_id uuid not null,
       key text not null,
       primary key (workspace_id, job_id, key),
       foreign key (workspace_id, job_id) references job (workspace_id, id) on delete cascade
     )`,
    ...tenantTable(SERVICE, 'import_key'),
  ],
};
