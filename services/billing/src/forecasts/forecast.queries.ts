import { checkMonth } from '../periods/check-month.js';
import type { BillingContext } from '../context.js';
import { countryIn, isMarket } from '../price-books/market.js';
import { firstDayAfter, localDateOf, monthOf } from '../ratings/local-date.js';
import { allowanceOn } from '../ratings/regimes.js';
import { quoteBases } from '../quotes/quote-basis.js';
import { quote, type PlannedMessages, type Quote, type QuoteBasis, type QuotedFigures } from '../quotes/quote.rule.js';
import { allowanceEnd, firstDayRead, paceOf, type DayCount, type Kind, type Pace } from './forecast.rule.js';

/** What the messages of a number will have cost at the end of a month, by the pace so far. */
export interface Forecast {
  channelId: string;
  month: string;
  currency: string;
  /** Charged, or on its way and expected to be. */
  soFarMicros: number;
  amountMicros: number;
  leastMicros: number;
  mostMicros: number;
  pace: Pace;
  /** What is still to come. */
  coming: Quote;
  allowance: { size: number; endsOn: string | undefined; isUsedUp: boolean } | undefined;
}

/** @throws DomainError INVALID_INPUT */
export async function forecastCosts(ctx: BillingContext, month: string): Promise<Forecast[]> {
  checkMonth(month);
  const channels = await ctx.em.execute<{ id: string }[]>(
    'select id from charged_channel where workspace_id = ? order by id',
    [ctx.requireActor().workspaceId],
  );
  const found = await ctx.loader(quoteBases).loadMany(channels.map(({ id }) => id));
  const bases = new Map(
    channels.flatMap(({ id }, index) => {
      const basis = found[index];
      return basis && !(basis instanceof Error) ? [[id, basis] as const] : [];
    }),
  );
  const today = (basis: QuoteBasis) => localDateOf(basis.at, basis.timeZone);
  const days = [...bases.values()].map(today);
  if (days.length === 0) return [];
  const [earliest, latest] = [days.reduce(least), days.reduce((a, b) => (a > b ? a : b))];
  const rows = await readCounts(ctx, {
    month,
    from: firstDayRead(earliest),
    to: latest,
  });
  return [...bases].flatMap(([channelId, basis]) => {
    const ofChannel = rows.filter((row) => row.channel_id === channelId);
    return [forecast(channelId, month, ofChannel, basis), ...inOtherCurrencies(channelId, month, ofChannel, basis)];
  });
}

/** What the number was charged before its account had another currency. Nothing comes in it any more. */
function inOtherCurrencies(channelId: string, month: string, rows: readonly CountRow[], basis: QuoteBasis): Forecast[] {
  const currencies = new Set(
    rows.flatMap(({ day, currency, micros }) =>
      monthOf(day) === month && currency !== basis.currency && micros !== '0' ? [currency] : [],
    ),
  );
  return [...currencies].toSorted().map((currency) => ({
    channelId,
    month,
    currency,
    ...spentIn(rows, { month, currency }, NOTHING_COMES),
    pace: { days: 0, coming: [], comingOn: () => 0 },
    coming: quote([], { ...basis, currency }),
    allowance: undefined,
  }));
}

const NOTHING_COMES = { micros: 0, leastMicros: 0, mostMicros: 0 };

/** What is charged or on its way, and with what comes. */
function spentIn(
  rows: readonly CountRow[],
  { month, currency }: { month: string; currency: string },
  coming: QuotedFigures,
): Pick<Forecast, 'soFarMicros' | 'amountMicros' | 'leastMicros' | 'mostMicros'> {
  const spent = rows.filter((row) => monthOf(row.day) === month && row.currency === currency);
  const soFarMicros = spent.reduce((sum, { micros }) => sum + Number(micros), 0);
  // What is on its way may never arrive.
  const chargedMicros = spent.reduce((sum, { charged_micros }) => sum + Number(charged_micros), 0);
  return {
    soFarMicros,
    amountMicros: soFarMicros + coming.micros,
    leastMicros: chargedMicros + coming.leastMicros,
    mostMicros: soFarMicros + coming.mostMicros,
  };
}

