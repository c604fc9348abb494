import { type BatchLoad, checkPageSize, decodePage, olderThan, pageOf } from '@fenster/graphql';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { Note } from './note.entity.js';
import type { NotePage } from './note.types.js';

/** Who may see the conversation may see that there are notes; their words are a permission of their own. */
export async function listNotes(
  ctx: ConversationContext,
  conversation: Conversation,
  { first, after }: { first: number; after: string | null | undefined },
): Promise<NotePage> {
  const size = checkPageSize(first);
  const position = after == null ? undefined : decodePage(after, 'after');
  const rows = await ctx.em.find(
    Note,
    { conversationId: conversation.id, ...olderThan('createdAt', position) },
    { orderBy: { createdAt: 'desc', id: 'desc' }, limit: size + 1 },
  );
  return pageOf(rows, size, ({ createdAt: at, id }) => ({ at, id }));
}

/** For those who have been let into the conversation of each. */
export const notesById: BatchLoad<string, Note> = async (ctx, ids) => {
  const notes = await ctx.em.find(Note, { id: { $in: [...ids] } });
  return new Map(notes.map((note) => [note.id, note]));
};
