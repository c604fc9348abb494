import type { MigrationStep } from '@fenster/database';

export const processingRecordMigration: MigrationStep = {
  name: '202611222030-processing-records',
  statements: [
    // Who carries the messages of a channel, and where, as channels tells it.
    `alter table sending_channel add column name text, add column processors jsonb, add column storage_region text`,
  ],
};
