import { sql, type Renewal } from '@fenster/database';
import { announceNames, knownIdsOf } from './announce-names.js';

const MAX_AT_ONCE = 200;

/** Keeps in the stream what every contact is called, under each id that others know. */
export const nameRenewal: Renewal = {
  name: 'renewing the names of contacts',
  async workspaces({ database }, before) {
    // From workspace to workspace along the index: contacts are many, and hardly any are due.
    const { rows } = await sql<{ id: string }>`
      with recursive workspace as (
        (select workspace_id as id from contact where name is not null order by workspace_id limit 1)
        union all
        select next.workspace_id from workspace cross join lateral (
          select workspace_id from contact where name is not null and workspace_id > workspace.id
          order by workspace_id limit 1
        ) next
      )
      select id from workspace cross join lateral (
        select from contact where workspace_id = workspace.id and name is not null and announced_at < ${before} limit 1
      ) due
    `.execute(database.system().getKysely());
    return rows.map(({ id }) => id);
  },
  async renew(tx, workspaceId, before) {
    // Whoever has the row of one tells of it.
    const { rows: contacts } = await sql<{ id: string; name: string }>`
      update contact set announced_at = ${tx.now()}
      where workspace_id = ${workspaceId} and id = any(array(
        select id from contact where workspace_id = ${workspaceId} and name is not null and announced_at < ${before}
        order by announced_at limit ${MAX_AT_ONCE} for no key update skip locked
      ))
      returning id, name
    `.execute(tx.sql);
    const names = new Map(contacts.map(({ id, name }) => [id, name]));
    const ids = await knownIdsOf(
      tx,
      contacts.map(({ id }) => ({ workspaceId, id })),
    );
    announceNames(tx, ids, (_, contactId) => names.get(contactId)!);
    return contacts.length >= MAX_AT_ONCE;
  },
};
