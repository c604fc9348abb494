import { systemTable, tenantTable, type MigrationStep } from '@fenster/database';
import { auditMigration } from './audit/audit.migration.js';
import { erasureMigration } from './erasures/erasure.migration.js';
import { retentionMigration, retentionRepairMigration } from './retention/retention.migration.js';

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
  {
    name: '202611221000-teams-roles-invitations-devices',
    statements: [
      `create table team (
         workspace_id uuid not null references workspace,
         id uuid not null,
         name text not null,
         created_at timestamptz not null,
         primary key (workspace_id, id)
       )`,
      `create unique index team_name_unique on team (workspace_id, lower(name))`,
      ...tenantTable(SERVICE, 'team'),

      `create table team_member (
         workspace_id uuid not null,
         team_id uuid not null,
         member_id uuid not null,
         primary key (workspace_id, team_id, member_id),
         foreign key (workspace_id, team_id) references team (workspace_id, id) on delete cascade,
         foreign key (workspace_id, member_id) references member (workspace_id, id)
       )`,
      `create index team_member_of on team_member (workspace_id, member_id)`,
      ...tenantTable(SERVICE, 'team_member'),

      // The channels service owns channels; an id that it does not know grants nothing.
      `create table team_channel (
         workspace_id uuid not null,
         team_id uuid not null,
         channel_id uuid not null,
         primary key (workspace_id, team_id, channel_id),
         foreign key (workspace_id, team_id) references team (workspace_id, id) on delete cascade
       )`,
      ...tenantTable(SERVICE, 'team_channel'),

      // Those that the workspace made itself.
      `create table role (
         workspace_id uuid not null references workspace,
         id uuid not null,
         name text not null,
         permissions text[] not null,
         created_at timestamptz not null,
         primary key (workspace_id, id)
       )`,
      `create unique index role_name_unique on role (workspace_id, lower(name))`,
      ...tenantTable(SERVICE, 'role'),

      // Who was invited has no password yet; who was removed has neither password nor address any more.
      `alter table member
         alter column email drop not null,
         alter column password_hash drop not null,
         add column invitation_hash bytea unique,
         add column invitation_expires_at timestamptz,
         add column removed_at timestamptz`,

      `alter table session add column device text, add column last_used_at timestamptz`,
      `update session set last_used_at = created_at`,
      `alter table session alter column last_used_at set not null`,
      `create index session_of on session (workspace_id, member_id) where ended_at is null`,
    ],
  },
  {
    name: '202611221030-sign-in-attempts',
    statements: [
      // Before anybody is signed in there is no tenant, and most who are counted here belong to none.
      `create table sign_in_attempt (
         key text primary key,
         level float8 not null,
         counted_at timestamptz not null,
         blocked_until timestamptz
       ) with (fillfactor = 50)`,
      `create index sign_in_attempt_counted_at on sign_in_attempt (counted_at)`,
      ...systemTable(SERVICE, 'sign_in_attempt'),
    ],
  },
  {
    name: '202611221040-oidc-issuers',
    statements: [
      `create table oidc_issuer (
         workspace_id uuid primary key references workspace,
         issuer text not null,
         audience text not null,
         jwks_uri text not null,
         updated_at timestamptz not null
       )`,
      // Not unique: a workspace that could take a name away from another would lock its members out.
      `create index oidc_issuer_named on oidc_issuer (issuer, audience)`,
      ...tenantTable(SERVICE, 'oidc_issuer'),
    ],
  },
  {
    name: '202611221050-api-keys',
    statements: [
      `create table api_key (
         workspace_id uuid not null references workspace,
         id uuid not null unique,
         name text not null,
         secret_hash bytea not null,
         permissions text[] not null,
         grants jsonb not null,
         created_by uuid not null,
         created_at timestamptz not null,
         expires_at timestamptz not null,
         last_used_at timestamptz,
         revoked_at timestamptz,
         primary key (workspace_id, id),
         foreign key (workspace_id, created_by) references member (workspace_id, id)
       ) with (fillfactor = 80)`,
      ...tenantTable(SERVICE, 'api_key'),
    ],
  },
  auditMigration,
  {
    name: '202611220410-directory-announcements',
    // Null: other services have not been told yet. See directory/.
    statements: [
      `alter table member add column announced_at timestamptz`,
      `alter table team add column announced_at timestamptz`,
    ],
  },
  {
    name: '202611220705-api-key-announcements',
    statements: [`alter table api_key add column announced_at timestamptz`],
  },
  erasureMigration,
  {
    name: '202611221205-channels',
    statements: [
      // The channels that there are, as channels tells: see channels/.
      `create table channel (
         workspace_id uuid not null,
         id uuid not null,
         primary key (workspace_id, id)
       )`,
      ...tenantTable(SERVICE, 'channel'),
    ],
  },
  retentionMigration,
  retentionRepairMigration,
];
