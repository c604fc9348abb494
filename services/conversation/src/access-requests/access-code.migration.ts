import { systemTable, type MigrationStep } from '@fenster/database';

export const accessCodeMigration: MigrationStep = {
  name: '202611221700-access-codes',
  statements: [
    // What somebody writes from their own number to show that a copy of the data there is theirs to have: once for each
    // id that the person is known under.
    `create table access_code (
       workspace_id uuid not null,
       contact_id uuid not null,
       request_id uuid not null,
       code_word text not null,
       expires_at timestamptz not null,
       written_at timestamptz,
       primary key (workspace_id, contact_id, request_id)
     )`,
    ...systemTable('conversation', 'access_code'),
  ],
};
