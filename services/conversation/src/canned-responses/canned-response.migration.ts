import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'conversation';

export const cannedResponseMigration: MigrationStep = {
  name: '202611220435-canned-responses',
  statements: [
    `create table canned_response (
       workspace_id uuid not null,
       id uuid not null,
       sharing text not null,
       team_id uuid,
       owner_id uuid,
       shortcut text not null,
       title text not null,
       body text not null,
       created_at timestamptz not null,
       updated_at timestamptz not null,
       primary key (workspace_id, id),
       check ((sharing = 'TEAM') = (team_id is not null) and (sharing = 'PERSONAL') = (owner_id is not null))
     )`,
    // The same shortcut may be one's own, a team's and everybody's: whoever types it chooses.
    `create unique index canned_response_shortcut
       on canned_response (workspace_id, shortcut collate "C", sharing, team_id, owner_id) nulls not distinct`,
    ...tenantTable(SERVICE, 'canned_response'),
  ],
};
