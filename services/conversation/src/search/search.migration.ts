import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'conversation';

export const searchMigration: MigrationStep = {
  name: '202611220425-search',
  statements: [
    // What contacts calls a person, by whatever id of that person.
    `create table contact_name (
       workspace_id uuid not null,
       contact_id uuid not null,
       name text not null,
       primary key (workspace_id, contact_id)
     )`,
    ...tenantTable(SERVICE, 'contact_name'),
    `create index conversation_contact on conversation (workspace_id, contact_id)`,
    /*
     * Of each message, note and name the words that find it; the texts stay where they are. Ids of kind CONTACT are
     * those of conversations. Milliseconds, as the page cursor has them.
     */
    `create table search_entry (
       workspace_id uuid not null,
       kind text not null,
       id uuid not null,
       conversation_id uuid not null,
       channel_id uuid not null,
       occurred_at timestamptz(3) not null,
       words tsvector not null,
       primary key (workspace_id, kind, id)
     )`,
    // What is not yet in its place is read through by every search: 32 pages at most.
    `create index search_entry_words on search_entry using gin (words) with (gin_pending_list_limit = 256)`,
    // For words that are so frequent that the latest entries have enough of them; the planner knows which are.
    `create index search_entry_recent on search_entry (workspace_id, occurred_at desc, id desc)`,
    ...tenantTable(SERVICE, 'search_entry'),
    // The workspace is one of the words, so that the index of words does not lead to other workspaces' entries.
    `create function search_words(workspace uuid, plain text, folded text) returns tsvector
       language sql immutable parallel safe
       return strip(to_tsvector('pg_catalog.german', plain) || to_tsvector('pg_catalog.english', plain)
         || to_tsvector('pg_catalog.simple', folded)) || array_to_tsvector(array[':' || workspace])`,
    /*
     * Under row-level security no condition comes near an index that might tell what it has seen, and \`@@\` might. So
     * requests search by this view, which has the same condition as the policy: see test/permissions/second-lock.test.ts.
     */
    `create view search_match as select * from search_entry
       where workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid`,
    `grant select on search_match to "${SERVICE}_app"`,
  ],
};
