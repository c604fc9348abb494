import { sql, transact } from '@fenster/database';
import { invalidInput, isId, notFound } from '@fenster/runtime';
import type { ConversationContext } from '../context.js';
import { Member, Team } from '../directory/directory.entity.js';
import { AgentCapacity, TeamRouting } from './routing.entity.js';
import { DEFAULT_CAPACITY, MAX_CAPACITY, MAX_RETURNING_MINUTES } from './routing-settings.js';
import type { RoutingMode } from './routing.rule.js';
import { wakeRouting } from './wake-routing.js';

/** @throws DomainError NOT_FOUND, INVALID_INPUT. */
export async function setTeamRouting(
  ctx: ConversationContext,
  input: { teamId: string; mode: RoutingMode | 'OFF'; returningMinutes?: number | null | undefined },
): Promise<{ id: string }> {
  const { teamId: id, mode, returningMinutes = null } = input;
  if (returningMinutes !== null && !(returningMinutes >= 0 && returningMinutes <= MAX_RETURNING_MINUTES)) {
    throw invalidInput('returningMinutes', `must be from 0 to ${MAX_RETURNING_MINUTES}.`);
  }
  if (!isId(id)) throw notFound('Team', 'teamId');
  const { workspaceId } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    if (!(await tx.em.findOne(Team, { id }))) throw notFound('Team', 'teamId');
    const before = await tx.em.findOne(TeamRouting, { teamId: id });
    if (mode === 'OFF') await tx.em.nativeDelete(TeamRouting, { teamId: id });
    else {
      await sql`
        insert into team_routing (workspace_id, team_id, mode, returning_minutes)
        values (${workspaceId}, ${id}, ${mode}, ${returningMinutes})
        on conflict (workspace_id, team_id) do update set mode = excluded.mode, returning_minutes = excluded.returning_minutes
      `.execute(tx.sql);
    }
    tx.audit({
      action: 'team.update',
      object: { type: 'team', id },
      before: { routing: before?.mode ?? 'OFF', returningMinutes: before?.returningMinutes ?? null },
      after: { routing: mode, returningMinutes: mode === 'OFF' ? null : returningMinutes },
    });
    await wakeRouting(tx, [{ workspaceId, id }]);
    return { id };
  });
}

/** @throws DomainError NOT_FOUND, INVALID_INPUT. */
export async function setMemberCapacity(
  ctx: ConversationContext,
  { memberId: id, capacity }: { memberId: string; capacity: number },
): Promise<{ id: string }> {
  if (capacity < 0 || capacity > MAX_CAPACITY) throw invalidInput('capacity', `must be from 0 to ${MAX_CAPACITY}.`);
  if (!isId(id)) throw notFound('Member', 'memberId');
  const { workspaceId } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    const member = await tx.em.findOne(Member, { id });
    if (!member || member.status === 'REMOVED') throw notFound('Member', 'memberId');
    const before = (await tx.em.findOne(AgentCapacity, { memberId: id }))?.capacity ?? DEFAULT_CAPACITY;
    await sql`
      insert into agent_capacity (workspace_id, member_id, capacity) values (${workspaceId}, ${id}, ${capacity})
      on conflict (workspace_id, member_id) do update set capacity = excluded.capacity
    `.execute(tx.sql);
    const object = { type: 'member', id } as const;
    tx.audit({ action: 'member.update', object, before: { capacity: before }, after: { capacity } });
    await wakeRouting(tx, [{ workspaceId, id }]);
    return { id };
  });
}
