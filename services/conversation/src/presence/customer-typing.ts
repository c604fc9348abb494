import { customerTypingSubject, type ChannelCapabilities, type CustomerTyping } from '@fenster/contracts';
import { sql } from '@fenster/database';
import type { NatsConnection } from '@fenster/messaging';
import type { Clock } from '@fenster/runtime';
import { hasServiceWindow } from '../channels/capabilities.rule.js';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { isWindowOpen } from '../threads/service-window.js';

/** WhatsApp shows it for 25 seconds, or until the reply (whatsapp.md §B1). */
const AGAIN_AFTER_MS = 20_000;

export interface CustomerTypingIndicator {
  /** Lets the customer see that somebody types, if their channel shows such things. */
  passOn(ctx: ConversationContext, conversation: Conversation): Promise<void>;
}

interface Row {
  provider_message_id: string;
  window_expires_at: Date | null;
  shows_typing: boolean | null;
  capabilities: ChannelCapabilities | null;
}

/** A hint, told by plain NATS: if nobody hears it, nothing is lost. */
export function createCustomerTyping({
  connection,
  now,
}: {
  connection: NatsConnection;
  now: Clock;
}): CustomerTypingIndicator {
  const last = new Map<string, number>();
  return {
    async passOn(ctx, { id, threadId, workspaceId, channelId }) {
      const at = now().getTime();
      for (const [conversation, then] of last) {
        if (at - then < AGAIN_AFTER_MS) break;
        last.delete(conversation);
      }
      if (last.has(id)) return;
      last.set(id, at);
      const [row] = await ctx.database.readForTenant(
        workspaceId,
        sql<Row>`
          select message.provider_message_id, thread.window_expires_at, channel_setting.shows_typing, channel.capabilities
          from thread
          cross join lateral (
            select provider_message_id from message
            where workspace_id = ${workspaceId} and thread_id = ${threadId} and direction = 'INBOUND'
              and provider_message_id is not null
            order by seq desc limit 1
          ) message
          left join channel_setting on channel_setting.workspace_id = thread.workspace_id
            and channel_setting.channel_id = thread.channel_id
          left join channel on channel.workspace_id = thread.workspace_id and channel.id = thread.channel_id
          where thread.workspace_id = ${workspaceId} and thread.id = ${threadId}
        `,
      );
      if (!row?.shows_typing || row.capabilities?.typing === false) return;
      const isOpen = isWindowOpen({ expiresAt: row.window_expires_at }, now());
      if (!isOpen && hasServiceWindow(row.capabilities)) return;
      const typing: CustomerTyping = { workspaceId, channelId, providerMessageId: row.provider_message_id };
      connection.publish(customerTypingSubject(workspaceId), JSON.stringify(typing));
    },
  };
}
