import { sql, unnest, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { chooseAutoReply } from '../auto-replies/auto-reply.rule.js';
import type { BusinessHours } from '../business-hours/business-hours.rule.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { loadLocked } from '../conversations/load-locked.js';
import { plainText } from '../messages/outgoing-content.js';
import { queueMessage } from '../messages/queue-message.js';
import { notYetTold, recordTold } from '../privacy-notices/due-notices.js';
import { privacyNoticeText, withPrivacyNotice } from '../privacy-notices/privacy-notice.rule.js';
import { startClocks } from '../service-levels/service-level.timer.js';
import { lockFreeThreads } from '../threads/lock-free-threads.js';
import type { Timer, TimerDefinition } from '../timers/timer.js';

/**
 * What has to be done because a customer wrote, on channels whose settings ask for something: automatic answers, and the
 * clocks of service levels. A timer that is due at once keeps it off the path of messages, and lets it happen exactly
 * once: it is set in the transaction that stores the message, and removed in that of what it does.
 */
export const conversationBeganTimer: TimerDefinition = {
  kind: 'conversation-began',
  handle: (tx, due) => attend(tx, due, { isFirst: true }),
};
export const customerWroteTimer: TimerDefinition = {
  kind: 'customer-wrote',
  handle: (tx, due) => attend(tx, due, { isFirst: false }),
};

export interface AttendedConversation {
  workspaceId: string;
  channelId: string;
  conversationId: string;
  isNew: boolean;
}

/** The statement that sets these timers, for what customers themselves wrote. */
export function attentionTimerInserts(conversations: readonly AttendedConversation[], now: Date) {
  return sql`
    insert into timer (workspace_id, kind, subject_id, due_at)
    select input.workspace_id,
      case when input.is_new then ${conversationBeganTimer.kind} else ${customerWroteTimer.kind} end,
      input.conversation_id, ${now}::timestamptz
    from ${unnest(
      'input',
      { workspace_id: 'uuid', channel_id: 'uuid', conversation_id: 'uuid', is_new: 'boolean' },
      conversations.map(({ workspaceId, channelId, conversationId, isNew }) => ({
        workspace_id: workspaceId,
        channel_id: channelId,
        conversation_id: conversationId,
        is_new: isNew,
      })),
    )}
    join channel_setting using (workspace_id, channel_id)
    where channel_setting.attends
    on conflict (workspace_id, kind, subject_id) do nothing`;
}

interface AttentionRow {
  id: string;
  workspace_id: string;
  thread_id: string;
  status: Conversation['status'];
  opened_at: Date;
  waiting_since: Date | null;
  first_response_at: Date | null;
  away_sent_at: Date | null;
  greeting_text: string | null;
  away_text: string | null;
  away_every_hours: number;
  first_response_minutes: number | null;
  next_response_minutes: number | null;
  resolution_minutes: number | null;
  privacy_notice_url: string | null;
  privacy_notice_version: string | null;
  time_zone: string | null;
  weekly: BusinessHours['weekly'];
  exceptions: BusinessHours['exceptions'];
}

async function attend(tx: Tx, due: readonly Timer[], { isFirst }: { isFirst: boolean }) {
  const { free, busy } = await lockFreeThreads(tx, due);
  const rows = await readDue(tx, free);
  // Whom somebody has answered meanwhile waits for nothing.
  const waiting = rows.filter((row) => row.waiting_since !== null && row.status !== 'RESOLVED');
  const wroteAt = new Map(free.map(({ subjectId, dueAt }) => [subjectId, dueAt]));
  const replies: Reply[] = waiting.flatMap((row) => {
    const reply = chooseAutoReply({
      greetingText: row.greeting_text,
      awayText: row.away_text,
      awayEveryHours: row.away_every_hours,
      hours: hoursOf(row),
      isFirst,
      wroteAt: wroteAt.get(row.id)!,
      now: tx.now(),
      lastAwayAt: row.away_sent_at,
    });
    return reply ? [{ row, ...reply }] : [];
  });
  await sendReplies(tx, rows, replies);
  await startClocks(
    tx,
    waiting.map((row) => ({
      workspaceId: row.workspace_id,
      conversationId: row.id,
      openedAt: row.opened_at,
      waitingSince: row.waiting_since,
      firstResponseAt: row.first_response_at,
      hours: hoursOf(row),
      targets: {
        firstResponseMinutes: row.first_response_minutes,
        nextResponseMinutes: row.next_response_minutes,
        resolutionMinutes: row.resolution_minutes,
      },
    })),
  );
  return { busy };
}

async function readDue(tx: Tx, due: readonly Timer[]): Promise<AttentionRow[]> {
  const { rows } = await sql<AttentionRow>`
    select c.id, c.workspace_id, c.thread_id, c.status, c.opened_at, c.waiting_since, c.first_response_at, c.away_sent_at,
      s.greeting_text, s.away_text, s.away_every_hours, s.first_response_minutes, s.next_response_minutes,
      s.resolution_minutes, s.privacy_notice_url, s.privacy_notice_version, h.time_zone, h.weekly, h.exceptions
    from ${unnest(
      'due',
      { workspace_id: 'uuid', id: 'uuid' },
      due.map(({ workspaceId, subjectId }) => ({ workspace_id: workspaceId, id: subjectId })),
    )}
    join conversation c using (workspace_id, id)
    join channel_setting s on s.workspace_id = c.workspace_id and s.channel_id = c.channel_id
    left join business_hours h on h.workspace_id = c.workspace_id and h.channel_id = c.channel_id
    order by c.id
  `.execute(tx.sql);
  return rows;
}

function hoursOf({ time_zone: timeZone, weekly, exceptions }: AttentionRow): BusinessHours | null {
  return timeZone === null ? null : { timeZone, weekly, exceptions };
}

interface Reply {
  row: AttentionRow;
  automation: 'GREETING' | 'AWAY' | 'PRIVACY_NOTICE';
  text: string;
  /** The version of the privacy notice that is in it. */
  notice?: string;
}

/** Rows are those of all customers who wrote: each is told once how their data are handled, answered or not. */
async function sendReplies(tx: Tx, rows: readonly AttentionRow[], chosen: readonly Reply[]): Promise<void> {
  const concerned = rows.filter((row) => row.privacy_notice_url !== null || chosen.some((reply) => reply.row === row));
  if (concerned.length === 0) return;
  const subjects = await loadLocked(tx, concerned);
  const replies = await withNotices(tx, concerned, chosen, subjects);
  const away: { workspace_id: string; id: string }[] = [];
  const told: Parameters<typeof recordTold>[1][number][] = [];
  for (const { row, automation, text, notice } of replies) {
    const by = { kind: 'system', id: automation.toLowerCase() } as const;
    const { conversation, thread } = subjects.get(row.id)!;
    const messageId = newId();
    const content = plainText(text);
    const reasons = await queueMessage(tx, conversation, thread, { id: messageId, by, content, automation });
    if (reasons.length > 0) continue;
    if (automation === 'AWAY') away.push({ workspace_id: row.workspace_id, id: row.id });
    if (notice !== undefined) told.push({ thread, version: notice, messageId });
  }
  await tx.em.flush();
  await recordTold(tx, told);
  if (away.length === 0) return;
  await sql`
    update conversation set away_sent_at = ${tx.now()} from ${unnest('away', { workspace_id: 'uuid', id: 'uuid' }, away)}
    where conversation.workspace_id = away.workspace_id and conversation.id = away.id
  `.execute(tx.sql);
}

/** Where the privacy notice has to be said: with the answer that is sent anyway, else alone. */
async function withNotices(
  tx: Tx,
  rows: readonly AttentionRow[],
  chosen: readonly Reply[],
  subjects: Awaited<ReturnType<typeof loadLocked>>,
): Promise<readonly Reply[]> {
  const due = await notYetTold(
    tx,
    rows.flatMap((row) =>
      row.privacy_notice_url === null || row.privacy_notice_version === null
        ? []
        : [
            {
              row,
              url: row.privacy_notice_url,
              version: row.privacy_notice_version,
              thread: subjects.get(row.id)!.thread,
            },
          ],
    ),
  );
  const replies = [...chosen];
  for (const { row, url, version, thread } of due) {
    const notice = privacyNoticeText(url, thread.phone ?? null);
    const index = replies.findIndex((reply) => reply.row === row);
    const both = index < 0 ? undefined : withPrivacyNotice(replies[index]!.text, notice);
    if (both === undefined) replies.push({ row, automation: 'PRIVACY_NOTICE', text: notice, notice: version });
    else replies[index] = { ...replies[index]!, text: both, notice: version };
  }
  return replies;
}
