import { erasureStatements, systemTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'conversation';

export const erasureMigration: MigrationStep = {
  name: '202611221330-erasures',
  statements: [
    ...erasureStatements(SERVICE),
    // Ids of people who are forgotten: what contacts told of them before, and comes here later, is not kept.
    `create table erased_contact (
       workspace_id uuid not null,
       contact_id uuid not null,
       primary key (workspace_id, contact_id)
     )`,
    ...systemTable(SERVICE, 'erased_contact'),
  ],
};
