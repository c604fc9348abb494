import { clickToChatLinkUsed } from '@fenster/contracts';
import { sql, unnest, type Origin, type Tx } from '@fenster/database';

/** A message with something in it that may be the code of a link. */
export interface WrittenLinkCode {
  workspaceId: string;
  threadId: string;
  contactId: string;
  conversationId: string;
  messageId: string;
  code: string;
  /** The message opened the conversation. */
  beganConversation: boolean;
  at: Date;
  origin: Origin;
}

/**
 * Whoever writes the code of a link has come by it, and so has the conversation that the message began; on whatever channel,
 * for numbers move. Returns those messages that ask to be asked for a consent. One statement; none for none.
 */
export async function takeLinkCodes(tx: Tx, written: readonly WrittenLinkCode[]): Promise<WrittenLinkCode[]> {
  if (written.length === 0) return [];
  const { rows } = await sql<{ ordinal: number; link_id: string; asks: boolean }>`
    with matched as materialized (
      select input.*, link.id as link_id, link.purpose is not null as asks
      from ${unnest(
        'input',
        { ordinal: 'int', workspace_id: 'uuid', code: 'text', conversation_id: 'uuid', is_first: 'boolean' },
        written.map(({ workspaceId, code, conversationId, beganConversation }, ordinal) => ({
          ordinal,
          workspace_id: workspaceId,
          code,
          conversation_id: conversationId,
          is_first: beganConversation,
        })),
      )}
      join click_to_chat_link link on link.workspace_id = input.workspace_id and link.code = input.code and link.is_active
    ), begun as (
      update conversation set click_to_chat_link_id = matched.link_id from matched
      where matched.is_first and conversation.workspace_id = matched.workspace_id
        and conversation.id = matched.conversation_id
    )
    select ordinal, link_id, asks from matched order by ordinal
  `.execute(tx.sql);
  for (const { ordinal, link_id: linkId } of rows) {
    const { workspaceId, code: _, at, origin, ...used } = written[ordinal]!;
    tx.emit(clickToChatLinkUsed, {
      entityId: linkId,
      workspaceId,
      occurredAt: at,
      origin: { ...origin, actor: { kind: 'contact', id: used.contactId } },
      data: { linkId, ...used },
    });
  }
  return rows.filter(({ asks }) => asks).map(({ ordinal }) => written[ordinal]!);
}
