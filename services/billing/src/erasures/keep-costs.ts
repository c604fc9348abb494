import type { ErasureReport } from '@fenster/contracts';
import { array, sql, type ErasureTask, type PersonData, type Tx } from '@fenster/database';
import { addLabelCosts } from '../labels/label-costs.js';
import { lockForClosing } from '../periods/lock-periods.js';

/**
 * Nothing in the ledger leads to a person but ids of ours and hashes of the provider's, which end nowhere once the others
 * have erased. Charges are accounts: they stay for eight years (§ 147(3) AO), counted from the end of their year.
 */
export const personData: PersonData = {
  async count(tx, task) {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from conversation_label where ${isTheirs(task)}
    `.execute(tx.sql);
    return reportOf(await keptCosts(tx, task), rows[0]!.count);
  },
  /** What their conversations have cost leaves the sums of their labels, as when labels are taken off: sums are those of entries. */
  async erase(tx, task) {
    await lockForClosing(tx, task.workspaceId);
    const { rows } = await sql`
      with gone as (delete from conversation_label where ${isTheirs(task)} returning *),
      change as (select workspace_id, conversation_id, label_id, -1 as times from gone),
      taken as (${addLabelCosts('change')})
      select from gone
    `.execute(tx.sql);
    return reportOf(await keptCosts(tx, task), rows.length);
  },
};

const isTheirs = ({ workspaceId, threadIds }: ErasureTask) =>
  sql`workspace_id = ${workspaceId} and thread_id = any(${array('uuid', threadIds)})`;

function reportOf(costs: ErasureReport, labels: number): ErasureReport {
  return { ...costs, erased: labels > 0 ? [{ what: 'conversation_labels', count: labels }] : [] };
}

const KEPT_YEARS = 8;

async function keptCosts(tx: Tx, { workspaceId, threadIds }: ErasureTask): Promise<ErasureReport> {
  const { rows } = await sql<{ messages: number; charges: number; last: number | null }>`
    select count(distinct message.message_id)::int as messages, count(charge.id)::int as charges,
      extract(year from max(charge.booked_on))::int as last
    from billable_message message left join charge using (workspace_id, message_id)
    where message.workspace_id = ${workspaceId} and message.thread_id = any(${array('uuid', threadIds)})
  `.execute(tx.sql);
  const { messages, charges, last } = rows[0]!;
  const until = new Date(Date.UTC((last ?? tx.now().getUTCFullYear()) + KEPT_YEARS + 1, 0)).toISOString();
  const kept = [
    { what: 'charges', count: charges },
    { what: 'billable_messages', count: messages },
  ];
  return {
    erased: [],
    kept: kept.flatMap((each) => (each.count > 0 ? [{ ...each, ground: 'ACCOUNTING' as const, until }] : [])),
  };
}
