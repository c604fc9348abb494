import { sql, type Ctx } from '@fenster/database';
import { dayAfter, monthOf } from '../ratings/local-date.js';
import type { ChargeLine } from '../charges/standing.js';
import type { CostReportPeriod } from '../reports/cost-report.types.js';

export interface Figures {
  amountMicros: number;
  expectedMicros: number;
  paidMessages: number;
  freeMessages: number;
}

/** What a month cost in one currency. */
export interface CurrencyStatement {
  currency: string;
  total: Figures;
  /** Of the month before; null if there was nothing. */
  earlier: Figures | null;
  days: readonly ({ day: string; category: string } & Figures)[];
  categories: readonly ({ category: string } & Figures)[];
  markets: readonly ({ market: string | null } & Figures)[];
  lines: readonly ({ line: ChargeLine } & Figures)[];
  reasons: readonly ({ reason: string | null } & Figures)[];
}

export interface Statement {
  month: string;
  currencies: readonly CurrencyStatement[];
  /** Delivered, and not priced yet: they are in no figure. Of a closed month none are named. */
  unrated: readonly { reason: string; messages: number }[];
  closedAt: Date | null;
}

interface Row extends Figures {
  currency: string;
  day: string | null;
  category: string | null;
  market: string | null;
  line: ChargeLine | null;
  reason: string | null;
  /** Which columns are no key of the row: a bit for each, in the order of `grouping`. */
  left_out: number;
}

/** Bits of `grouping(booked_on, category, market, line, free_reason)` where only these are keys. */
const BY = { nothing: 0b11111, day: 0b00111, category: 0b10111, market: 0b11011, line: 0b11101, reason: 0b11110 };

const figures = sql`sum(amount_micros)::float8 as "amountMicros", sum(expected_micros)::float8 as "expectedMicros",
  coalesce(sum(messages) filter (where free_reason is null), 0)::float8 as "paidMessages",
  coalesce(sum(messages) filter (where free_reason is not null), 0)::float8 as "freeMessages"`;

/** From the sums by day: the same figures as a report of this month. */
export async function readStatement(ctx: Ctx, workspaceId: string, period: CostReportPeriod): Promise<Statement> {
  const month = monthOf(period.from);
  const lastDayBefore = dayAfter(period.from, -1);
  const read = <T>(statement: ReturnType<typeof sql<T>>) => ctx.database.readForTenant(workspaceId, statement);
  // First: what is closed by then does not change while the figures are read.
  const [closed] = await read(sql<{ closed_at: Date }>`
    select min(closed_at) as closed_at from closed_period where workspace_id = ${workspaceId} and month >= ${month}
    having count(*) > 0
  `);
  const [rows, earlier, unrated] = await Promise.all([
    read(sql<Row>`
      select currency, booked_on::text as day, category, market, line, free_reason as reason,
        grouping(booked_on, category, market, line, free_reason) as left_out, ${figures}
      from cost_by_day
      where workspace_id = ${workspaceId} and booked_on between ${period.from}::date and ${period.to}::date
      group by grouping sets ((currency), (currency, booked_on, category), (currency, category), (currency, market),
        (currency, line), (currency, free_reason))
      order by currency, booked_on, "amountMicros" desc, category, market, line, free_reason
    `),
    read(sql<{ currency: string } & Figures>`
      select currency, ${figures} from cost_by_day
      where workspace_id = ${workspaceId}
        and booked_on between ${`${monthOf(lastDayBefore)}-01`}::date and ${lastDayBefore}::date
      group by currency
    `),
    // A price that is found later is booked in an open month: what a closed one says of them would change.
    closed
      ? []
      : read(sql<{ reason: string; messages: number }>`
      select unrated.reason, count(*)::float8 as messages
      from unrated_message unrated join billable_message message using (workspace_id, message_id)
      where unrated.workspace_id = ${workspaceId}
        and (message.delivered_at at time zone coalesce(message.time_zone, 'UTC'))::date
          between ${period.from}::date and ${period.to}::date
      group by unrated.reason order by unrated.reason
    `),
  ]);
  const currencies = [...Map.groupBy(rows, ({ currency }) => currency)].map(([currency, found]) => {
    const by = (leftOut: number) => found.filter(({ left_out }) => left_out === leftOut);
    return {
      currency,
      total: by(BY.nothing)[0]!,
      earlier: earlier.find((each) => each.currency === currency) ?? null,
      days: by(BY.day).map((row) => ({ ...row, day: row.day!, category: row.category! })),
      categories: by(BY.category).map((row) => ({ ...row, category: row.category! })),
      markets: by(BY.market),
      lines: by(BY.line).map((row) => ({ ...row, line: row.line! })),
      reasons: by(BY.reason),
    };
  });
  return { month, currencies, unrated, closedAt: closed?.closed_at ?? null };
}
