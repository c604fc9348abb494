import type { BillingContext } from '../context.js';
import { allowanceOn } from '../ratings/regimes.js';

export interface AllowanceFigures {
  channelId: string;
  size: number;
  /** Delivered and free by the word of the provider. */
  used: number;
  /** On their way, and expected to be free. */
  expected: number;
  /** Of the same kind, delivered and charged: then nothing is left. */
  charged: number;
  /** If all that is expected is delivered. */
  left: number;
  /** If nothing of it is. */
  mostLeft: number;
}

/** The free messages of each number in a month; none, where the rules of the month know no allowance of a number. */
export async function readAllowances(ctx: BillingContext, month: string): Promise<AllowanceFigures[]> {
  const rule = allowanceOn(`${month}-01`);
  if (rule?.allowance.per !== 'NUMBER') return [];
  const { size } = rule.allowance;
  const rows = await ctx.em.execute<{ id: string; taken: string; expected: string; charged: string }[]>(
    `select c.id, coalesce(m.taken, 0) as taken, coalesce(m.expected, 0) as expected, coalesce(m.charged, 0) as charged
     from charged_channel c
     left join allowance_month m on m.workspace_id = c.workspace_id and m.channel_id = c.id and m.month = ?
     where c.workspace_id = ? order by c.id`,
    [month, ctx.requireActor().workspaceId],
  );
  return rows.map(({ id: channelId, ...figures }) => {
    const expected = Number(figures.expected);
    const used = Number(figures.taken) - expected;
    const charged = Number(figures.charged);
    const leftOf = (count: number) => (charged > 0 ? 0 : Math.max(0, size - count));
    return { channelId, size, used, expected, charged, left: leftOf(used + expected), mostLeft: leftOf(used) };
  });
}
