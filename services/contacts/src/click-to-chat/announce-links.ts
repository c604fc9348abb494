import { clickToChatLinkChanged } from '@fenster/contracts';
import { sql, type RawBuilder, type Renewal, type Tx } from '@fenster/database';

interface Row {
  id: string;
  code: string;
  is_active: boolean;
  purpose: string | null;
  locale: string | null;
}

/** Once it is as it will be in the transaction: its row is locked, so changes are told in their order. */
export async function announceLink(tx: Tx, workspaceId: string, id: string): Promise<void> {
  await tell(tx, workspaceId, sql`id = ${id}`);
}

async function tell(tx: Tx, workspaceId: string, which: RawBuilder<unknown>): Promise<number> {
  const { rows } = await sql<Row>`
    with told as (
      update click_to_chat_link set announced_at = ${tx.now()} where workspace_id = ${workspaceId} and ${which}
      returning id, code, archived_at, text_hash
    )
    select told.id, told.code, told.archived_at is null as is_active, wording.purpose, wording.locale from told
    left join consent_text wording on wording.workspace_id = ${workspaceId} and wording.hash = told.text_hash
    order by told.id
  `.execute(tx.sql);
  for (const { id: linkId, code, is_active: isActive, purpose, locale } of rows) {
    const asksFor = purpose !== null && locale !== null ? { purpose, locale } : null;
    tx.emit(clickToChatLinkChanged, { workspaceId, entityId: linkId, data: { linkId, code, isActive, asksFor } });
  }
  return rows.length;
}

const MAX_AT_ONCE = 100;

/** Keeps in the stream what codes mean, for whoever reads it from its beginning. */
export const linkRenewal: Renewal = {
  name: 'renewing click-to-chat links',
  async workspaces({ database }, before) {
    const { rows } = await sql<{ id: string }>`
      select distinct workspace_id as id from click_to_chat_link where announced_at < ${before} order by id
    `.execute(database.system().getKysely());
    return rows.map(({ id }) => id);
  },
  async renew(tx, workspaceId, before) {
    const due = sql`id in (
      select id from click_to_chat_link where workspace_id = ${workspaceId} and announced_at < ${before}
      order by announced_at limit ${MAX_AT_ONCE} for no key update skip locked
    )`;
    return (await tell(tx, workspaceId, due)) >= MAX_AT_ONCE;
  },
};
