import { sql, type Ctx } from '@fenster/database';
import type { CostReportPeriod } from '../reports/cost-report.types.js';
import type { ChargeLine, ChargeState } from '../charges/standing.js';
import type { TraceFact } from '../ratings/rate.js';

/** An entry of the ledger as exports tell it. */
export interface LedgerLine {
  id: string;
  recordedAt: Date;
  bookedOn: string;
  localDate: string;
  /** When the day of the delivery and the month of the booking begin and end where the account is. */
  dayStart: Date;
  dayEnd: Date;
  monthStart: Date;
  monthEnd: Date;
  state: ChargeState;
  line: ChargeLine;
  unit: string | null;
  reverses: string | null;
  /** Null of what is of no message, as tokens are. */
  messageId: string | null;
  conversationId: string | null;
  contactId: string | null;
  channelId: string | null;
  memberId: string | null;
  teamId: string | null;
  template: string | null;
  newsletterId: string | null;
  category: string;
  market: string | null;
  freeReason: string | null;
  currency: string;
  amountMicros: string;
  messages: number;
  expectedMicros: string;
  expectedMessages: number;
  regime: string | null;
  priceBookVersion: string | null;
  rateLine: number | null;
  trace: readonly TraceFact[];
}

export interface LedgerRange {
  period: CostReportPeriod;
  /** What was recorded later is not in it. */
  until: Date;
  /** Only what is charged, and not what is expected. */
  isChargedOnly: boolean;
}

const within = (workspaceId: string, { period, until, isChargedOnly }: LedgerRange) => sql`
  charge.workspace_id = ${workspaceId} and charge.booked_on between ${period.from}::date and ${period.to}::date
  and charge.recorded_at <= ${until}
  ${isChargedOnly ? sql`and (charge.amount_micros <> 0 or charge.messages <> 0)` : sql``}`;

const COUNT_TIMEOUT_MS = 60_000;

/** Without a total, an export goes on as well. @throws DomainError TIMED_OUT */
export async function countLines(ctx: Ctx, workspaceId: string, range: LedgerRange): Promise<number> {
  const [row] = await ctx.database.readForTenant(
    workspaceId,
    sql<{ count: number }>`select count(*)::float8 as count from charge where ${within(workspaceId, range)}`,
    { timeoutMs: COUNT_TIMEOUT_MS },
  );
  return row!.count;
}

/** Day by day; those of a day in the order of their ids. */
export async function readLines(
  ctx: Ctx,
  workspaceId: string,
  range: LedgerRange,
  { after, limit }: { after: Pick<LedgerLine, 'bookedOn' | 'id'> | undefined; limit: number },
): Promise<LedgerLine[]> {
  const start = (column: string, add: string) =>
    sql`(${sql.raw(column)} ${sql.raw(add)})::timestamp at time zone coalesce(channel.time_zone, 'UTC')`;
  const month = `date_trunc('month', charge.booked_on::timestamp)`;
  return ctx.database.readForTenant(
    workspaceId,
    sql<LedgerLine>`
      select charge.id, charge.recorded_at as "recordedAt", charge.booked_on::text as "bookedOn",
        charge.local_date::text as "localDate", ${start('charge.local_date', '')} as "dayStart",
        ${start('charge.local_date', '+ 1')} as "dayEnd", ${start(month, '')} as "monthStart",
        ${start(month, `+ interval '1 month'`)} as "monthEnd", charge.state, charge.line, charge.unit, charge.reverses,
        charge.message_id as "messageId", charge.conversation_id as "conversationId", charge.contact_id as "contactId",
        charge.channel_id as "channelId", charge.author_id as "memberId", charge.team_id as "teamId", charge.template, charge.newsletter_id as "newsletterId",
        charge.category, charge.market, charge.free_reason as "freeReason", charge.currency,
        charge.amount_micros::text as "amountMicros", charge.messages, charge.expected_micros::text as "expectedMicros",
        charge.expected_messages as "expectedMessages", charge.regime, charge.price_book_version as "priceBookVersion",
        charge.rate_line as "rateLine", charge.trace
      from (
        select * from charge
        where ${within(workspaceId, range)}
          ${after ? sql`and (charge.booked_on, charge.id) > (${after.bookedOn}::date, ${after.id}::uuid)` : sql``}
        order by charge.booked_on, charge.id limit ${limit}
      ) as charge
      left join charged_channel channel on channel.workspace_id = charge.workspace_id and channel.id = charge.channel_id
      order by charge.booked_on, charge.id
    `,
  );
}
