import { budgetStateChanged, type BudgetStateChanged } from '@fenster/contracts';
import { array, sql, unnest, type Tx } from '@fenster/database';
import { alertOfBudget } from '../alerts/alert.rule.js';
import { raiseAlerts, type RaisedAlert } from '../alerts/raise-alerts.js';
import type { LedgerRow } from '../charges/insert-entries.js';
import { firstDayAfter, firstInstantOf, monthOf } from '../ratings/local-date.js';
import { budgetCategory, COUNTED_AS, levelOf, type BudgetAction, type BudgetLevel } from './budget.rule.js';

const SPENT = {
  workspace_id: 'uuid',
  month: 'text',
  team_id: 'uuid',
  newsletter_id: 'uuid',
  category: 'text',
  currency: 'text',
  micros: 'bigint',
} as const;

interface BudgetMonthRow {
  workspace_id: string;
  budget_id: string;
  month: string;
  spent_micros: string;
  warned_percent: number | null;
  enforcement: BudgetLevel['enforcement'];
  team_id: string | null;
  newsletter_id: string | null;
  category: string | null;
  currency: string;
  limit_micros: string;
  warn_percents: number[];
  at_limit: BudgetAction;
  is_archived: boolean;
}

const MONTH_OF_BUDGET = sql.raw(`m.workspace_id, m.budget_id, m.month, m.spent_micros, m.warned_percent, m.enforcement,
  b.team_id, b.newsletter_id, b.category, b.currency, b.limit_micros, b.warn_percents, b.at_limit, b.archived_at is not null as is_archived`);

/**
 * Adds entries to the budgets that they count in, and tells of each that reached another level. The rows of budgets are
 * locked by it, so of two transactions the later one sees the sum of both.
 */
export async function countInBudgets(tx: Tx, entered: readonly LedgerRow[]): Promise<void> {
  const spent = entered.flatMap(({ message: { workspace_id, team_id, newsletter_id }, entry }) => {
    const micros = entry.amountMicros + entry.expectedMicros;
    const { bookedOn, category, currency } = entry;
    return micros === 0
      ? []
      : [
          {
            workspace_id,
            month: monthOf(bookedOn),
            team_id,
            newsletter_id,
            category: budgetCategory(category),
            currency,
            micros,
          },
        ];
  });
  if (spent.length === 0) return;
  const { rows } = await sql<BudgetMonthRow>`
    with m as (
      insert into budget_month as known (workspace_id, budget_id, month, spent_micros)
      select b.workspace_id, b.id, input.month, sum(input.micros) from ${unnest('input', SPENT, spent)}
      join budget b on b.workspace_id = input.workspace_id and b.archived_at is null and b.currency = input.currency
        and (b.team_id is null or b.team_id = input.team_id)
        and (b.newsletter_id is null or b.newsletter_id = input.newsletter_id) and (b.category is null or b.category = input.category)
      group by 1, 2, 3 order by 1, 2, 3
      on conflict (workspace_id, budget_id, month) do update set spent_micros = known.spent_micros + excluded.spent_micros
      returning known.*
    )
    select ${MONTH_OF_BUDGET} from m join budget b on b.workspace_id = m.workspace_id and b.id = m.budget_id
  `.execute(tx.sql);
  await tellLevels(tx, rows);
}

/** What a new budget would have counted in this month and later ones. Nothing may be entered meanwhile: see `lockForClosing`. */
export async function countFromLedger(tx: Tx, workspaceId: string, budgetId: string): Promise<void> {
  // In some time zone it may be the month before still.
  const from = `${monthOf(new Date(tx.now().getTime() - 14 * 3_600_000).toISOString())}-01`;
  await sql`
    insert into budget_month (workspace_id, budget_id, month, spent_micros)
    select b.workspace_id, b.id, to_char(d.booked_on, 'YYYY-MM'), sum(d.amount_micros + d.expected_micros)
    from budget b join cost_by_day d on d.workspace_id = b.workspace_id and d.booked_on >= ${from}::date
      and d.currency = b.currency and (b.team_id is null or b.team_id = d.team_id)
      and (b.newsletter_id is null or b.newsletter_id = d.newsletter_id)
      and (b.category is null or b.category = coalesce(${JSON.stringify(COUNTED_AS)}::jsonb ->> d.category, d.category))
    where b.workspace_id = ${workspaceId} and b.id = ${budgetId}
    group by 1, 2, 3
  `.execute(tx.sql);
  await tellOfBudget(tx, workspaceId, budgetId);
}

