import { checkPageSize, type BatchLoad } from '@fenster/graphql';
import { invalidInput, isId } from '@fenster/runtime';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { conversationsById } from '../conversations/conversation.queries.js';
import { Message } from './message.entity.js';
import type { MessagePage } from './message.types.js';

/** Who may see the conversation may see that there are messages; their content is a permission of its own. */
export async function listMessages(
  ctx: ConversationContext,
  conversation: Conversation,
  { last, before }: { last: number; before: number | null | undefined },
): Promise<MessagePage> {
  const size = checkPageSize(last, 'last');
  if (before != null && before < 1) throw invalidInput('before', 'must be a `seq`.');
  const rows = await ctx.em.find(
    Message,
    { conversationId: conversation.id, ...(before != null && { seq: { $lt: before } }) },
    { orderBy: { seq: 'desc' }, limit: size + 1 },
  );
  return { nodes: rows.slice(0, size).reverse(), hasOlder: rows.length > size };
}

/** Those of the messages whose conversation the actor may see. */
export const messagesById: BatchLoad<string, Message> = async (ctx, ids) => {
  const messages = await ctx.em.find(Message, { id: { $in: ids.filter(isId) } });
  const conversations = await ctx.loader(conversationsById).loadMany(messages.map((message) => message.conversationId));
  return new Map(messages.flatMap((message, index) => (conversations[index] ? [[message.id, message]] : [])));
};
