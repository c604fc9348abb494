import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'contacts';

export const mergeMigration: MigrationStep = {
  name: '202611221758-contact-merges',
  statements: [
    /*
     * Of which of the people that were made one a channel told it; null: the contact's own. What is one to people stays
     * two to channels: names and consent are those of an origin, so a merge cannot mix them, and knows what to give back.
     */
    `alter table contact_identity add column origin_id uuid`,
    `alter table contact_alias add column origin_id uuid`,
    `alter table contact_thread add column origin_id uuid`,
    `create table contact_merge (
       workspace_id uuid not null,
       id uuid not null,
       -- Of the merges of this contact; the last one is undone first.
       seq int not null,
       contact_id uuid not null,
       merged_id uuid not null,
       kept_origins uuid[] not null,
       merged_origins uuid[] not null,
       -- Both as they were, and what was made of them. Null once it cannot be undone any more.
       kept jsonb,
       merged jsonb,
       outcome jsonb,
       merged_at timestamptz(3) not null,
       merged_by_kind text not null,
       merged_by_id text,
       undone_at timestamptz,
       primary key (workspace_id, id),
       unique (workspace_id, contact_id, seq)
     )`,
    `create index contact_merge_of_merged on contact_merge (workspace_id, merged_id)`,
    `create index contact_merge_undoable on contact_merge (merged_at) where kept is not null`,
    ...tenantTable(SERVICE, 'contact_merge'),

    // Two people who look like one, and somebody said that they are two. By origins, so that no merge changes it.
    `create table contact_distinction (
       workspace_id uuid not null,
       contact_id uuid not null,
       other_id uuid not null check (other_id > contact_id),
       made_at timestamptz not null,
       made_by_kind text not null,
       made_by_id text,
       primary key (workspace_id, contact_id, other_id)
     )`,
    `create index contact_distinction_other on contact_distinction (workspace_id, other_id)`,
    ...tenantTable(SERVICE, 'contact_distinction'),
  ],
};
