import type { MigrationStep } from '@fenster/database';

export const automationMigration: MigrationStep = {
  name: '202611220425-automations',
  statements: [`alter table message add column automation text`],
};
