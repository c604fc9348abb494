import { sql, unnest, type Tx } from '@fenster/database';
import { firstIdOf } from '@fenster/runtime';
import { alertOfConversation } from '../alerts/alert.rule.js';
import { raiseAlerts, type RaisedAlert } from '../alerts/raise-alerts.js';
import { usualSince } from '../alerts/usual-cost.js';
import { countInAllowances } from '../allowances/count-allowances.js';
import { countInBudgets } from '../budgets/count-budgets.js';
import type { BillableMessage } from '../messages/billable-message.js';
import type { Entry } from './standing.js';

/** Whose cost it is. */
export type Attribution = Pick<
  BillableMessage,
  | 'workspace_id'
  | 'thread_id'
  | 'contact_id'
  | 'channel_id'
  | 'author_id'
  | 'team_id'
  | 'template'
  | 'newsletter_id'
  | 'window_opened_at'
> & { message_id: string | null; conversation_id: string | null };

export const OF_NOBODY = {
  message_id: null,
  conversation_id: null,
  thread_id: null,
  contact_id: null,
  channel_id: null,
  author_id: null,
  team_id: null,
  template: null,
  newsletter_id: null,
  window_opened_at: null,
} satisfies Partial<Attribution>;

export interface LedgerRow {
  message: Attribution;
  entry: Entry;
  /** The place of the change among all that the ledger says of the message, and of the entry within the change. */
  version: number;
  position: number;
}

const CHARGE = {
  workspace_id: 'uuid',
  id: 'uuid',
  message_id: 'uuid',
  version: 'int',
  position: 'int',
  conversation_id: 'uuid',
  thread_id: 'uuid',
  contact_id: 'uuid',
  channel_id: 'uuid',
  author_id: 'uuid',
  team_id: 'uuid',
  template: 'text',
  newsletter_id: 'uuid',
  window_opened_at: 'timestamptz',
  state: 'text',
  line: 'text',
  unit: 'text',
  reverses: 'uuid',
  amount_micros: 'bigint',
  messages: 'int',
  expected_micros: 'bigint',
  expected_messages: 'int',
  currency: 'text',
  category: 'text',
  market: 'text',
  free_reason: 'text',
  local_date: 'date',
  booked_on: 'date',
  regime: 'text',
  price_book_version: 'text',
  rate_line: 'int',
  trace: 'jsonb',
} as const;

const FIGURES = ['amount_micros', 'messages', 'expected_micros', 'expected_messages'] as const;
/** Of an entry, beside its columns. */
const MONTHS = { booked_month: 'booked_on', delivery_month: 'local_date' } as const;

interface Sum {
  by: readonly (keyof typeof CHARGE | keyof typeof MONTHS | 'label_id')[];
  /** Which entries it has; all, if not said. */
  of?: string;
  figures?: readonly (typeof FIGURES)[number][];
  /** It has an entry once for each label that the conversation has. */
  isByLabel?: true;
}

/** Sums that are kept with every entry. */
const SUMS: Readonly<Record<string, Sum>> = {
  conversation_cost: { by: ['conversation_id', 'currency'], of: 'conversation_id is not null' },
  contact_cost: { by: ['contact_id', 'currency'], of: 'contact_id is not null' },
  window_cost: { by: ['conversation_id', 'window_opened_at', 'currency'], of: 'conversation_id is not null' },
  // What was charged: it says which conversations of a month were the most expensive ones.
  conversation_month: {
    by: ['booked_month', 'conversation_id', 'currency'],
    of: 'conversation_id is not null and (amount_micros <> 0 or messages <> 0 and free_reason is null)',
    figures: ['amount_micros', 'messages'],
  },
  // What is on its way and will be charged: it says from which volume the price of the next one is taken.
  expected_volume: {
    by: ['delivery_month', 'channel_id', 'market', 'category', 'currency'],
    of: 'channel_id is not null and free_reason is null and expected_messages <> 0',
    figures: ['expected_messages'],
  },
  cost_by_day: {
    by: [
      'booked_on',
      'local_date',
      'channel_id',
      'author_id',
      'team_id',
      'template',
      'newsletter_id',
      'line',
      'category',
      'market',
      'free_reason',
      'currency',
    ],
  },
  label_cost_by_day: {
    by: [
      'label_id',
      'booked_on',
      'channel_id',
      'author_id',
      'team_id',
      'template',
      'newsletter_id',
      'line',
      'category',
      'market',
      'free_reason',
      'currency',
    ],
    isByLabel: true,
  },
};
const BY_LABEL = sql`entered join (
    select workspace_id, conversation_id, label_id from conversation_label
  ) as label using (workspace_id, conversation_id)`;

