import { sql, unnest, type Tx } from '@fenster/database';
import { lockFreeThreads } from '../threads/lock-free-threads.js';
import { setTimers, type Timer, type TimerDefinition } from '../timers/timer.js';
import { decideStatus, wakingTime } from './status.rule.js';
import { readStandings, SNOOZE_END, storeWoken, wake, type Standing } from './wake-conversations.js';

/** Snoozed conversations open again when their time has come. */
export const snoozeEndTimer: TimerDefinition = { ...SNOOZE_END, handle: endSnoozes };

async function endSnoozes(tx: Tx, due: readonly Timer[]) {
  const { free, busy } = await lockFreeThreads(tx, due);
  const conversations = free.map(({ workspaceId, subjectId: id }) => ({ workspaceId, id }));
  const standings = await readStandings(tx, conversations);
  const woken: Standing[] = [];
  const later: Timer[] = [];
  const moved: Moved[] = [];
  for (const { workspaceId, subjectId, windowExpiresAt } of free) {
    const standing = standings.get(subjectId)!;
    const window = { expiresAt: windowExpiresAt };
    const transition = decideStatus(standing, { kind: 'timeCame' }, { now: tx.now(), window, isAnotherOpen: false });
    if (transition) {
      wake(tx, standing, transition);
      woken.push(standing);
      continue;
    }
    // The window that it waits for has moved, or somebody set another time.
    const dueAt = standing.status === 'SNOOZED' ? wakingTime(standing, window) : null;
    if (!dueAt) continue;
    later.push({ workspaceId, subjectId, dueAt });
    moved.push({ workspace_id: workspaceId, id: subjectId, until: dueAt });
  }
  await storeWoken(tx, woken);
  await setTimers(tx, SNOOZE_END, later);
  await storeMoved(tx, moved);
  return { busy };
}

interface Moved {
  workspace_id: string;
  id: string;
  until: Date;
}

async function storeMoved(tx: Tx, moved: readonly Moved[]): Promise<void> {
  if (moved.length === 0) return;
  await sql`
    update conversation set snoozed_until = input.until
    from ${unnest('input', { workspace_id: 'uuid', id: 'uuid', until: 'timestamptz' }, moved)}
    where conversation.workspace_id = input.workspace_id and conversation.id = input.id
  `.execute(tx.sql);
}
