import type { MigrationStep } from '@fenster/database';

export const settlementMigration: MigrationStep = {
  name: '202611220805-unconfirmed-messages',
  statements: [
    // What an agent has decided of a message of which nobody knows whether it was sent.
    `alter table message add column settled_as text, add column settled_by_kind text, add column settled_by_id text,
       add column settled_at timestamptz, add column resent_as uuid, add column resend_of uuid`,
  ],
};
