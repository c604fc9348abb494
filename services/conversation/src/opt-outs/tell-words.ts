import { optOutWordsChosen, type WordChoice } from '@fenster/contracts';
import { sql, type Renewal, type Tx } from '@fenster/database';

/** All that the workspace has chosen: contacts checks with them whether a newsletter tells how to end marketing. */
export async function tellWords(tx: Tx, workspaceId: string): Promise<void> {
  await sql`
    insert into opt_out_words_told (workspace_id, told_at) values (${workspaceId}, ${tx.now()})
    on conflict (workspace_id) do update set told_at = excluded.told_at
  `.execute(tx.sql);
  const { rows: words } = await sql<WordChoice>`
    select word, locale, is_everyday as "isEveryday", is_active as "isActive" from opt_out_word
    where workspace_id = ${workspaceId} order by word
  `.execute(tx.sql);
  tx.emit(optOutWordsChosen, { workspaceId, entityId: workspaceId, data: { words } });
}

/** Keeps them in the stream, also those that were chosen before anybody was told. */
export const optOutWordsRenewal: Renewal = {
  name: 'announcing the words that end marketing',
  async workspaces({ database }, before) {
    const { rows } = await sql<{ id: string }>`
      select workspace_id as id from opt_out_words_told where told_at < ${before}
    `.execute(database.system().getKysely());
    return rows.map(({ id }) => id);
  },
  async renew(tx, workspaceId, before) {
    const { rows } = await sql`
      select from opt_out_words_told where workspace_id = ${workspaceId} and told_at < ${before} for update skip locked
    `.execute(tx.sql);
    if (rows.length > 0) await tellWords(tx, workspaceId);
    return false;
  },
};
