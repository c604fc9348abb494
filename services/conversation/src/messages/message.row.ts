import { sql } from '@fenster/database';
import type { Message } from './message.entity.js';

/** A row of the table as plain SQL reads it; see `conversation.row.ts`. Prefixed where a conversation has such a column too. */
export interface MessageRow {
  message_id: string;
  message_workspace_id: string;
  message_thread_id: string;
  message_conversation_id: string;
  message_channel_id: string;
  seq: number;
  direction: Message['direction'];
  type: Message['type'];
  text: string | null;
  payload: Message['payload'];
  message_status: Message['status'];
  error_code: number | null;
  error_title: string | null;
  error_reason: Message['errorReason'] | null;
  waiting_for: Message['waitingFor'];
  waiting_until: Date | null;
  author_id: string | null;
  api_key_id: string | null;
  automation: Message['automation'] | null;
  is_echo: boolean;
  message_is_imported: boolean;
  context_provider_message_id: string | null;
  referral: Message['referral'];
  reactions: Message['reactions'];
  edited_at: Date | null;
  revoked_at: Date | null;
  content_removed_at: Date | null;
  sent_at: Date;
  created_at: Date;
  settled_as: Message['settledAs'];
  settled_by_kind: Message['settledByKind'];
  settled_by_id: string | null;
  settled_at: Date | null;
  resent_as: string | null;
  resend_of: string | null;
}

/** The columns of a {@link MessageRow}; the table's name or alias is `m`. */
export const MESSAGE_COLUMNS = sql.raw(`m.id as message_id, m.workspace_id as message_workspace_id,
  m.thread_id as message_thread_id, m.conversation_id as message_conversation_id, m.channel_id as message_channel_id,
  m.seq, m.direction, m.type, m.text, m.payload, m.status as message_status, m.error_code, m.error_title, m.error_reason,
  m.waiting_for, m.waiting_until, m.author_id, m.api_key_id, m.automation, m.is_echo,
  m.is_imported as message_is_imported, m.context_provider_message_id,
  m.referral, m.reactions, m.edited_at, m.revoked_at, m.content_removed_at, m.sent_at, m.created_at,
  m.settled_as, m.settled_by_kind, m.settled_by_id, m.settled_at, m.resent_as, m.resend_of`);

/** What a message shows; undefined where an outer join found none. */
export type ShownMessage = Omit<Message, 'providerMessageId' | 'newsletterId'>;

export function toMessage(row: Partial<MessageRow>): ShownMessage | undefined {
  return row.message_id == null ? undefined : shown(row as MessageRow);
}

function shown(row: MessageRow): ShownMessage {
  return {
    id: row.message_id,
    workspaceId: row.message_workspace_id,
    threadId: row.message_thread_id,
    conversationId: row.message_conversation_id,
    channelId: row.message_channel_id,
    seq: row.seq,
    direction: row.direction,
    type: row.type,
    text: row.text,
    payload: row.payload,
    status: row.message_status,
    errorCode: row.error_code,
    errorTitle: row.error_title,
    errorReason: row.error_reason,
    waitingFor: row.waiting_for,
    waitingUntil: row.waiting_until,
    authorId: row.author_id,
    apiKeyId: row.api_key_id,
    automation: row.automation,
    isEcho: row.is_echo,
    isImported: row.message_is_imported,
    contextProviderMessageId: row.context_provider_message_id,
    referral: row.referral,
    reactions: row.reactions,
    editedAt: row.edited_at,
    revokedAt: row.revoked_at,
    contentRemovedAt: row.content_removed_at,
    sentAt: row.sent_at,
    createdAt: row.created_at,
    settledAs: row.settled_as,
    settledByKind: row.settled_by_kind,
    settledById: row.settled_by_id,
    settledAt: row.settled_at,
    resentAs: row.resent_as,
    resendOf: row.resend_of,
  };
}
