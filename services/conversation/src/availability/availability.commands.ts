import { availabilityChanged } from '@fenster/contracts';
import { sql, transact, type Tx } from '@fenster/database';
import { DomainError } from '@fenster/runtime';
import type { ConversationContext } from '../context.js';
import { wakeRouting } from '../routing/wake-routing.js';
import { setTimers } from '../timers/timer.js';
import { Availability } from './availability.entity.js';
import { absentAt, type AvailabilityChoice } from './availability.rule.js';
import { ABSENCE } from './absence.timer.js';

/** Heartbeats that come sooner change nothing: most of them cost a look at one row. */
const SEEN_EVERY_MS = 20_000;

/** @throws DomainError FORBIDDEN for a program. */
export async function setAvailability(ctx: ConversationContext, choice: AvailabilityChoice): Promise<Availability> {
  return beHere(ctx, choice);
}

/** Only says that the member is still there: they come back as what they chose. Undefined if they never chose. */
export async function heartbeat(ctx: ConversationContext): Promise<Availability | null> {
  const memberId = memberOf(ctx);
  const known = await ctx.em.findOne(Availability, { memberId });
  if (!known || (ctx.now().getTime() - known.seenAt.getTime() < SEEN_EVERY_MS && known.toldStatus !== 'OFFLINE')) {
    return known;
  }
  return beHere(ctx, undefined);
}

function beHere(ctx: ConversationContext, choice: AvailabilityChoice | undefined): Promise<Availability> {
  const memberId = memberOf(ctx);
  const { workspaceId } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    const now = tx.now();
    // Takes the row's lock, so that what colleagues are told is told in order.
    await sql`
      insert into availability (workspace_id, member_id, choice, seen_at, told_status, told_since)
      values (${workspaceId}, ${memberId}, ${choice ?? 'AWAY'}, ${now}, 'OFFLINE', ${now})
      on conflict (workspace_id, member_id) do update
        set choice = coalesce(${choice ?? null}, availability.choice), seen_at = greatest(availability.seen_at, ${now})
    `.execute(tx.sql);
    const availability = await tx.em.findOneOrFail(Availability, { memberId }, { refresh: true });
    if (availability.toldStatus === availability.choice) return availability;
    if (availability.toldStatus === 'OFFLINE') {
      await setTimers(tx, ABSENCE, [{ workspaceId, subjectId: memberId, dueAt: absentAt(availability.seenAt) }]);
    }
    announce(tx, availability, availability.choice);
    if (availability.choice === 'ONLINE') await wakeRouting(tx, [{ workspaceId, id: memberId }]);
    return availability;
  });
}

function announce(tx: Tx, availability: Availability, status: AvailabilityChoice): void {
  Object.assign(availability, { toldStatus: status, toldSince: tx.now() });
  const { memberId } = availability;
  tx.emit(availabilityChanged, { entityId: memberId, data: { memberId, status } });
}

function memberOf(ctx: ConversationContext): string {
  const actor = ctx.requireActor();
  if (actor.kind !== 'member') throw new DomainError('FORBIDDEN', 'Only members are available or not.');
  return actor.id;
}
