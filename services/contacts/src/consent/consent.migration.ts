import {
  appendOnlyTenantTable,
  immutableTenantTable,
  REFUSE_CHANGE,
  refusingChanges,
  tenantTable,
  type MigrationStep,
} from '@fenster/database';

const SERVICE = 'contacts';

const appendable = { requestsAppend: true };

/**
 * Proof of consent outlives the data of the person: entries name contact and identity by ids alone, and what leads to
 * the person is evidence, which the event path may erase without breaking the chain.
 */
export const consentMigration: MigrationStep = {
  name: '202611221010-consent',
  statements: [
    REFUSE_CHANGE,
    // Those that every workspace has are not stored until somebody changes one.
    `create table consent_purpose (
       workspace_id uuid not null,
       key text not null,
       kind text not null check (kind in ('SERVICE', 'UTILITY', 'MARKETING')),
       name text not null,
       description text,
       created_at timestamptz not null,
       archived_at timestamptz,
       primary key (workspace_id, key)
     )`,
    ...tenantTable(SERVICE, 'consent_purpose'),

    // By the SHA-256 of what it says.
    `create table consent_text (
       workspace_id uuid not null,
       hash text not null,
       purpose text not null,
       locale text not null,
       version int not null check (version > 0),
       body text not null,
       privacy_notice_url text not null,
       privacy_notice_version text not null,
       published_at timestamptz not null,
       published_by text not null,
       primary key (workspace_id, hash),
       unique (workspace_id, purpose, locale, version)
     )`,
    ...immutableTenantTable(SERVICE, 'consent_text', appendable),

    // Milliseconds, as they are hashed.
    `create table consent_event (
       workspace_id uuid not null,
       seq bigint not null check (seq > 0),
       id uuid not null,
       kind text not null,
       contact_id uuid not null,
       identity_id uuid not null,
       identity_kind text not null,
       channel_id uuid not null,
       purpose text not null,
       text_hash text,
       locale text,
       source text not null,
       evidence_hash text not null,
       actor_kind text not null,
       actor_id text,
       occurred_at timestamptz(3) not null,
       recorded_at timestamptz(3) not null,
       key_hash text not null,
       previous_hash bytea not null,
       hash bytea not null,
       primary key (workspace_id, seq),
       unique (workspace_id, id),
       unique (workspace_id, key_hash),
       foreign key (workspace_id, text_hash) references consent_text (workspace_id, hash)
     )`,
    `create index consent_event_about on consent_event (workspace_id, identity_id, purpose)`,
    `create index consent_event_of_contact on consent_event (workspace_id, contact_id, occurred_at, id)`,
    ...immutableTenantTable(SERVICE, 'consent_event', appendable),

    `create table consent_evidence (
       workspace_id uuid not null,
       event_id uuid not null,
       salt bytea not null,
       content jsonb not null,
       primary key (workspace_id, event_id)
     )`,
    ...appendOnlyTenantTable(SERVICE, 'consent_evidence', appendable),
    ...refusingChanges('consent_evidence', 'update or truncate'),
    `grant delete on consent_evidence to ${SERVICE}_system`,

    // Where each workspace's chain ends: its lock gives entries their order, its hash shows whether the end is missing.
    `create table consent_head (
       workspace_id uuid primary key,
       seq bigint not null,
       hash bytea not null
     ) with (fillfactor = 50)`,
    ...tenantTable(SERVICE, 'consent_head'),
    `revoke delete on consent_head from ${SERVICE}_app, ${SERVICE}_system`,

    `create table consent_signing_key (
       id uuid primary key,
       -- SubjectPublicKeyInfo. Public halves are kept for ever: what they signed is proof for ever.
       public_key bytea not null,
       -- PKCS #8, sealed with SECRET_KEY.
       private_key bytea not null,
       created_at timestamptz not null
     )`,
    `grant select, insert on consent_signing_key to ${SERVICE}_system`,
    ...refusingChanges('consent_signing_key'),

    // Of the head after each transaction.
    `create table consent_signature (
       workspace_id uuid not null,
       seq bigint not null,
       hash bytea not null,
       key_id uuid not null references consent_signing_key (id),
       signature bytea not null,
       signed_at timestamptz not null,
       primary key (workspace_id, seq)
     )`,
    ...immutableTenantTable(SERVICE, 'consent_signature', appendable),

    // What the events come to: see consent-state.rule.ts. Can be made anew from them.
    `create table consent_state (
       workspace_id uuid not null,
       identity_id uuid not null,
       purpose text not null,
       contact_id uuid not null,
       channel_id uuid not null,
       state text not null,
       is_granted boolean not null,
       since timestamptz not null,
       event_id uuid not null,
       announced_at timestamptz not null default '-infinity',
       primary key (workspace_id, identity_id, purpose)
     )`,
    `create index consent_state_of_contact on consent_state (workspace_id, contact_id)`,
    `create index consent_state_announced on consent_state (workspace_id, announced_at)`,
    ...tenantTable(SERVICE, 'consent_state'),
  ],
};
