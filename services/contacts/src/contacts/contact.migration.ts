import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'contacts';

const IN_THIS_WORKSPACE = `workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid`;

export const contactMigration: MigrationStep = {
  name: '202611221320-contact-fields',
  statements: [
    // What a channel tells never touches what a colleague wrote: the one name that everybody sees is made of the two.
    `drop index contact_announced`,
    `alter table contact rename column name to profile_name`,
    `alter table contact
       add column given_name text,
       add column name text generated always as (coalesce(given_name, profile_name)) stored,
       add column email text,
       add column address jsonb,
       add column language text,
       add column words tsvector not null default ''`,
    `create index contact_announced on contact (workspace_id, announced_at) where name is not null`,
    // The workspace is one of the words, so that the index of words does not lead to other workspaces' contacts.
    `create function contact_words(workspace uuid, folded text) returns tsvector
       language sql immutable parallel safe
       return strip(to_tsvector('pg_catalog.simple', folded)) || array_to_tsvector(array[':' || workspace])`,
    `update contact set words = contact_words(workspace_id, lower(coalesce(name, '')))`,
    `create index contact_words on contact using gin (words) with (gin_pending_list_limit = 256)`,
    `create index contact_email on contact (workspace_id, lower(email) text_pattern_ops) where email is not null`,
    // People type the end of a number: 0151 12345678, or its last four digits.
    `create index contact_identity_digits on contact_identity (workspace_id, reverse(value) text_pattern_ops)
       where kind = 'PHONE' and valid_to is null`,
    `create index contact_identity_username on contact_identity (workspace_id, lower(value) text_pattern_ops)
       where kind = 'USERNAME' and valid_to is null`,
    /*
     * Under row-level security no condition comes near an index that might tell what it has seen. So requests search by
     * these views, which have the same condition as the policies.
     */
    `create view contact_match as select workspace_id, id, words, email from contact where ${IN_THIS_WORKSPACE}`,
    `create view contact_identity_match as select workspace_id, contact_id, kind, value from contact_identity
       where valid_to is null and ${IN_THIS_WORKSPACE}`,
    `grant select on contact_match, contact_identity_match to "${SERVICE}_app"`,

    `create table contact_label (
       workspace_id uuid not null,
       id uuid not null,
       name text not null,
       colour text not null,
       created_at timestamptz not null,
       primary key (workspace_id, id)
     )`,
    `create unique index contact_label_name on contact_label (workspace_id, lower(name))`,
    ...tenantTable(SERVICE, 'contact_label'),
    `create table labelled_contact (
       workspace_id uuid not null,
       contact_id uuid not null,
       label_id uuid not null,
       set_by_kind text not null,
       set_by_id text,
       set_at timestamptz not null,
       primary key (workspace_id, contact_id, label_id),
       foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade,
       foreign key (workspace_id, label_id) references contact_label (workspace_id, id) on delete cascade
     )`,
    `create index labelled_contact_label on labelled_contact (workspace_id, label_id, contact_id)`,
    ...tenantTable(SERVICE, 'labelled_contact'),

    `create table contact_attribute (
       workspace_id uuid not null,
       key text not null,
       name text not null,
       type text not null check (type in ('TEXT', 'NUMBER', 'BOOLEAN', 'DATE', 'CHOICE')),
       options text[] not null default '{}',
       purpose text not null,
       retention_class text not null,
       created_at timestamptz not null,
       archived_at timestamptz,
       primary key (workspace_id, key)
     )`,
    ...tenantTable(SERVICE, 'contact_attribute'),
    `create table contact_attribute_value (
       workspace_id uuid not null,
       contact_id uuid not null,
       key text not null,
       -- As it is written: numbers in decimal, dates as 2026-11-22, truth as true and false.
       value text collate "C" not null,
       number double precision,
       changed_at timestamptz not null,
       primary key (workspace_id, contact_id, key),
       foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade,
       foreign key (workspace_id, key) references contact_attribute (workspace_id, key)
     )`,
    `create index contact_attribute_value_is on contact_attribute_value (workspace_id, key, value, contact_id)`,
    `create index contact_attribute_value_number on contact_attribute_value (workspace_id, key, number, contact_id)
       where number is not null`,
    ...tenantTable(SERVICE, 'contact_attribute_value'),

    // Milliseconds, as the page cursor has them.
    `create table contact_note (
       workspace_id uuid not null,
       id uuid not null,
       contact_id uuid not null,
       author_id uuid,
       api_key_id uuid,
       text text not null,
       created_at timestamptz(3) not null,
       edited_at timestamptz,
       primary key (workspace_id, id),
       foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade
     )`,
    `create index contact_note_recent on contact_note (workspace_id, contact_id, created_at desc, id desc)`,
    ...tenantTable(SERVICE, 'contact_note'),
  ],
};

/** Whose a number was before a merge, for whoever looks a number up by the view. */
export const contactMatchOriginMigration: MigrationStep = {
  name: '202611230300-contact-match-origin',
  statements: [
    `create or replace view contact_identity_match as
       select workspace_id, contact_id, kind, value, origin_id from contact_identity
       where valid_to is null and ${IN_THIS_WORKSPACE}`,
  ],
};
