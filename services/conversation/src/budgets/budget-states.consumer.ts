import { budgetStateChanged, budgetStopChanged, type BudgetStateChanged, type Envelope } from '@fenster/contracts';
import { causedBy, defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';

const NAME = 'conversation-budget-states';

/** What the send gate asks: which budgets are used up, and whether messages stop or wait. */
export const budgetStatesConsumer = defineConsumer({
  name: NAME,
  filter: 'billing.budget_state.changed.>',
  subscriptions: [on(budgetStateChanged, storeStops)],
});

const STOP = {
  workspace_id: 'uuid',
  budget_id: 'uuid',
  month: 'text',
  team_id: 'uuid',
  newsletter_id: 'uuid',
  category: 'text',
  until: 'timestamptz',
  enforcement: 'text',
} as const;

async function storeStops(tx: Tx, events: readonly Envelope<BudgetStateChanged>[]): Promise<void> {
  // Each event says all of a budget and month, so only the last one of a batch counts.
  const latest = new Map(
    events.map((event) => {
      const { workspaceId, data } = event;
      const { budgetId, month, teamId, newsletterId, category, until, enforcement } = data;
      const row = {
        workspace_id: workspaceId,
        budget_id: budgetId,
        month,
        team_id: teamId,
        newsletter_id: newsletterId,
        category,
        until,
        enforcement: enforcement === 'NONE' ? null : enforcement,
      };
      return [keyOf(row), { event, row }];
    }),
  );
  const input = unnest(
    'input',
    STOP,
    [...latest.values()].map(({ row }) => row),
  );
  // With it go those of months that are over.
  const ended = await sql<Changed>`
    delete from budget_stop as stop using ${input}
    where stop.workspace_id = input.workspace_id
      and (stop.until < ${tx.now()} or (stop.budget_id = input.budget_id and stop.month = input.month
        and input.enforcement is null))
    returning stop.workspace_id, stop.budget_id, stop.month
  `.execute(tx.sql);
  const begun = await sql<Changed & { is_new: boolean }>`
    with before as (
      select stop.workspace_id, stop.budget_id, stop.month, stop.enforcement
      from budget_stop as stop join ${input} using (workspace_id, budget_id, month)
    ), stored as (
      insert into budget_stop (workspace_id, budget_id, month, team_id, newsletter_id, category, until, enforcement)
      select workspace_id, budget_id, month, team_id, newsletter_id, category, until, enforcement
      from ${input} where enforcement is not null
      on conflict (workspace_id, budget_id, month) do update
        set team_id = excluded.team_id, newsletter_id = excluded.newsletter_id, category = excluded.category,
          until = excluded.until, enforcement = excluded.enforcement
      returning workspace_id, budget_id, month, enforcement
    )
    select stored.workspace_id, stored.budget_id, stored.month,
      before.enforcement is distinct from stored.enforcement as is_new
    from stored left join before using (workspace_id, budget_id, month)
  `.execute(tx.sql);
  const changed = [...ended.rows, ...begun.rows.filter((row) => row.is_new)].map(keyOf);
  for (const key of new Set(changed)) {
    const event = latest.get(key);
    if (event) tellStop(tx, event);
  }
}

interface Changed {
  workspace_id: string;
  budget_id: string;
  month: string;
}

const keyOf = ({ workspace_id, budget_id, month }: Changed) => `${workspace_id} ${budget_id} ${month}`;

/** Into the log that subscribers follow. Of a month that is over nobody needs to know. */
function tellStop(tx: Tx, { event }: { event: Envelope<BudgetStateChanged> }): void {
  const { workspaceId, data } = event;
  const { budgetId, until: monthEndsAt, teamId, newsletterId, category, enforcement } = data;
  if (newsletterId !== null || new Date(monthEndsAt) <= tx.now()) return;
  tx.emit(budgetStopChanged, {
    entityId: budgetId,
    workspaceId,
    origin: causedBy(event, NAME),
    data: {
      budgetId,
      isStopped: enforcement === 'STOP',
      isHeld: enforcement === 'HOLD',
      monthEndsAt,
      teamId,
      category,
    },
  });
}
