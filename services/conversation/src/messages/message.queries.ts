import { array, sql } from '@fenster/database';
import { checkPageSize, type BatchLoad } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { conversationsById } from '../conversations/conversation.queries.js';
import { Message, StoredMessageVersion } from './message.entity.js';
import { MESSAGE_COLUMNS, toMessage, type MessageRow, type ShownMessage } from './message.row.js';
import type { MessagePage } from './message.types.js';

/** Who may see the conversation may see that there are messages; their content is a permission of its own. */
export async function listMessages(
  ctx: ConversationContext,
  conversation: Conversation,
  { last, before }: { last: number; before: number | null | undefined },
): Promise<MessagePage> {
  const size = checkPageSize(last, 'last');
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

/** Names the message that this one answers, for {@link answeredMessages}. */
export function answeredKey({ threadId, channelId, contextProviderMessageId }: Message): string {
  return [threadId, channelId, contextProviderMessageId].join(' ');
}

/** Those of the answered messages that are here, in the same thread, and may be seen. */
export const answeredMessages: BatchLoad<string, Message> = async (ctx, keys) => {
  const asked = keys.map((key) => key.split(' '));
  const found = await ctx.em.find(Message, {
    channelId: { $in: asked.map(([, channelId]) => channelId!) },
    providerMessageId: { $in: asked.map(([, , providerMessageId]) => providerMessageId!) },
  });
  const conversations = await ctx.loader(conversationsById).loadMany(found.map((message) => message.conversationId));
  return new Map(
    found.flatMap((message, index): [string, Message][] => {
      const key = answeredKey({ ...message, contextProviderMessageId: message.providerMessageId });
      return conversations[index] ? [[key, message]] : [];
    }),
  );
};

export const versionsByMessage: BatchLoad<string, StoredMessageVersion[]> = async (ctx, ids) => {
  const versions = await ctx.em.find(
    StoredMessageVersion,
    { messageId: { $in: [...ids] } },
    { orderBy: { isOriginal: 'desc', writtenAt: 'asc', providerMessageId: 'asc' } },
  );
  return Map.groupBy(versions, (version) => version.messageId);
};

/** The last message of each of these conversations; which they may see is known by then. */
export const lastMessages: BatchLoad<string, ShownMessage> = async (ctx, conversationIds) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<MessageRow>`
      select ${MESSAGE_COLUMNS} from conversation c
      join message m on m.workspace_id = c.workspace_id and m.thread_id = c.thread_id and m.seq = c.last_seq
        and m.conversation_id = c.id
      where c.workspace_id = ${workspaceId} and c.id = any(${array('uuid', conversationIds)})
    `,
  );
  return new Map(rows.map((row) => [row.message_conversation_id, toMessage(row)!]));
};

/** By message: the last one of its thread up to it by which the customer came from an ad. Whether it may be seen, {@link messagesById} says. */
export const referringMessages: BatchLoad<string, string> = async (ctx, ids) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ id: string; referring_id: string }>`
      select m.id, referring.id as referring_id from message m
      cross join lateral (
        select r.id from message r
        where r.workspace_id = m.workspace_id and r.thread_id = m.thread_id and r.seq <= m.seq and r.referral is not null
        order by r.seq desc limit 1
      ) referring
      where m.workspace_id = ${workspaceId} and m.id = any(${array('uuid', ids)})
    `,
  );
  return new Map(rows.map((row) => [row.id, row.referring_id]));
};
