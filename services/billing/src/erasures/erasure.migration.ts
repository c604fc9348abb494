import { erasureStatements, type MigrationStep } from '@fenster/database';

export const erasureMigration: MigrationStep = {
  name: '202611221330-erasures',
  statements: erasureStatements('billing'),
};
