import { retentionRepairStatements, retentionStatements, type MigrationStep } from '@fenster/database';

export const retentionMigration: MigrationStep = {
  name: '202611230340-retention',
  statements: [...retentionStatements('billing'), ...retentionRepairStatements()],
};
