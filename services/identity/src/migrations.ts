import { systemTable, tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'identity';

export const migrations: readonly MigrationStep[] = [
  {
    name: '202611211200-workspaces-members-sessions-signing-keys',
    statements: [
      `create table workspace (
         workspace_id uuid primary key,
         name text not null,
         created_at timestamptz not null
       )`,
      ...tenantTable(SERVICE, 'workspace'),

      // One e-mail address belongs to one member of one workspace: it is all that somebody types to sign in.
      `create table member (
         workspace_id uuid not null references workspace,
         id uuid not null,
         email text not null constraint member_email_unique unique check (email = lower(email)),
         name text not null,
         role text not null,
         password_hash text not null,
         created_at timestamptz not null,
         primary key (workspace_id, id)
       )`,
      ...tenantTable(SERVICE, 'member'),

      `create table session (
         workspace_id uuid not null,
         id uuid not null,
         member_id uuid not null,
         family_hash bytea not null unique,
         refresh_hash bytea not null,
         created_at timestamptz not null,
         expires_at timestamptz not null,
         ended_at timestamptz,
         primary key (workspace_id, id),
         foreign key (workspace_id, member_id) references member (workspace_id, id)
       ) with (fillfactor = 80)`,
      ...tenantTable(SERVICE, 'session'),

      // Ids are UUIDv7, so the newest key has the greatest.
      `create table signing_key (
         kid uuid primary key,
         public_jwk jsonb not null,
         private_key bytea not null,
         created_at timestamptz not null
       )`,
      ...systemTable(SERVICE, 'signing_key'),
    ],
  },
];
