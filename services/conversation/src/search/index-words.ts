import { sql, unnest, type Tx } from '@fenster/database';
import { wordsIn } from '@fenster/runtime';

export const SEARCH_KINDS = ['MESSAGE', 'NOTE', 'CONTACT'] as const;
export type SearchKind = (typeof SEARCH_KINDS)[number];

export interface SearchText {
  workspaceId: string;
  kind: SearchKind;
  /** Of the message or note; for a name, of the conversation. */
  id: string;
  conversationId: string;
  channelId: string;
  occurredAt: Date;
  text: string;
}

/** From now on these texts are found, by their words as they are now. One statement. */
export async function indexWords(tx: Tx, texts: readonly SearchText[]): Promise<void> {
  if (texts.length === 0) return;
  const rows = texts.map(({ workspaceId, kind, id, conversationId, channelId, occurredAt, text }) => {
    const words = wordsIn(text);
    return {
      workspace_id: workspaceId,
      kind,
      id,
      conversation_id: conversationId,
      channel_id: channelId,
      occurred_at: occurredAt,
      plain: words.map(({ plain }) => plain).join(' '),
      folded: words.map(({ folded }) => folded).join(' '),
    };
  });
  const columns = {
    workspace_id: 'uuid',
    kind: 'text',
    id: 'uuid',
    conversation_id: 'uuid',
    channel_id: 'uuid',
    occurred_at: 'timestamptz',
    plain: 'text',
    folded: 'text',
  } as const;
  await sql`
    insert into search_entry (workspace_id, kind, id, conversation_id, channel_id, occurred_at, words)
    select workspace_id, kind, id, conversation_id, channel_id, occurred_at, search_words(workspace_id, plain, folded)
    from ${unnest('input', columns, rows)}
    on conflict (workspace_id, kind, id) do update set words = excluded.words
  `.execute(tx.sql);
}

export async function forgetWords(
  tx: Tx,
  kind: SearchKind,
  gone: readonly { workspaceId: string; id: string }[],
): Promise<void> {
  if (gone.length === 0) return;
  await sql`
    delete from search_entry using ${unnest(
      'gone',
      { workspace_id: 'uuid', id: 'uuid' },
      gone.map(({ workspaceId, id }) => ({ workspace_id: workspaceId, id })),
    )}
    where search_entry.workspace_id = gone.workspace_id and kind = ${kind} and search_entry.id = gone.id
  `.execute(tx.sql);
}
