import { sql } from '@fenster/database';
import type { Conversation, SnoozeKind } from './conversation.entity.js';

/** A row of the table as plain SQL reads it: hot paths do without MikroORM's hydration, which costs them most of their time. */
export interface ConversationRow {
  id: string;
  workspace_id: string;
  thread_id: string;
  channel_id: string;
  contact_id: string;
  team_id: string | null;
  assignee_id: string | null;
  status: Conversation['status'];
  is_imported: boolean;
  last_seq: number;
  last_customer_seq: number;
  last_message_at: Date;
  waiting_since: Date | null;
  first_response_at: Date | null;
  opened_at: Date;
  resolved_at: Date | null;
  snooze_kind: SnoozeKind | null;
  snoozed_until: Date | null;
  snooze_hours: number | null;
  click_to_chat_link_id: string | null;
}

export function toConversation(row: ConversationRow): Conversation {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    threadId: row.thread_id,
    channelId: row.channel_id,
    contactId: row.contact_id,
    teamId: row.team_id,
    assigneeId: row.assignee_id,
    status: row.status,
    isImported: row.is_imported,
    lastSeq: row.last_seq,
    lastCustomerSeq: row.last_customer_seq,
    lastMessageAt: row.last_message_at,
    waitingSince: row.waiting_since,
    firstResponseAt: row.first_response_at,
    openedAt: row.opened_at,
    resolvedAt: row.resolved_at,
    snoozeKind: row.snooze_kind,
    snoozedUntil: row.snoozed_until,
    snoozeHours: row.snooze_hours,
    clickToChatLinkId: row.click_to_chat_link_id,
  };
}

/** The columns of a {@link ConversationRow}; the table's name or alias is `c`. */
export const CONVERSATION_COLUMNS = sql.raw(`c.id, c.workspace_id, c.thread_id, c.channel_id, c.contact_id, c.team_id,
  c.assignee_id, c.status, c.is_imported, c.last_seq, c.last_customer_seq, c.last_message_at, c.waiting_since, c.first_response_at, c.opened_at,
  c.resolved_at, c.snooze_kind, c.snoozed_until, c.snooze_hours, c.click_to_chat_link_id`);