const least = (a: string, b: string) => (a < b ? a : b);

function forecast(channelId: string, month: string, rows: readonly CountRow[], basis: QuoteBasis): Forecast {
  const today = localDateOf(basis.at, basis.timeZone);
  const counts = rows.flatMap(({ line, ...row }) => (line === 'MESSAGE' ? [toCount(row)] : []));
  const pace = paceOf(counts, { month, today });
  const rule = allowanceOn(`${month}-01`);
  const isCounted = ({ category, isInEntryPoint }: Kind) =>
    !isInEntryPoint && (rule?.categories?.includes(category) ?? true);
  const size = rule?.allowance.per === 'NUMBER' ? rule.allowance.size : undefined;
  const then = month === monthOf(today) ? basis : atBeginning(month, basis, size);
  const planned = (which: 'messages' | 'least' | 'most') =>
    quote(
      pace.coming.flatMap((each) => (each[which] > 0 ? [plannedOf(each, each[which], then)] : [])),
      then,
    );
  const { currency } = basis;
  const coming = planned('messages');
  const comes = {
    micros: coming.micros,
    leastMicros: Math.min(coming.micros, planned('least').leastMicros),
    mostMicros: Math.max(coming.micros, planned('most').mostMicros),
  };
  const end =
    size === undefined ? undefined : { size, endsOn: allowanceEnd(counts, pace, { month, today, size, isCounted }) };
  return {
    channelId,
    month,
    currency,
    ...spentIn(rows, { month, currency }, comes),
    pace,
    coming,
    allowance: end && { ...end, isUsedUp: month === monthOf(today) && basis.allowance?.left === 0 },
  };
}

/** Nothing of the month is used yet. */
function atBeginning(month: string, basis: QuoteBasis, size: number | undefined): QuoteBasis {
  return {
    ...basis,
    // Noon in Greenwich is this day almost everywhere; a rate is of the whole month.
    at: new Date(`${month}-01T12:00:00Z`),
    counted: new Map(),
    onTheirWay: new Map(),
    allowance: size === undefined ? undefined : { size, left: size, mostLeft: size },
  };
}

function plannedOf(
  { market, category, isInEntryPoint }: Kind,
  count: number,
  { at, timeZone }: QuoteBasis,
): PlannedMessages {
  const known = market !== null && isMarket(market) ? market : undefined;
  return {
    category,
    recipientCountry: known && countryIn(known, localDateOf(at, timeZone)),
    // Free-form messages go out inside it only; where it makes a template free, that is not foreseen.
    isInWindow: category === 'service',
    isInEntryPoint,
    count,
  };
}

interface CountRow {
  channel_id: string;
  day: string;
  line: string;
  market: string | null;
  category: string;
  free_reason: string | null;
  currency: string;
  messages: string;
  /** Charged, or expected to be. */
  micros: string;
  charged_micros: string;
}

/** Of the month, and of the days by which the pace is taken. */
function readCounts(
  ctx: BillingContext,
  { month, from, to }: { month: string; from: string; to: string },
): Promise<CountRow[]> {
  return ctx.em.execute<CountRow[]>(
    `select channel_id, local_date::text as day, line, market, category, free_reason, currency,
       sum(messages + expected_messages) as messages, sum(amount_micros + expected_micros) as micros, sum(amount_micros) as charged_micros
     from cost_by_day
     where workspace_id = ? and channel_id is not null
       and (local_date between ? and ? or local_date >= ? and local_date < ?)
     group by 1, 2, 3, 4, 5, 6, 7`,
    [ctx.requireActor().workspaceId, from, to, `${month}-01`, firstDayAfter(month)],
  );
}

function toCount({ day, market, category, free_reason, messages }: Omit<CountRow, 'line'>): DayCount {
  return {
    day,
    market,
    category,
    isInEntryPoint: free_reason === 'FREE_ENTRY_POINT',
    isFree: free_reason !== null,
    messages: Number(messages),
  };
}
