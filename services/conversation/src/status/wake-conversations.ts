import { sql, unnest, type Origin, type Tx } from '@fenster/database';
import { DEFAULT_REOPEN_WITHIN_HOURS } from '../reopening/reopening.rule.js';
import { clearTimers } from '../timers/timer.js';
import { announceStatus } from './announce-status.js';
import type { StatusFields, Transition } from './status.rule.js';

/** The timer that ends a snooze; see `snooze-end.timer.ts`. */
export const SNOOZE_END = { kind: 'snooze-end' } as const;

/** Where a conversation stands, as the event path reads it. */
export interface Standing extends StatusFields {
  id: string;
  workspaceId: string;
  threadId: string;
  channelId: string;
  /** Of its channel: see `reopening/`. */
  reopenWithinHours: number;
  /** Until when what the customer writes may be the answer to a survey; null if none is awaited. */
  surveyExpiresAt: Date | null;
}

interface StandingRow {
  id: string;
  workspace_id: string;
  thread_id: string;
  channel_id: string;
  status: Standing['status'];
  resolved_at: Date | null;
  snooze_kind: Standing['snoozeKind'];
  snoozed_until: Date | null;
  snooze_hours: number | null;
  reopen_within_hours: number;
  survey_expires_at: Date | null;
}

/** By conversation. Their threads are locked, so they stand there until the end of the transaction. */
export async function readStandings(
  tx: Tx,
  conversations: readonly { workspaceId: string; id: string }[],
): Promise<Map<string, Standing>> {
  if (conversations.length === 0) return new Map();
  const { rows } = await sql<StandingRow>`
    select c.id, c.workspace_id, c.thread_id, c.channel_id, c.status, c.resolved_at, c.snooze_kind, c.snoozed_until,
      c.snooze_hours, coalesce(s.reopen_within_hours, ${DEFAULT_REOPEN_WITHIN_HOURS}::int) as reopen_within_hours,
      survey.expires_at as survey_expires_at
    from ${unnest(
      'input',
      { workspace_id: 'uuid', id: 'uuid' },
      conversations.map(({ workspaceId, id }) => ({ workspace_id: workspaceId, id })),
    )}
    cross join lateral (
      select * from conversation where workspace_id = input.workspace_id and id = input.id offset 0
    ) c
    left join channel_setting s on s.workspace_id = c.workspace_id and s.channel_id = c.channel_id
    left join survey on survey.workspace_id = c.workspace_id and survey.conversation_id = c.id and survey.score is null
  `.execute(tx.sql);
  return new Map(rows.map((row) => [row.id, toStanding(row)]));
}

/** Becomes part of what {@link storeWoken} stores. */
export function wake(tx: Tx, standing: Standing, { to, reason }: Transition, origin?: Origin): void {
  announceStatus(tx, standing, { from: standing.status, to, reason, ...(origin && { origin }) });
  Object.assign(standing, to);
}

/** They are OPEN from now on. Nothing to do for none. */
export async function storeWoken(tx: Tx, woken: readonly Standing[]): Promise<void> {
  if (woken.length === 0) return;
  const input = unnest(
    'input',
    { workspace_id: 'uuid', id: 'uuid', thread_id: 'uuid' },
    woken.map(({ workspaceId, id, threadId }) => ({ workspace_id: workspaceId, id, thread_id: threadId })),
  );
  await sql`
    with woken_thread as (
      update thread set open_conversation_id = input.id, wakes_on_message = false from ${input}
      where thread.workspace_id = input.workspace_id and thread.id = input.thread_id
    )
    update conversation set status = 'OPEN', resolved_at = null, snooze_kind = null, snoozed_until = null,
      snooze_hours = null
    from ${input} where conversation.workspace_id = input.workspace_id and conversation.id = input.id
  `.execute(tx.sql);
  await clearTimers(
    tx,
    SNOOZE_END,
    woken.map(({ workspaceId, id: subjectId }) => ({ workspaceId, subjectId })),
  );
}

function toStanding(row: StandingRow): Standing {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    threadId: row.thread_id,
    channelId: row.channel_id,
    status: row.status,
    resolvedAt: row.resolved_at,
    snoozeKind: row.snooze_kind,
    snoozedUntil: row.snoozed_until,
    snoozeHours: row.snooze_hours,
    reopenWithinHours: row.reopen_within_hours,
    surveyExpiresAt: row.survey_expires_at,
  };
}
