import { sql, transact, unnest, type Ctx, type Tx } from '@fenster/database';
import { firstIdOf } from '@fenster/runtime';
import { unusualBeyond, type UsualCost } from './alert.rule.js';

const DAY_MS = 86_400_000;
/** Of conversations that began in these. */
const USUAL_DAYS = 28;
const AT_ONCE = 100;

/** Works out what is usual, for each workspace once a day, whoever of any number of processes comes first. */
export async function workOutUsualCosts(ctx: Ctx, isStopped: () => boolean = () => false): Promise<void> {
  const due = new Date(ctx.now().getTime() - DAY_MS);
  const { rows } = await transact(ctx, ({ sql: db }) =>
    sql<{ workspace_id: string }>`
      select distinct workspace_id from charged_channel channel
      where not exists (
        select from usual_cost_turn turn where turn.workspace_id = channel.workspace_id and turn.worked_out_at > ${due}
      )
      limit ${AT_ONCE}
    `.execute(db),
  );
  for (const { workspace_id: workspaceId } of rows) {
    if (isStopped()) return;
    await transact(ctx, (tx) => workOut(tx, workspaceId, due));
  }
}

async function workOut(tx: Tx, workspaceId: string, due: Date): Promise<void> {
  const { rows: turn } = await sql`
    insert into usual_cost_turn (workspace_id, worked_out_at) values (${workspaceId}, ${tx.now()})
    on conflict (workspace_id) do update set worked_out_at = excluded.worked_out_at
      where usual_cost_turn.worked_out_at <= ${due}
    returning workspace_id
  `.execute(tx.sql);
  if (turn.length === 0) return;
  const since = usualSince(tx.now());
  const { rows } = await sql<{ currency: string; median: string; conversations: string }>`
    select currency, percentile_disc(0.5) within group (order by amount_micros) as median, count(*) as conversations
    from conversation_cost
    where workspace_id = ${workspaceId} and conversation_id >= ${firstIdOf(since)} and amount_micros > 0
    group by currency order by currency
  `.execute(tx.sql);
  await sql`delete from usual_conversation_cost where workspace_id = ${workspaceId}`.execute(tx.sql);
  if (rows.length === 0) return;
  const usual = rows.map(({ currency, median, conversations }) => {
    const known: UsualCost = { medianMicros: Number(median), conversations: Number(conversations) };
    return {
      currency,
      median_micros: known.medianMicros,
      conversations: known.conversations,
      beyond_micros: unusualBeyond(known) ?? null,
    };
  });
  const columns = {
    currency: 'text',
    median_micros: 'bigint',
    conversations: 'bigint',
    beyond_micros: 'bigint',
  } as const;
  await sql`
    insert into usual_conversation_cost (workspace_id, currency, median_micros, conversations, beyond_micros, since)
    select ${workspaceId}, currency, median_micros, conversations, beyond_micros, ${since}
    from ${unnest('input', columns, usual)}
  `.execute(tx.sql);
}

export const usualSince = (now: Date): Date => new Date(now.getTime() - USUAL_DAYS * DAY_MS);
