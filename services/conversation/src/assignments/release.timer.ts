import { array, sql, type Tx } from '@fenster/database';
import { setTimers, type Timer, type TimerDefinition } from '../timers/timer.js';
import { recordAssignment } from './record-assignments.js';

const KIND = { kind: 'release' };
const MAX_AT_ONCE = 500;

/** What is the work of these members and teams, who are gone, will be nobody's. */
export async function setReleases(tx: Tx, gone: readonly { workspaceId: string; id: string }[]): Promise<void> {
  const dueAt = tx.now();
  await setTimers(
    tx,
    KIND,
    gone.map(({ workspaceId, id }) => ({ workspaceId, subjectId: id, dueAt })),
  );
}

interface ReleasedRow {
  workspace_id: string;
  id: string;
  thread_id: string;
  team_id: string | null;
  assignee_id: string | null;
  is_team_gone: boolean;
  is_assignee_gone: boolean;
}

/** Some at a time: a member of many years leaves with tens of thousands. */
export const releaseTimer: TimerDefinition = {
  ...KIND,
  async handle(tx, due) {
    const busy: Timer[] = [];
    for (const timer of due) {
      const left = await release(tx, timer);
      if (left === 'busy') busy.push(timer);
      if (left === 'more') await setTimers(tx, KIND, [timer]);
    }
    return { busy };
  },
};

/** What is left of it: perhaps more, or at most what somebody works on at the moment. */
async function release(tx: Tx, { workspaceId, subjectId: goneId }: Timer): Promise<'nothing' | 'more' | 'busy'> {
  const isTheirs = sql`
    c.workspace_id = ${workspaceId} and (
      (c.assignee_id = ${goneId} and exists (
        select from member where workspace_id = ${workspaceId} and id = ${goneId} and status = 'REMOVED'
      ))
      or (c.team_id = ${goneId} and not exists (select from team where workspace_id = ${workspaceId} and id = ${goneId}))
    )`;
  // Threads first, as everybody does: see `changeConversation`.
  const { rows: threads } = await sql<{ id: string; is_free: boolean }>`
    select theirs.thread_id as id, thread.id is not null as is_free
    from (select distinct c.thread_id from conversation c where ${isTheirs} limit ${MAX_AT_ONCE}) theirs
    left join lateral (
      select id from thread where workspace_id = ${workspaceId} and id = theirs.thread_id for update skip locked
    ) thread on true
  `.execute(tx.sql);
  if (threads.length === 0) return 'nothing';
  const free = threads.filter((thread) => thread.is_free).map(({ id }) => id);
  const { rows } = await sql<ReleasedRow>`
    select c.workspace_id, c.id, c.thread_id, c.team_id, c.assignee_id,
      coalesce(c.team_id = ${goneId}, false) as is_team_gone, coalesce(c.assignee_id = ${goneId}, false) as is_assignee_gone
    from conversation c
    where ${isTheirs} and c.thread_id = any(${array('uuid', free)}) order by c.id for update
  `.execute(tx.sql);
  await sql`
    update conversation set assignee_id = nullif(assignee_id, ${goneId}), team_id = nullif(team_id, ${goneId})
    where workspace_id = ${workspaceId} and id = any(${array('uuid', rows, ({ id }) => id)})
  `.execute(tx.sql);
  for (const row of rows) {
    const { team_id: teamId, assignee_id: assigneeId } = row;
    recordAssignment(tx, {
      conversation: { id: row.id, workspaceId, threadId: row.thread_id },
      before: { teamId, assigneeId },
      after: { teamId: row.is_team_gone ? null : teamId, assigneeId: row.is_assignee_gone ? null : assigneeId },
      cause: 'RELEASED',
      reason: row.is_team_gone ? 'The team was deleted.' : 'The member was removed.',
    });
  }
  return free.length === threads.length ? 'more' : 'busy';
}
