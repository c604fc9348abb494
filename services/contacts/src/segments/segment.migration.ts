import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'contacts';

export const segmentMigration: MigrationStep = {
  name: '202611221700-segments',
  statements: [
    `create table segment (
       workspace_id uuid not null,
       id uuid not null,
       name text not null,
       filter jsonb not null,
       created_at timestamptz not null,
       updated_at timestamptz not null,
       primary key (workspace_id, id)
     )`,
    `create unique index segment_name on segment (workspace_id, lower(name))`,
    ...tenantTable(SERVICE, 'segment'),

    // What conversation tells of each thread. Its times change with every message, so no index has them.
    `create table contact_thread (
       workspace_id uuid not null,
       thread_id uuid not null,
       contact_id uuid not null,
       channel_id uuid not null,
       last_inbound_at timestamptz,
       last_outbound_at timestamptz,
       window_expires_at timestamptz,
       primary key (workspace_id, thread_id)
     ) with (fillfactor = 70)`,
    `create index contact_thread_contact on contact_thread (workspace_id, contact_id)`,
    ...tenantTable(SERVICE, 'contact_thread'),
  ],
};
