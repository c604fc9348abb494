import type { MigrationStep } from '@fenster/database';

export const deliveryFailureMigration: MigrationStep = {
  name: '202611220735-delivery-failures',
  statements: [
    `alter table message add column error_reason text`,
    `alter table parked_status add column error_reason text`,
    // Since when the provider says that the person wants no marketing from this business.
    `alter table thread add column marketing_stopped_at timestamptz`,
  ],
};