/** After its limit or its actions have changed. Nothing may be entered meanwhile: see `lockForClosing`. */
export async function tellOfBudget(tx: Tx, workspaceId: string, budgetId: string): Promise<void> {
  const { rows } = await sql<BudgetMonthRow>`
    select ${MONTH_OF_BUDGET} from budget_month m join budget b on b.workspace_id = m.workspace_id and b.id = m.budget_id
    where m.workspace_id = ${workspaceId} and m.budget_id = ${budgetId} order by m.month
  `.execute(tx.sql);
  await tellLevels(tx, rows);
}

async function tellLevels(tx: Tx, rows: readonly BudgetMonthRow[]): Promise<void> {
  const changed = rows.flatMap((row) => {
    const level = row.is_archived
      ? NOTHING_REACHED
      : levelOf(Number(row.spent_micros), {
          limitMicros: Number(row.limit_micros),
          warnPercents: row.warn_percents,
          atLimit: row.at_limit,
        });
    const isAsBefore = level.enforcement === row.enforcement && level.warnedPercent === row.warned_percent;
    return isAsBefore ? [] : [{ row, level }];
  });
  if (changed.length === 0) return;
  await sql`
    update budget_month as known set warned_percent = input.warned_percent, enforcement = input.enforcement
    from ${unnest(
      'input',
      { workspace_id: 'uuid', budget_id: 'uuid', month: 'text', warned_percent: 'int', enforcement: 'text' },
      changed.map(({ row: { workspace_id, budget_id, month }, level: { warnedPercent, enforcement } }) => ({
        workspace_id,
        budget_id,
        month,
        warned_percent: warnedPercent,
        enforcement,
      })),
    )}
    where known.workspace_id = input.workspace_id and known.budget_id = input.budget_id and known.month = input.month
  `.execute(tx.sql);
  const zones = await timeZonesOf(
    tx,
    changed.map(({ row }) => row.workspace_id),
  );
  const alerts: RaisedAlert[] = [];
  for (const { row, level } of changed) {
    const {
      workspace_id: workspaceId,
      budget_id: budgetId,
      month,
      team_id: teamId,
      newsletter_id: newsletterId,
      category,
      currency,
    } = row;
    const data: BudgetStateChanged = {
      budgetId,
      month,
      until: endOf(month, zones.get(workspaceId) ?? []).toISOString(),
      teamId,
      newsletterId,
      category,
      currency,
      limitMicros: Number(row.limit_micros),
      spentMicros: Number(row.spent_micros),
      ...level,
    };
    tx.emit(budgetStateChanged, { entityId: budgetId, workspaceId, data });
    const before = { warnedPercent: row.warned_percent, enforcement: row.enforcement };
    const alert = alertOfBudget(data, before, tx.now());
    if (alert) alerts.push({ workspaceId, ...alert });
  }
  await raiseAlerts(tx, alerts);
}

const NOTHING_REACHED: BudgetLevel = { warnedPercent: null, enforcement: 'NONE' };

async function timeZonesOf(tx: Tx, workspaceIds: readonly string[]): Promise<Map<string, string[]>> {
  const { rows } = await sql<{ workspace_id: string; time_zone: string }>`
    select distinct workspace_id, time_zone from charged_channel
    where workspace_id = any(${array('uuid', [...new Set(workspaceIds)])})
  `.execute(tx.sql);
  const zones = Map.groupBy(rows, (row) => row.workspace_id);
  return new Map([...zones].map(([id, of]) => [id, of.map((row) => row.time_zone)]));
}

/** When a month is over in the last of these time zones. */
function endOf(month: string, timeZones: readonly string[]): Date {
  const next = firstDayAfter(month);
  const ends = timeZones.flatMap((timeZone) => firstInstantOf(next, timeZone) ?? []);
  return new Date(Math.max(...(ends.length > 0 ? ends : [firstInstantOf(next, 'UTC')!]).map((end) => end.getTime())));
}
