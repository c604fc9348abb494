import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'contacts';

export const duplicateMigration: MigrationStep = {
  name: '202611230310-duplicate-keys',
  statements: [
    // What two contacts have in common, by a hash: of one size, and comparable before row-level security has looked.
    `alter table contact
       add column email_key uuid generated always as (md5(lower(email))::uuid) stored,
       add column name_key uuid generated always as (md5(
         lower(regexp_replace(coalesce(given_name, profile_name), '\\s+', ' ', 'g')) || E'\\n'
         || nullif(upper(replace(address ->> 'postalCode', ' ', '')), '')
       )::uuid) stored`,
    `create index contact_email_key on contact (workspace_id, email_key, created_at, id) where email_key is not null`,
    `create index contact_name_key on contact (workspace_id, name_key, created_at, id) where name_key is not null`,

    /*
     * Whoever has something in common with somebody known for longer, and whoever has yet to be looked at, because something
     * about them has changed. Pages of suggestions read these, and no others. It may say too much (the other one may have
     * changed since), which readers see; never too little.
     */
    `create table contact_likeness (
       workspace_id uuid not null,
       contact_id uuid not null,
       -- That of the contact, as the page cursor has it; null until it was looked at.
       created_at timestamptz(3),
       is_due boolean not null,
       primary key (workspace_id, contact_id),
       foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade
     )`,
    `create index contact_likeness_recent on contact_likeness (workspace_id, created_at desc, contact_id desc)
       where created_at is not null`,
    `create index contact_likeness_due on contact_likeness (workspace_id, contact_id) where is_due`,
    ...tenantTable(SERVICE, 'contact_likeness'),

    // By a trigger, so that no path that changes a contact can forget it.
    ...['contact', 'contact_identity'].map(
      (table) => `create function ${table}_may_be_alike() returns trigger language plpgsql as $$
         begin
           insert into contact_likeness (workspace_id, contact_id, is_due)
           values (new.workspace_id, new.${table === 'contact' ? 'id' : 'contact_id'}, true)
           on conflict (workspace_id, contact_id) do update set is_due = true;
           return null;
         end
       $$`,
    ),
    `create trigger contact_is_like after insert on contact for each row
       when (new.email_key is not null or new.name_key is not null) execute function contact_may_be_alike()`,
    `create trigger contact_becomes_like after update on contact for each row
       when ((old.email_key, old.name_key) is distinct from (new.email_key, new.name_key))
       execute function contact_may_be_alike()`,
    `create trigger contact_identity_is_like after insert on contact_identity for each row
       when (new.kind = 'PHONE' and new.valid_to is null) execute function contact_identity_may_be_alike()`,
    `create trigger contact_identity_becomes_like after update of contact_id, value, valid_to on contact_identity for each row
       when (new.kind = 'PHONE' and new.valid_to is null) execute function contact_identity_may_be_alike()`,
    `insert into contact_likeness (workspace_id, contact_id, is_due)
     select workspace_id, id, true from contact where email_key is not null or name_key is not null
     union
     select workspace_id, contact_id, true from contact_identity where kind = 'PHONE' and valid_to is null`,
  ],
};

export const duplicateInsertsMigration: MigrationStep = {
  name: '202611230945-duplicate-inserts',
  statements: [
    // Those who are new, as many as a statement brings: an import paid for one by one. Changes stay with their rows, which
    // say cheaply when they do not matter; a statement would have to keep what it changed first.
    ...[
      { table: 'contact', id: 'id', matters: 'email_key is not null or name_key is not null' },
      { table: 'contact_identity', id: 'contact_id', matters: `kind = 'PHONE' and valid_to is null` },
    ].flatMap(({ table, id, matters }) => [
      `create function new_${table}_may_be_alike() returns trigger language plpgsql as $$
         begin
           insert into contact_likeness (workspace_id, contact_id, is_due)
           select distinct workspace_id, ${id}, true from added where ${matters} order by workspace_id, ${id}
           on conflict (workspace_id, contact_id) do update set is_due = true where not contact_likeness.is_due;
           return null;
         end
       $$`,
      `drop trigger ${table}_is_like on ${table}`,
      `create trigger ${table}_is_like after insert on ${table} referencing new table as added for each statement
         execute function new_${table}_may_be_alike()`,
    ]),
  ],
};
