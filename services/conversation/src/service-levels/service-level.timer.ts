import { serviceLevelBreached } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import type { BusinessHours } from '../business-hours/business-hours.rule.js';
import { setTimers, type Timer, type TimerDefinition } from '../timers/timer.js';
import { clocksOf, type ServiceLevelTarget, type Targets } from './service-level.rule.js';

/** Each clock has a timer, with its own id. It judges what became of the promise; nobody else has to end clocks. */
export const serviceLevelTimer: TimerDefinition = { kind: 'service-level', handle: judge };

export interface ClockStart {
  workspaceId: string;
  conversationId: string;
  openedAt: Date;
  waitingSince: Date | null;
  firstResponseAt: Date | null;
  hours: BusinessHours | null;
  targets: Targets;
}

/** Those that run already go on. */
export async function startClocks(tx: Tx, starts: readonly ClockStart[]): Promise<void> {
  const clocks = starts.flatMap((start) =>
    clocksOf(start, start.targets, start.hours).map(({ target, startedAt, dueAt }) => ({
      workspace_id: start.workspaceId,
      id: newId(),
      conversation_id: start.conversationId,
      target,
      started_at: startedAt,
      due_at: dueAt,
    })),
  );
  if (clocks.length === 0) return;
  const { rows } = await sql<{ workspace_id: string; id: string; due_at: Date }>`
    insert into service_level_clock (workspace_id, id, conversation_id, target, started_at, due_at, state)
    select *, 'RUNNING' from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        id: 'uuid',
        conversation_id: 'uuid',
        target: 'text',
        started_at: 'timestamptz',
        due_at: 'timestamptz',
      },
      clocks,
    )}
    on conflict (workspace_id, conversation_id, target, started_at) do nothing
    returning workspace_id, id, due_at
  `.execute(tx.sql);
  await setTimers(
    tx,
    serviceLevelTimer,
    rows.map((row) => ({ workspaceId: row.workspace_id, subjectId: row.id, dueAt: row.due_at })),
  );
}

interface DueClock {
  workspace_id: string;
  id: string;
  conversation_id: string;
  thread_id: string;
  target: ServiceLevelTarget;
  due_at: Date;
  /** Since the clock started: first answered, first resolved. */
  answered_at: Date | null;
  closed_at: Date | null;
  /** Null if it is not resolved now. */
  resolved_at: Date | null;
}

/**
 * Kept if it happened by then. What Fenster says by itself is no answer, nor is what did not reach the customer; what
 * the business writes in its phone app is one. Who resolves a conversation leaves nobody waiting, whatever
 * becomes of it later.
 */
async function judge(tx: Tx, due: readonly Timer[]): Promise<void> {
  const { rows } = await sql<DueClock>`
    select clock.workspace_id, clock.id, clock.conversation_id, clock.target, clock.due_at, c.thread_id, c.resolved_at,
      answer.at as answered_at, (
        select min(occurred_at) from activity
        where activity.workspace_id = clock.workspace_id and activity.conversation_id = clock.conversation_id
          and activity.kind = 'STATUS' and activity.after = 'RESOLVED' and activity.occurred_at >= clock.started_at
      ) as closed_at
    from ${unnest(
      'due',
      { workspace_id: 'uuid', id: 'uuid' },
      due.map(({ workspaceId, subjectId }) => ({ workspace_id: workspaceId, id: subjectId })),
    )}
    join service_level_clock clock using (workspace_id, id)
    join conversation c on c.workspace_id = clock.workspace_id and c.id = clock.conversation_id
    cross join lateral (
      select min(message.created_at) as at from message
      where message.workspace_id = clock.workspace_id and message.conversation_id = clock.conversation_id
        and message.direction = 'OUTBOUND' and message.automation is null and message.status <> 'FAILED'
        and message.created_at >= clock.started_at
    ) answer
    where clock.state = 'RUNNING'
    order by clock.due_at, clock.id
  `.execute(tx.sql);
  const judged = rows.map((row) => {
    const ends = row.target === 'RESOLUTION' ? [row.resolved_at] : [row.answered_at, row.closed_at];
    return { ...row, state: ends.some((end) => end !== null && end <= row.due_at) ? 'MET' : 'BREACHED' };
  });
  await sql`
    update service_level_clock set state = input.state
    from ${unnest(
      'input',
      { workspace_id: 'uuid', id: 'uuid', state: 'text' },
      judged.map(({ workspace_id, id, state }) => ({ workspace_id, id, state })),
    )}
    where service_level_clock.workspace_id = input.workspace_id and service_level_clock.id = input.id
  `.execute(tx.sql);
  for (const row of judged.filter(({ state }) => state === 'BREACHED')) {
    tx.emit(serviceLevelBreached, {
      entityId: row.conversation_id,
      workspaceId: row.workspace_id,
      occurredAt: row.due_at,
      data: {
        conversationId: row.conversation_id,
        threadId: row.thread_id,
        target: row.target,
        dueAt: row.due_at.toISOString(),
      },
    });
  }
}
