import { array, sql, transact } from '@fenster/database';
import { checkPageSize, decodePage, MAX_PAGE_SIZE, pageOf } from '@fenster/graphql';
import { invalidInput, isId } from '@fenster/runtime';
import { abilityOf, type ConversationContext } from '../context.js';
import { accessibleSql } from '../conversations/accessible-sql.js';
import type { MentionPage, MentionsMarked } from './mention.types.js';
import { notesById } from './note.queries.js';

interface MentionRow {
  note_id: string;
  created_at: Date;
  read_at: Date | null;
}

/** Whoever may not see a conversation any more does not find its mentions either. */
export async function listMentions(
  ctx: ConversationContext,
  { first, after, unreadOnly }: { first: number; after: string | null | undefined; unreadOnly: boolean },
): Promise<MentionPage> {
  const { id: memberId, workspaceId } = ctx.requireActor();
  const size = checkPageSize(first);
  const position = after == null ? undefined : decodePage(after, 'after');
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<MentionRow>`
      select m.note_id, m.created_at, m.read_at from mention m
      join conversation c on c.workspace_id = m.workspace_id and c.id = m.conversation_id
      where m.workspace_id = ${workspaceId} and m.member_id = ${memberId}
        and ${accessibleSql(abilityOf(ctx), 'read')}
        ${unreadOnly ? sql`and m.read_at is null` : sql``}
        ${position ? sql`and (m.created_at, m.note_id) < (${position.at}, ${position.id})` : sql``}
      order by m.created_at desc, m.note_id desc limit ${size + 1}
    `,
  );
  const { nodes: shown, nextPage } = pageOf(rows, size, (row) => ({ at: row.created_at, id: row.note_id }));
  const notes = await ctx.loader(notesById).loadMany(shown.map((row) => row.note_id));
  return {
    // A note may have been deleted between the two statements.
    nodes: shown.flatMap(({ created_at: createdAt, read_at: readAt }, index) => {
      const note = notes[index];
      return note && !(note instanceof Error) ? [{ note, createdAt, readAt }] : [];
    }),
    nextPage,
  };
}

export async function countUnreadMentions(ctx: ConversationContext): Promise<number> {
  const { id: memberId, workspaceId } = ctx.requireActor();
  const [row] = await ctx.database.readForTenant(
    workspaceId,
    sql<{ unread: number }>`
      select count(*)::int as unread from mention m
      join conversation c on c.workspace_id = m.workspace_id and c.id = m.conversation_id
      where m.workspace_id = ${workspaceId} and m.member_id = ${memberId} and m.read_at is null
        and ${accessibleSql(abilityOf(ctx), 'read')}
    `,
  );
  return row!.unread;
}

/** Those of one's own that one may see; what is no such mention of oneself changes nothing. @throws DomainError INVALID_INPUT */
export async function markMentionsRead(ctx: ConversationContext, noteIds: readonly string[]): Promise<MentionsMarked> {
  if (!noteIds.every(isId)) throw invalidInput('noteIds', 'must be ids of notes.');
  if (noteIds.length === 0 || noteIds.length > MAX_PAGE_SIZE) {
    throw invalidInput('noteIds', `must name 1 to ${MAX_PAGE_SIZE} notes.`);
  }
  const { id: memberId, workspaceId } = ctx.requireActor();
  await transact(ctx, (tx) =>
    sql`
      update mention m set read_at = ${tx.now()} from conversation c
      where m.workspace_id = ${workspaceId} and m.note_id = any(${array('uuid', noteIds)}) and m.member_id = ${memberId}
        and m.read_at is null and c.workspace_id = m.workspace_id and c.id = m.conversation_id
        and ${accessibleSql(abilityOf(ctx), 'read')}
    `.execute(tx.sql),
  );
  return { unreadMentions: await countUnreadMentions(ctx) };
}
