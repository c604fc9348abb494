import { array, sql, type Tx } from '@fenster/database';

export interface AskingLink {
  clickToChatLinkId: string;
  purpose: string;
  /** BCP 47. */
  locale: string;
}

/** By code, those links of a workspace that stand for a consent. None for none. */
export async function askingLinks(
  tx: Tx,
  workspaceId: string,
  codes: readonly string[],
): Promise<ReadonlyMap<string, AskingLink>> {
  if (codes.length === 0) return new Map();
  const { rows } = await sql<AskingLink & { code: string }>`
    select code, id as "clickToChatLinkId", purpose, locale from click_to_chat_link
    where workspace_id = ${workspaceId} and code = any(${array('text', codes)}) and is_active and purpose is not null
  `.execute(tx.sql);
  return new Map(rows.map(({ code, ...link }) => [code, link]));
}
