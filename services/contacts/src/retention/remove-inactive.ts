import { contactUpdated, type RetentionClass } from '@fenster/contracts';
import { array, sql, unnest, type Due, type RetentionCounts, type RetentionStep, type Tx } from '@fenster/database';
import type { RetentionClass as AttributeClass } from '../attributes/attribute.rule.js';
import { removeContactFiles } from '../contact-files/remove-contact-files.js';
import { wordsOf } from '../contacts/contact-words.js';
import { announceNames, knownIdsOf } from '../identities/announce-names.js';

/** How many contacts a part of a run locks. */
const CONTACTS = 100;
/** Nothing is locked to count them. */
const COUNTED_CONTACTS = 1_000;

/** Of `contact`: nobody has written to them, they have not written, and nobody has changed anything of them since. */
function isDue({ workspaceId, before, heldContactIds }: Due) {
  return sql`contact.workspace_id = ${workspaceId} and contact.id <> all(${array('uuid', heldContactIds)})
    and greatest(contact.created_at, contact.updated_at) < ${before} and not exists (
      select from contact_thread thread
      where thread.workspace_id = contact.workspace_id and thread.contact_id = contact.id
        and greatest(last_inbound_at, last_outbound_at) >= ${before}
    )`;
}

interface Part {
  /** Of `contact`, how much of it there is. */
  count(due: Due): ReturnType<typeof sql>;
  /** Of these contacts. Returns what was removed, by contact: the names of `contactUpdated`. */
  remove(tx: Tx, due: Due, ids: readonly string[]): Promise<{ contactId: string; field: string }[]>;
}

/** Walks through contacts that are inactive, in the order of their ids. */
function contactsStep(retentionClass: RetentionClass, parts: Readonly<Record<string, Part>>): RetentionStep {
  const entries = Object.entries(parts);
  return {
    retentionClass,
    async count(tx, due, after) {
      const counts = entries.map(([what, part]) => sql`coalesce(sum(${part.count(due)}), 0)::int as ${sql.ref(what)}`);
      const { rows } = await sql<RetentionCounts & { last: string | null }>`
        with part as materialized (
          select id, ${isDue(due)} as is_due from contact
          where workspace_id = ${due.workspaceId} and (${after}::uuid is null or id > ${after})
          order by id limit ${COUNTED_CONTACTS}
        )
        select ${sql.join(counts)},
          (select case when count(*) = ${COUNTED_CONTACTS} then (array_agg(id order by id desc))[1] end from part) as last
        from contact where workspace_id = ${due.workspaceId} and id in (select id from part where is_due)
      `.execute(tx.sql);
      const { last: position, ...counted } = rows[0]!;
      return { counted, position };
    },
    async remove(tx, due, after) {
      const all = sql.join(
        entries.map(([, part]) => part.count(due)),
        sql` + `,
      );
      const { rows } = await sql<{ id: string }>`
        select id from contact where ${isDue(due)} and (${after}::uuid is null or id > ${after}) and ${all} > 0
        order by id limit ${CONTACTS} for no key update skip locked
      `.execute(tx.sql);
      const ids = await stillDue(
        tx,
        due,
        rows.map(({ id }) => id),
      );
      const removed: Record<string, number> = {};
      const fields = new Map<string, Set<string>>();
      for (const [what, part] of entries) {
        const gone = await part.remove(tx, due, ids);
        removed[what] = gone.length;
        for (const { contactId, field } of gone) {
          fields.set(contactId, (fields.get(contactId) ?? new Set()).add(field));
        }
      }
      for (const [contactId, names] of fields) {
        const data = { contactId, fields: [...names] };
        tx.emit(contactUpdated, { entityId: contactId, workspaceId: due.workspaceId, data });
      }
      return { removed, position: rows.length < CONTACTS ? null : rows.at(-1)!.id };
    },
  };
}

