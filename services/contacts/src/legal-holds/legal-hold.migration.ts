import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'contacts';

export const legalHoldMigration: MigrationStep = {
  name: '202611221955-legal-holds',
  statements: [
    // Milliseconds, as the page cursor has them.
    `create table legal_hold (
       workspace_id uuid not null,
       id uuid not null,
       contact_id uuid not null,
       -- All ids that the person is known under. A merge adds those of the other one; undoing it takes none away.
       contact_ids uuid[] not null,
       reason text not null,
       review_on date not null,
       set_at timestamptz(3) not null,
       set_by_kind text not null,
       set_by_id text,
       released_at timestamptz,
       released_by_kind text,
       released_by_id text,
       release_reason text,
       primary key (workspace_id, id),
       check ((released_at is null) = (release_reason is null))
     )`,
    `create index legal_hold_recent on legal_hold (workspace_id, set_at desc, id desc)`,
    `create index legal_hold_in_force on legal_hold (workspace_id) where released_at is null`,
    ...tenantTable(SERVICE, 'legal_hold'),
  ],
};
