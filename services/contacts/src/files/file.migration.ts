import type { MigrationStep } from '@fenster/database';
import { fileTables, jobTables } from '@fenster/jobs';

const SERVICE = 'contacts';

export const fileMigration: MigrationStep = {
  name: '202611221400-files-and-jobs',
  statements: [...fileTables(SERVICE), ...jobTables(SERVICE)],
};
