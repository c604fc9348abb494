import { availabilityChanged } from '@fenster/contracts';
import { sql, unnest } from '@fenster/database';
import { setTimers, type TimerDefinition } from '../timers/timer.js';
import { ABSENT_AFTER_MS, absentAt } from './availability.rule.js';

export const ABSENCE = { kind: 'absence' };

/** Looks after who has not been heard of: colleagues are told that they are offline. Routing sees it by itself. */
export const absenceTimer: TimerDefinition = {
  ...ABSENCE,
  async handle(tx, due) {
    const now = tx.now();
    const { rows } = await sql<{ workspace_id: string; member_id: string; seen_at: Date }>`
      select a.workspace_id, a.member_id, a.seen_at
      from availability a join ${unnest(
        'due',
        { workspace_id: 'uuid', member_id: 'uuid' },
        due.map(({ workspaceId, subjectId }) => ({ workspace_id: workspaceId, member_id: subjectId })),
      )} using (workspace_id, member_id)
      where a.told_status <> 'OFFLINE' order by a.workspace_id, a.member_id for update of a
    `.execute(tx.sql);
    const isAbsent = (row: (typeof rows)[number]) => now.getTime() - row.seen_at.getTime() >= ABSENT_AFTER_MS;
    const absent = rows.filter(isAbsent);
    await sql`
      update availability set told_status = 'OFFLINE', told_since = ${now}
      from ${unnest(
        'absent',
        { workspace_id: 'uuid', member_id: 'uuid' },
        absent.map(({ workspace_id, member_id }) => ({ workspace_id, member_id })),
      )}
      where availability.workspace_id = absent.workspace_id and availability.member_id = absent.member_id
    `.execute(tx.sql);
    for (const { workspace_id: workspaceId, member_id: memberId } of absent) {
      tx.emit(availabilityChanged, { entityId: memberId, workspaceId, data: { memberId, status: 'OFFLINE' } });
    }
    const present = rows.filter((row) => !isAbsent(row));
    await setTimers(
      tx,
      ABSENCE,
      present.map((row) => ({ workspaceId: row.workspace_id, subjectId: row.member_id, dueAt: absentAt(row.seen_at) })),
    );
  },
};
