import { systemTable, tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'contacts';

export const accessRequestMigration: MigrationStep = {
  name: '202611221700-access-requests',
  statements: [
    // Milliseconds, as the page cursor has them.
    `create table access_request (
       workspace_id uuid not null,
       id uuid not null,
       reference text not null,
       contact_id uuid not null,
       language text not null,
       state text not null
         check (state in ('AWAITING_IDENTITY', 'COLLECTING', 'PACKING', 'READY', 'ANSWERED', 'REFUSED')),
       opened_at timestamptz(3) not null,
       opened_by_kind text not null,
       opened_by_id text,
       received_at timestamptz not null,
       due_at timestamptz not null,
       extended_at timestamptz,
       extension_reason text,
       code_word text not null,
       code_told_at timestamptz,
       code_refusal text,
       confirmed_at timestamptz,
       confirmed_by text check (confirmed_by in ('CODE_WORD', 'OFFICER')),
       confirmation_reason text,
       -- Of what services have found. The private half is sealed, and destroyed with the last part.
       public_key text,
       private_key bytea,
       packing_until timestamptz,
       -- What is in the archive: how many of what, by service.
       found jsonb,
       file_id uuid,
       ready_at timestamptz,
       archive_expires_at timestamptz,
       answered_at timestamptz,
       refused_at timestamptz,
       refusal_reason text,
       primary key (workspace_id, id),
       unique (workspace_id, reference)
     )`,
    `create index access_request_recent on access_request (workspace_id, opened_at desc, id desc)`,
    `create index access_request_of_contact on access_request (workspace_id, contact_id)`,
    `create index access_request_packing on access_request (packing_until) where state = 'PACKING'`,
    ...tenantTable(SERVICE, 'access_request'),

    // What services have told, sealed, until it is in the archive. \`seq\` is that of their log.
    `create table access_part (
       workspace_id uuid not null,
       request_id uuid not null,
       service text not null,
       seq bigint not null,
       kind text not null,
       count int not null,
       sealed bytea not null,
       primary key (workspace_id, request_id, service, seq)
     )`,
    ...systemTable(SERVICE, 'access_part'),
    // Which services have told everything.
    `create table access_collected (
       workspace_id uuid not null,
       request_id uuid not null,
       service text not null,
       primary key (workspace_id, request_id, service)
     )`,
    ...systemTable(SERVICE, 'access_collected'),
  ],
};

export const accessRoundMigration: MigrationStep = {
  name: '202611222020-access-rounds',
  statements: [
    `alter table access_request add column packing_claim uuid, add column packing_attempts int not null default 0,
       add column unread_media uuid[] not null default '{}',
       -- As in \`contact_identity\`: of which of the people that were made one it is.
       add column origin_id uuid`,
    // The key that it was told for: what is of a former one is not counted any more.
    `alter table access_part add column public_key text`,
    `alter table access_collected add column public_key text not null default ''`,
    `update access_part told set public_key = request.public_key from access_request request
       where request.workspace_id = told.workspace_id and request.id = told.request_id`,
    `update access_collected told set public_key = coalesce(request.public_key, '') from access_request request
       where request.workspace_id = told.workspace_id and request.id = told.request_id`,
    `alter table access_collected drop constraint access_collected_pkey,
       add primary key (workspace_id, request_id, service, public_key)`,
  ],
};