const list = (names: readonly string[]) => sql.join(names.map((name) => sql.ref(name)));

/** A conversation that costs more than is usual now. */
interface UnusualRow {
  workspace_id: string;
  conversation_id: string;
  currency: string;
  amount_micros: string;
  median_micros: string;
  conversations: string;
  since: Date;
}

/**
 * The entries, and every sum that they change, in one statement; then the budgets and allowances that they count in. The
 * database refuses to say a change twice.
 */
export async function insertEntries(tx: Tx, rows: readonly LedgerRow[]): Promise<void> {
  if (rows.length === 0) return;
  const names = list(Object.keys(CHARGE));
  const months = Object.entries(MONTHS).map(
    ([name, day]) => sql`to_char(${sql.ref(day)}, 'YYYY-MM') as ${sql.ref(name)}`,
  );
  const sums = Object.entries(SUMS).map(([table, { by, of = 'true', figures = FIGURES, isByLabel }]) => {
    const key = list(['workspace_id', ...by]);
    return sql`${sql.ref(`new_${table}`)} as (
      insert into ${sql.table(table)} as known (${key}, ${list(figures)})
      select ${key}, ${sql.join(figures.map((name) => sql`sum(${sql.ref(name)})`))} from ${isByLabel ? BY_LABEL : sql`entered`}
      where ${sql.raw(of)}
      group by ${key} order by ${key}
      on conflict (${key}) do update set ${sql.join(
        figures.map((name) => sql`${sql.ref(name)} = ${sql.ref(`known.${name}`)} + ${sql.ref(`excluded.${name}`)}`),
      )}
      returning *
    )`;
  });
  const { rows: unusual } = await sql<UnusualRow>`
    with entered as (
      insert into charge (${names}, recorded_at)
      select ${names}, ${tx.now()} from ${unnest('input', CHARGE, rows.map(toRow))}
      returning *, ${sql.join(months)}
    ), ${sql.join(sums)}
    select cost.workspace_id, cost.conversation_id, cost.currency, cost.amount_micros, usual.median_micros,
      usual.conversations, usual.since
    from new_conversation_cost cost join usual_conversation_cost usual
      on usual.workspace_id = cost.workspace_id and usual.currency = cost.currency
      and cost.amount_micros > usual.beyond_micros
      -- Months that are rated anew are no news.
      and cost.conversation_id >= ${firstIdOf(usualSince(tx.now()))}
  `.execute(tx.sql);
  await countInBudgets(tx, rows);
  await countInAllowances(tx, rows);
  await raiseAlerts(tx, unusual.flatMap(alertOf));
}

function alertOf(row: UnusualRow): RaisedAlert[] {
  const alert = alertOfConversation(
    { conversationId: row.conversation_id, currency: row.currency, amountMicros: Number(row.amount_micros) },
    {
      medianMicros: Number(row.median_micros),
      conversations: Number(row.conversations),
      since: row.since.toISOString(),
    },
  );
  return alert ? [{ workspaceId: row.workspace_id, ...alert }] : [];
}

function toRow({ message, entry, version, position }: LedgerRow): Record<keyof typeof CHARGE, unknown> {
  return {
    workspace_id: message.workspace_id,
    id: entry.id,
    message_id: message.message_id,
    version,
    position,
    conversation_id: message.conversation_id,
    thread_id: message.thread_id,
    contact_id: message.contact_id,
    channel_id: message.channel_id,
    author_id: message.author_id,
    team_id: message.team_id,
    template: message.template,
    newsletter_id: message.newsletter_id,
    window_opened_at: message.window_opened_at,
    state: entry.state,
    line: entry.line,
    unit: entry.unit,
    reverses: entry.reverses,
    amount_micros: entry.amountMicros,
    messages: entry.messages,
    expected_micros: entry.expectedMicros,
    expected_messages: entry.expectedMessages,
    currency: entry.currency,
    category: entry.category,
    market: entry.market,
    free_reason: entry.freeReason,
    local_date: entry.localDate,
    booked_on: entry.bookedOn,
    regime: entry.regime,
    price_book_version: entry.priceBookVersion,
    rate_line: entry.rateLine,
    trace: entry.trace,
  };
}
