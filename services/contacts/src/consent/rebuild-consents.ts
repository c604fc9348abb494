import { sql, transact, type Ctx } from '@fenster/database';
import { projectConsents, type ConsentKey } from './project-consents.js';

const BATCH = 1_000;

/**
 * Makes what the events come to anew from the events, beside a service that runs. Tells of what is different from
 * before. Returns how many consents there are.
 */
export async function rebuildConsents(ctx: Ctx): Promise<number> {
  let count = 0;
  let last: ConsentKey | undefined;
  for (;;) {
    const keys = await transact(ctx, async (tx) => {
      const after = last
        ? sql`(workspace_id, identity_id, purpose) > (${last.workspaceId}, ${last.identityId}, ${last.purpose})`
        : sql`true`;
      const { rows } = await sql<ConsentKey>`
        select distinct workspace_id as "workspaceId", identity_id as "identityId", purpose from consent_event
        where ${after} order by 1, 2, 3 limit ${BATCH}
      `.execute(tx.sql);
      if (rows.length === 0) return rows;
      // Nobody appends to them meanwhile.
      await sql`
        select from consent_head where workspace_id = any(${[...new Set(rows.map((row) => row.workspaceId))]}::uuid[])
        order by workspace_id for update
      `.execute(tx.sql);
      await projectConsents(tx, rows);
      return rows;
    });
    count += keys.length;
    if (keys.length < BATCH) return count;
    last = keys.at(-1);
  }
}
