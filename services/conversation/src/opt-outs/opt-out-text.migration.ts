import { tenantTable, type MigrationStep } from '@fenster/database';

export const optOutTextMigration: MigrationStep = {
  name: '202611221432-opt-out-texts',
  statements: [
    // What a workspace says to who has written STOP, in place of Fenster's words.
    `create table opt_out_text (
       workspace_id uuid not null,
       locale text not null,
       text text not null,
       primary key (workspace_id, locale)
     )`,
    ...tenantTable('conversation', 'opt_out_text'),
  ],
};
