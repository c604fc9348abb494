import type { MigrationStep } from '@fenster/database';
import { checkedFileColumns, fileTables, jobTables } from '@fenster/jobs';

const SERVICE = 'billing';

export const exportMigration: MigrationStep = {
  name: '202611221705-exports',
  statements: [
    ...fileTables(SERVICE),
    ...jobTables(SERVICE),
    // Exports read a period in this order, page after page.
    `create index charge_booked on charge (workspace_id, booked_on, id)`,
  ],
};

export const checkedFileMigration: MigrationStep = {
  name: '202611222355-checked-files',
  statements: checkedFileColumns(),
};
