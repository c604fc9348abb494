import { sql } from '@fenster/database';
import { checkPageSize } from '@fenster/graphql';
import type { Job } from '@fenster/jobs';
import { invalidInput } from '@fenster/runtime';
import type { ContactsContext } from '../context.js';
import type { RowReport } from './import-batch.js';
import type { ImportOutcome } from './import.rule.js';

/** Parts of 1,000 rows that one page looks through at most. */
const MAX_PARTS = 50;

type Packed = [number, ImportOutcome, string | null, string | null, string | null];

/** A page of rows in their order, if asked only of some outcomes. */
export async function listRows(
  ctx: ContactsContext,
  { workspaceId, id }: Job,
  { first, after, outcomes }: { first: number; after?: string | null; outcomes?: readonly ImportOutcome[] | null },
): Promise<{ nodes: RowReport[]; nextPage: string | null }> {
  const size = checkPageSize(first);
  const done = after == null ? 0 : Number(after);
  if (!Number.isSafeInteger(done) || done < 0) throw invalidInput('after', 'is not a page that this API handed out.');
  const nodes: RowReport[] = [];
  let last = done;
  for (let part = 0; part < MAX_PARTS; part += 1) {
    const [found] = await ctx.database.readForTenant(
      workspaceId,
      sql<{ rows: Packed[] }>`
        select rows from import_report where workspace_id = ${workspaceId} and job_id = ${id}
          and first_row >= coalesce((
            select max(first_row) from import_report
            where workspace_id = ${workspaceId} and job_id = ${id} and first_row <= ${last + 1}
          ), 0) and (rows -> -1 ->> 0)::bigint > ${last}
        order by first_row limit 1
      `,
    );
    if (!found) return { nodes, nextPage: null };
    for (const [row, outcome, contactId, column, problem] of found.rows) {
      if (row <= last) continue;
      if (nodes.length === size) return { nodes, nextPage: String(last) };
      last = row;
      if (!outcomes || outcomes.includes(outcome)) nodes.push({ row, outcome, contactId, column, problem });
    }
  }
  return { nodes, nextPage: String(last) };
}
