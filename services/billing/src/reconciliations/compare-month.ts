import { sql, type Sql } from '@fenster/database';
import { dayAfter, firstDayAfter } from '../ratings/local-date.js';
import { meterTiers } from './meter-tiers.rule.js';
import {
  keyOf,
  lineId,
  type ComparedLine,
  type LedgerFigures,
  type LineKey,
  type ProviderFigures,
} from './explain-differences.rule.js';
import type { InvoiceLine } from './invoice.js';

/** With what the ledger is compared. */
export const SOURCES = ['ANALYTICS', 'INVOICE'] as const;
export type Source = (typeof SOURCES)[number];

/** Of a provider that tells no cost, the amount is null. */
export type ProviderLine = Omit<ProviderFigures, 'amountMicros'> & { amountMicros: number | null };

export interface MonthLine extends LineKey {
  id: string;
  ledger: LedgerFigures;
  /** Undefined where that source has nothing of this month. */
  analytics: ProviderLine | undefined;
  invoice: ProviderLine | undefined;
}

export interface ComparableLine extends ComparedLine {
  id: string;
  /** The provider tells what it costs. */
  isPriced: boolean;
}

export interface ComparedMonth {
  lines: MonthLine[];
  /** One for each account. */
  readings: { accountId: string; granularity: string; readAt: Date }[];
  invoiceId: string | undefined;
}

interface Place {
  workspaceId: string;
  month: string;
  currency: string;
}

export const lastDayOf = (month: string) => dayAfter(firstDayAfter(month), -1);

/** The provider's price of a month on all sides, line by line: by the days of delivery, whenever that was booked. */
export async function compareMonth(db: Sql, place: Place): Promise<ComparedMonth> {
  const ledger = await readLedger(db, place);
  const { figures: analytics, readings } = await readAnalytics(db, place);
  const { figures: invoice, id: invoiceId } = await readInvoice(db, place);
  const keys = new Map([...ledger, ...analytics, ...invoice].map(([id, { key }]) => [id, key]));
  const lines = [...keys]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, key]): MonthLine => {
      // Invoices have no line for what is free.
      const isInvoiced = invoiceId !== undefined && key.freeReason === null;
      return {
        id,
        ...key,
        ledger: ledger.get(id)?.figures ?? NOTHING,
        analytics: readings.length > 0 ? (analytics.get(id)?.figures ?? NOTHING) : undefined,
        invoice: isInvoiced ? (invoice.get(id)?.figures ?? NOTHING) : undefined,
      };
    });
  return { lines, readings, invoiceId };
}

/**
 * What can be compared with one source. Of a line without a cost only the messages differ, at the price that they have in
 * the ledger.
 */
export function comparable(lines: readonly MonthLine[], source: Source): ComparableLine[] {
  return lines.flatMap((line) => {
    const provider = source === 'ANALYTICS' ? line.analytics : line.invoice;
    if (!provider) return [];
    const { id, ledger } = line;
    const price = ledger.messages > 0 ? Math.round(ledger.amountMicros / ledger.messages) : 0;
    const valued = ledger.amountMicros + (provider.messages - ledger.messages) * price;
    const isPriced = provider.amountMicros !== null;
    return [
      {
        id,
        isPriced,
        ...keyOf(line),
        ledger,
        provider: { ...provider, amountMicros: provider.amountMicros ?? valued },
      },
    ];
  });
}

const NOTHING = {
  messages: 0,
  amountMicros: 0,
  atEnds: 0,
  beyondEnds: 0,
  pending: 0,
  tiers: {},
  roundings: 0,
} satisfies LedgerFigures & ProviderLine;

type ById<F> = Map<string, { key: LineKey; figures: F }>;

