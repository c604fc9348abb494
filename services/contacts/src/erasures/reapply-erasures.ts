import { erasureConfirmed } from '@fenster/contracts';
import { array, sql, transact, type Ctx, type Database } from '@fenster/database';
import { z } from 'zod';

/** An erasure as any service remembers it. Leads to nobody. */
export const rememberedErasure = z.object({
  workspaceId: z.uuid(),
  erasureId: z.uuid(),
  contactIds: z.array(z.uuid()).min(1),
  personMarks: z.array(z.string()),
  erasedAt: z.iso.datetime(),
});
export type RememberedErasure = z.infer<typeof rememberedErasure>;

/** Those whose rows a service has erased. */
export async function rememberedErasures(database: Database): Promise<RememberedErasure[]> {
  const { rows } = await sql<Omit<RememberedErasure, 'erasedAt'> & { erasedAt: Date }>`
    select workspace_id as "workspaceId", erasure_id as "erasureId", contact_ids as "contactIds",
      person_marks as "personMarks", coalesce(up_to, erased_at) as "erasedAt"
    from erasure_task where erased_at is not null order by erased_at
  `.execute(database.system().getKysely());
  return rows.map((row) => ({ ...row, erasedAt: new Date(row.erasedAt).toISOString() }));
}

/** What several remember of one erasure, as one: until the last of them erased, nobody else had the person's name. */
export function mergeRemembered(remembered: readonly RememberedErasure[]): RememberedErasure[] {
  return [...Map.groupBy(remembered, ({ erasureId }) => erasureId).values()].map((same) => ({
    ...same[0]!,
    contactIds: [...new Set(same.flatMap(({ contactIds }) => contactIds))],
    personMarks: [...new Set(same.flatMap(({ personMarks }) => personMarks))],
    erasedAt: same
      .map(({ erasedAt }) => erasedAt)
      .toSorted()
      .at(-1)!,
  }));
}

/**
 * Erases again what a backup brought back, in every service: those that still have nothing of the person find nothing.
 * What has come since, under a name that the person had, is somebody's who came back, and stays.
 */
export async function reapplyErasures(ctx: Ctx, remembered: readonly RememberedErasure[]): Promise<void> {
  for (const { workspaceId, erasureId, contactIds, personMarks, erasedAt } of remembered) {
    await transact({ ...ctx, workspaceId }, async (tx) => {
      await sql`
        insert into erasure (workspace_id, id, reference, contact_id, contact_ids, person_marks, state, planned_at,
          planned_by_kind, confirmed_at, reapplied_at, up_to)
        values (${workspaceId}, ${erasureId}, ${`R-${erasureId.slice(-12).toUpperCase()}`}, ${contactIds[0]},
          ${array('uuid', contactIds)}, ${array('text', personMarks)}, 'ERASING', ${erasedAt}, 'system', ${erasedAt}, ${tx.now()},
          ${erasedAt})
        on conflict (workspace_id, id) do update set state = 'ERASING', reapplied_at = excluded.reapplied_at,
          contact_ids = excluded.contact_ids, person_marks = excluded.person_marks,
          up_to = excluded.up_to
      `.execute(tx.sql);
      await sql`
        delete from erasure_report
        where workspace_id = ${workspaceId} and erasure_id = ${erasureId} and phase <> 'PLAN'
      `.execute(tx.sql);
      tx.emit(erasureConfirmed, {
        entityId: erasureId,
        data: { erasureId, contactIds, personMarks, upTo: erasedAt },
      });
    });
  }
}
