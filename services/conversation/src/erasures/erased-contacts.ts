import type { Envelope } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';

/** Without what is about people who have been erased here: it was told before that. */
export async function withoutErased<E extends Envelope<{ contactId: string }>>(
  tx: Tx,
  events: readonly E[],
): Promise<E[]> {
  const { rows } = await sql<{ ordinal: number }>`
    select input.ordinal from ${unnest(
      'input',
      { ordinal: 'int', workspace_id: 'uuid', contact_id: 'uuid' },
      events.map(({ workspaceId, data }, ordinal) => ({
        ordinal,
        workspace_id: workspaceId,
        contact_id: data.contactId,
      })),
    )} join erased_contact using (workspace_id, contact_id)
  `.execute(tx.sql);
  const erased = new Set(rows.map(({ ordinal }) => ordinal));
  return events.filter((_, ordinal) => !erased.has(ordinal));
}