/** What is of no channel are corrections: they were not delivered. */
async function readLedger(db: Sql, { workspaceId, month, currency }: Place): Promise<ById<LedgerFigures>> {
  const [first, last] = [`${month}-01`, lastDayOf(month)];
  const { rows } = await sql<
    { market: string | null; category: string; free_reason: string | null } & Record<
      'amount' | 'messages' | 'at_ends' | 'beyond_ends' | 'pending',
      string
    >
  >`
    select market, category, free_reason,
      coalesce(sum(amount_micros) filter (where is_in), 0) as amount,
      coalesce(sum(messages) filter (where is_in), 0) as messages,
      coalesce(sum(messages) filter (where local_date in (${first}::date, ${last}::date) and channel_id is not null), 0) as at_ends,
      coalesce(sum(messages) filter (where not is_in and channel_id is not null), 0) as beyond_ends,
      coalesce(sum(expected_messages) filter (where is_in), 0) as pending
    from (
      select *, local_date between ${first}::date and ${last}::date as is_in from cost_by_day
      where workspace_id = ${workspaceId} and currency = ${currency} and line = 'MESSAGE'
        and local_date between ${first}::date - 1 and ${last}::date + 1
    ) as day
    group by market, category, free_reason
  `.execute(db);
  const { rows: slots } = await sql<{ meter: string; slot: number; messages: number }>`
    select meter, slot, messages from meter_slot
    where workspace_id = ${workspaceId} and meter like 'volume %' and messages > 0
      and split_part(meter, '|', -2) = ${month} and split_part(meter, '|', -3) = ${currency}
  `.execute(db);
  const tiers = meterTiers(slots);
  const lines = rows.map(({ market, category, free_reason: freeReason, ...row }) => {
    const key = { market, category, freeReason };
    const figures: LedgerFigures = {
      messages: Number(row.messages),
      amountMicros: Number(row.amount),
      atEnds: Number(row.at_ends),
      beyondEnds: Number(row.beyond_ends),
      pending: Number(row.pending),
      tiers: (freeReason === null && tiers.get(`${market}|${category}`)) || {},
    };
    return [lineId(key), { key, figures }] as const;
  });
  return new Map(lines);
}

async function readAnalytics(db: Sql, { workspaceId, month, currency }: Place) {
  const { rows: readings } = await sql<{ accountId: string; granularity: string; readAt: Date }>`
    select account_id as "accountId", granularity, read_at as "readAt" from analytics_reading
    where workspace_id = ${workspaceId} and month = ${month} and currency = ${currency} order by account_id
  `.execute(db);
  const { rows } = await sql<{
    market: string | null;
    category: string;
    free_reason: string | null;
    tier: string | null;
    messages: string;
    cost: string | null;
    figures: string;
  }>`
    select market, category, free_reason, tier, sum(messages) as messages, count(*) as figures,
      case when bool_and(cost_micros is not null) then sum(cost_micros) end as cost
    from analytics_figure join analytics_reading using (workspace_id, reading_id)
    where workspace_id = ${workspaceId} and analytics_reading.month = ${month} and currency = ${currency}
    group by market, category, free_reason, tier
  `.execute(db);
  const figures: ById<ProviderLine> = new Map();
  for (const { market, category, free_reason: freeReason, tier, messages, cost, figures: roundings } of rows) {
    const amountMicros = cost === null ? null : Number(cost);
    add(
      figures,
      { market, category, freeReason },
      { tier, messages: Number(messages), amountMicros, roundings: Number(roundings) },
    );
  }
  return { figures, readings: readings.map((reading) => ({ ...reading, readAt: new Date(reading.readAt) })) };
}

async function readInvoice(db: Sql, { workspaceId, month, currency }: Place) {
  const { rows } = await sql<{ id: string; lines: InvoiceLine[] }>`
    select id, lines from invoice
    where workspace_id = ${workspaceId} and month = ${month} and currency = ${currency}
    order by imported_at desc, id desc limit 1
  `.execute(db);
  const figures: ById<ProviderLine> = new Map();
  for (const { market, category, tier, messages, amountMicros } of rows[0]?.lines ?? []) {
    add(figures, { market, category, freeReason: null }, { tier, messages, amountMicros, roundings: 1 });
  }
  return { figures, id: rows[0]?.id };
}

function add(
  figures: ById<ProviderLine>,
  key: LineKey,
  { tier, messages, amountMicros, roundings }: Omit<ProviderLine, 'tiers'> & { tier: string | null },
): void {
  const id = lineId(key);
  const known: ProviderLine = figures.get(id)?.figures ?? NOTHING;
  figures.set(id, {
    key,
    figures: {
      messages: known.messages + messages,
      // An amount of which a part is not known is not known.
      amountMicros: known.amountMicros === null || amountMicros === null ? null : known.amountMicros + amountMicros,
      roundings: known.roundings + roundings,
      tiers: tier === null ? known.tiers : { ...known.tiers, [tier]: (known.tiers[tier] ?? 0) + messages },
    },
  });
}