/** Somebody may have written before the lock. */
async function stillDue(tx: Tx, due: Due, ids: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from contact where ${isDue(due)} and id = any(${array('uuid', ids)})
  `.execute(tx.sql);
  return rows.map(({ id }) => id);
}

const OF_CONTACT = sql`t.workspace_id = contact.workspace_id and t.contact_id = contact.id`;

/** Rows of a table that go as a whole. */
function rowsOf(
  table: string,
  { isOld, field }: { isOld(due: Due): ReturnType<typeof sql>; field: ReturnType<typeof sql> },
): Part {
  return {
    count: (due) => sql`(select count(*) from ${sql.table(table)} t where ${OF_CONTACT} and ${isOld(due)})`,
    async remove(tx, due, ids) {
      const { rows } = await sql<{ contactId: string; field: string }>`
        delete from ${sql.table(table)} t
        where t.workspace_id = ${due.workspaceId} and t.contact_id = any(${array('uuid', ids)}) and ${isOld(due)}
        returning t.contact_id as "contactId", ${field} as field
      `.execute(tx.sql);
      return rows;
    },
  };
}

const notes = rowsOf('contact_note', {
  isOld: ({ before }) => sql`coalesce(t.edited_at, t.created_at) < ${before}`,
  field: sql`'notes'`,
});

const labels = rowsOf('labelled_contact', { isOld: ({ before }) => sql`t.set_at < ${before}`, field: sql`'labels'` });

/** By which link they came. What the links count stays. */
const linkUses = rowsOf('click_to_chat_use', {
  isOld: ({ before }) => sql`t.used_at < ${before}`,
  field: sql`'linkUses'`,
});

const attributesOf = (attributeClass: AttributeClass) =>
  rowsOf('contact_attribute_value', {
    isOld: ({ before }) => sql`t.changed_at < ${before} and exists (
      select from contact_attribute attribute where attribute.workspace_id = t.workspace_id and attribute.key = t.key
        and attribute.retention_class = ${attributeClass}
    )`,
    field: sql`'attributes.' || t.key`,
  });

const filesOf = (fileClass: AttributeClass): Part => {
  const isOld = ({ before }: Due) => sql`t.added_at < ${before} and t.retention_class = ${fileClass}`;
  return {
    count: (due) => sql`(select count(*) from contact_file t where ${OF_CONTACT} and ${isOld(due)})`,
    async remove(tx, due, ids) {
      const where = sql`t.contact_id = any(${array('uuid', ids)}) and ${isOld(due)}`;
      const removed = await removeContactFiles(tx, due.workspaceId, where);
      return removed.map(({ contactId }) => ({ contactId, field: 'files' }));
    },
  };
};

/** What a class of attributes decides about. */
const ofClass = (each: AttributeClass) => ({ attributes: attributesOf(each), contact_files: filesOf(each) });

/** What channels call people stays: it tells their conversations apart, and their consent hangs on their numbers. */
const ENTERED = { given_name: 'name', email: 'email', address: 'address', language: 'language' } as const;
const COLUMNS = Object.keys(ENTERED) as (keyof typeof ENTERED)[];

const masterData: Part = {
  count: () =>
    sql`(${sql.join(
      COLUMNS.map((column) => sql`(contact.${sql.ref(column)} is not null)::int`),
      sql` + `,
    )})`,
  async remove(tx, { workspaceId }, ids) {
    const { rows } = await sql<{ id: string; profileName: string | null; fields: string[] }>`
      with before as (select * from contact where workspace_id = ${workspaceId} and id = any(${array('uuid', ids)}))
      update contact set given_name = null, email = null, address = null, language = null
      from before where contact.workspace_id = before.workspace_id and contact.id = before.id
      returning contact.id, contact.profile_name as "profileName", array_remove(array[
        ${sql.join(COLUMNS.map((column) => sql`case when before.${sql.ref(column)} is not null then ${ENTERED[column]} end`))}
      ], null) as fields
    `.execute(tx.sql);
    await renameToProfile(
      tx,
      workspaceId,
      rows.filter(({ fields }) => fields.includes('name')),
    );
    return rows.flatMap(({ id, fields }) => fields.map((field) => ({ contactId: id, field })));
  },
};

/** From now on they are called, and found, by what a channel tells. */
async function renameToProfile(
  tx: Tx,
  workspaceId: string,
  renamed: readonly { id: string; profileName: string | null }[],
): Promise<void> {
  if (renamed.length === 0) return;
  const rows = renamed.map(({ id, profileName }) => ({ id, words: wordsOf({ givenName: null, profileName }) }));
  await sql`
    update contact set words = contact_words(workspace_id, input.words)
    from ${unnest('input', { id: 'uuid', words: 'text' }, rows)}
    where contact.workspace_id = ${workspaceId} and contact.id = input.id
  `.execute(tx.sql);
  const names = new Map(renamed.map(({ id, profileName }) => [id, profileName ?? '']));
  const ids = await knownIdsOf(
    tx,
    renamed.map(({ id }) => ({ workspaceId, id })),
  );
  announceNames(tx, ids, (_, contactId) => names.get(contactId)!);
}

export const retentionSteps: readonly RetentionStep[] = [
  contactsStep('NOTES', { contact_notes: notes }),
  contactsStep('ATTRIBUTES_MASTER_DATA', ofClass('MASTER_DATA')),
  contactsStep('ATTRIBUTES_PREFERENCE', ofClass('PREFERENCE')),
  contactsStep('ATTRIBUTES_CONTRACT', ofClass('CONTRACT')),
  contactsStep('ATTRIBUTES_SENSITIVE', ofClass('SENSITIVE')),
  contactsStep('CONTACT_DATA', { master_data: masterData, labels, link_uses: linkUses }),
];
