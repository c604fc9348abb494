import { tenantTable, type MigrationStep } from '@fenster/database';

export const controlMigration: MigrationStep = {
  name: '202611220410-control',
  statements: [
    // Who answers: people or one program. No row: whoever comes first. See control/.
    `create table control (
         workspace_id uuid not null,
         conversation_id uuid not null,
         controller_kind text,
         controller_id uuid,
         since timestamptz not null,
         summary text,
         offered_to_kind text,
         offered_to_id uuid,
         offered_by_kind text,
         offered_by_id uuid,
         offer_summary text,
         offered_at timestamptz,
         primary key (workspace_id, conversation_id),
         foreign key (workspace_id, conversation_id) references conversation (workspace_id, id)
       )`,
    `create index control_program on control (workspace_id, controller_id) where controller_id is not null`,
    `create index control_offered_to on control (workspace_id, offered_to_id) where offered_to_id is not null`,
    ...tenantTable('conversation', 'control'),
  ],
};
