import type { MigrationStep } from '@fenster/database';

/** Presence itself is stored nowhere. */
export const presenceMigration: MigrationStep = {
  name: '202611220430-typing-shown-to-customers',
  statements: [`alter table channel_setting add column shows_typing boolean not null default false`],
};
