import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'contacts';

export const migrations: readonly MigrationStep[] = [
  {
    name: '202611211200-contacts',
    statements: [
      // Milliseconds, as the page cursor has them.
      `create table contact (
         workspace_id uuid not null,
         id uuid not null,
         name text,
         created_at timestamptz(3) not null,
         updated_at timestamptz not null,
         primary key (workspace_id, id)
       )`,
      `create index contact_recent on contact (workspace_id, created_at desc, id desc)`,
      ...tenantTable(SERVICE, 'contact'),

      // What a person was called on one channel, and from when to when.
      `create table contact_identity (
         workspace_id uuid not null,
         id uuid not null,
         contact_id uuid not null,
         channel_id uuid not null,
         kind text not null check (kind in ('PHONE', 'BSUID', 'USERNAME')),
         value text not null,
         valid_from timestamptz not null,
         valid_to timestamptz check (valid_to >= valid_from),
         primary key (workspace_id, id),
         foreign key (workspace_id, contact_id) references contact (workspace_id, id)
       )`,
      `create unique index contact_identity_current on contact_identity (workspace_id, kind, value, channel_id)
         where valid_to is null`,
      `create index contact_identity_contact on contact_identity (workspace_id, contact_id)`,
      ...tenantTable(SERVICE, 'contact_identity'),

      // Another id of the same person: other services go on using the one that they have.
      `create table contact_alias (
         workspace_id uuid not null,
         id uuid not null,
         contact_id uuid not null,
         created_at timestamptz not null,
         primary key (workspace_id, id),
         foreign key (workspace_id, contact_id) references contact (workspace_id, id)
       )`,
      ...tenantTable(SERVICE, 'contact_alias'),
    ],
  },
];
