import { sql, unnest } from '@fenster/database';
import { recordAssignment } from '../assignments/record-assignments.js';
import { ABSENT_AFTER_MS } from '../availability/availability.rule.js';
import { lockFreeThreads } from '../threads/lock-free-threads.js';
import { setTimers, type TimerDefinition } from '../timers/timer.js';

const RETURNING = { kind: 'returning' };

interface ReturnedRow {
  workspace_id: string;
  id: string;
  thread_id: string;
  team_id: string;
  assignee_id: string;
  is_available: boolean;
  until: Date;
}

/**
 * A resolved conversation that its customer continues is still that of who had it. If they are not there within the minutes
 * of their team, it waits for anybody of the team instead. A trigger sets this timer: see the migration.
 */
export const returningTimer: TimerDefinition = {
  ...RETURNING,
  async handle(tx, due) {
    const now = tx.now();
    const { free, busy } = await lockFreeThreads(tx, due);
    // Routing does without the thread's lock, and sets no such timer: it is waited for.
    const { rows } = await sql<ReturnedRow>`
      select c.workspace_id, c.id, c.thread_id, c.team_id, c.assignee_id,
        coalesce(a.choice = 'ONLINE' and a.seen_at > ${new Date(now.getTime() - ABSENT_AFTER_MS)}, false) as is_available,
        c.waiting_since + coalesce(r.returning_minutes, 0) * interval '1 minute' as until
      from ${unnest(
        'due',
        { workspace_id: 'uuid', id: 'uuid' },
        free.map(({ workspaceId, subjectId }) => ({ workspace_id: workspaceId, id: subjectId })),
      )}
      join conversation c on c.workspace_id = due.workspace_id and c.id = due.id
      join team_routing r on r.workspace_id = c.workspace_id and r.team_id = c.team_id
      left join availability a on a.workspace_id = c.workspace_id and a.member_id = c.assignee_id
      where c.status = 'OPEN' and c.assignee_id is not null and c.waiting_since is not null
      order by c.id for update of c
    `.execute(tx.sql);
    const absent = rows.filter((row) => !row.is_available);
    const late = absent.filter(({ until }) => until <= now);
    await sql`
      update conversation set assignee_id = null
      from ${unnest(
        'late',
        { workspace_id: 'uuid', id: 'uuid' },
        late.map(({ workspace_id, id }) => ({ workspace_id, id })),
      )}
      where conversation.workspace_id = late.workspace_id and conversation.id = late.id
    `.execute(tx.sql);
    for (const {
      workspace_id: workspaceId,
      id,
      thread_id: threadId,
      team_id: teamId,
      assignee_id: assigneeId,
    } of late) {
      recordAssignment(tx, {
        conversation: { id, workspaceId, threadId },
        before: { teamId, assigneeId },
        after: { teamId, assigneeId: null },
        cause: 'RELEASED',
        reason: 'The customer came back, and who had them was not available in time.',
      });
    }
    await setTimers(
      tx,
      RETURNING,
      absent
        .filter(({ until }) => until > now)
        .map(({ workspace_id: workspaceId, id: subjectId, until: dueAt }) => ({ workspaceId, subjectId, dueAt })),
    );
    return { busy };
  },
};
