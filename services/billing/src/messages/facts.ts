import { sql, unnest, type Tx } from '@fenster/database';
import type { ProviderPricing } from '../ratings/verdict.js';
import type { BillableMessage, MessageFactsRow } from './billable-message.js';

export type Facts = Partial<MessageFactsRow>;
type KnownFacts = MessageFactsRow & Pick<BillableMessage, 'workspace_id' | 'message_id'>;

/** Facts about messages, gathered from the events of a batch. */
export class FactCollection {
  readonly #byMessage = new Map<string, KnownFacts>();

  add(workspaceId: string, messageId: string, facts: Facts): void {
    const key = `${workspaceId} ${messageId}`;
    const known = this.#byMessage.get(key) ?? { ...NOTHING_KNOWN, workspace_id: workspaceId, message_id: messageId };
    this.#byMessage.set(key, merge(known, facts));
  }

  get messages(): readonly KnownFacts[] {
    return [...this.#byMessage.values()];
  }
}

/** Said once, by the one event that knows it. */
const SAID_ONCE = {
  channel_id: 'uuid',
  conversation_id: 'uuid',
  thread_id: 'uuid',
  contact_id: 'uuid',
  team_id: 'uuid',
  author_id: 'uuid',
  template: 'text',
  newsletter_id: 'uuid',
  planned_category: 'text',
  planned_country: 'text',
  queued_at: 'timestamptz',
  window_opened_at: 'timestamptz',
  window_expires_at: 'timestamptz',
  free_entry_expires_at: 'timestamptz',
  provider_message_key: 'text',
} as const;
/** Said by every status, and the same by all. Should it differ, the order of arrival must not decide. */
const LEAST_COUNTS = { recipient_country: 'text', currency: 'text', time_zone: 'text', portfolio: 'text' } as const;
const EARLIEST_COUNTS = { delivered_at: 'timestamptz', failed_at: 'timestamptz' } as const;
/** Together from one status. */
const PRICE = { pricing: 'jsonb', priced_at: 'timestamptz', conversation_key: 'text' } as const;
const COLUMNS = {
  workspace_id: 'uuid',
  message_id: 'uuid',
  ...SAID_ONCE,
  ...LEAST_COUNTS,
  ...EARLIEST_COUNTS,
  ...PRICE,
} as const;
const TIMES = [
  'queued_at',
  'window_opened_at',
  'window_expires_at',
  'free_entry_expires_at',
  'priced_at',
  'delivered_at',
  'failed_at',
] as const;

const keysOf = <T extends object>(columns: T) => Object.keys(columns) as (keyof T & string)[];
const NOTHING_KNOWN = Object.fromEntries(keysOf(COLUMNS).map((name) => [name, null])) as unknown as MessageFactsRow;

/** Whatever the order in which facts come, the same is known in the end. `recordFacts` does the same in SQL. */
function merge(known: KnownFacts, further: Facts): KnownFacts {
  const merged: Record<string, unknown> = { ...known };
  for (const name of keysOf(SAID_ONCE)) merged[name] = known[name] ?? further[name] ?? null;
  for (const name of [...keysOf(LEAST_COUNTS), ...keysOf(EARLIEST_COUNTS)]) {
    merged[name] = least<Date | string>(known[name], further[name]);
  }
  if (further.pricing && (!known.pricing || precedes(further, known))) {
    for (const name of keysOf(PRICE)) merged[name] = further[name] ?? null;
  }
  return merged as unknown as KnownFacts;
}

function least<T extends Date | string>(a: T | null, b: T | null | undefined): T | null {
  if (a === null || b == null) return a ?? b ?? null;
  return a <= b ? a : b;
}

type Priced = Partial<Pick<MessageFactsRow, 'pricing' | 'priced_at'>>;

/** Providers tell times in seconds: in one second, the words decide. */
function precedes(a: Priced, b: Priced): boolean {
  const difference = a.priced_at!.getTime() - b.priced_at!.getTime();
  return difference === 0 ? wordsOf(a.pricing!) < wordsOf(b.pricing!) : difference < 0;
}
const wordsOf = ({ category, type, billable }: ProviderPricing) => `${category} ${type ?? ''} ${billable ?? ''}`;
const wordsIn = (row: string) =>
  sql.raw(
    `concat(${row}.pricing->>'category', ' ', ${row}.pricing->>'type', ' ', ${row}.pricing->>'billable') collate "C"`,
  );
const isEarlierPrice = sql`(excluded.pricing is not null and (known.pricing is null
  or (excluded.priced_at, ${wordsIn('excluded')}) < (known.priced_at, ${wordsIn('known')})))`;

const MERGED = [
  ...keysOf(SAID_ONCE).map((name) => ({
    name,
    value: sql`coalesce(${sql.ref(`known.${name}`)}, ${sql.ref(`excluded.${name}`)})`,
  })),
  ...keysOf(LEAST_COUNTS).map((name) => ({
    name,
    value: sql`least(${sql.ref(`known.${name}`)} collate "C", ${sql.ref(`excluded.${name}`)} collate "C")`,
  })),
  ...keysOf(EARLIEST_COUNTS).map((name) => ({
    name,
    value: sql`least(${sql.ref(`known.${name}`)}, ${sql.ref(`excluded.${name}`)})`,
  })),
  ...keysOf(PRICE).map((name) => ({
    name,
    value: sql`case when ${isEarlierPrice} then ${sql.ref(`excluded.${name}`)} else ${sql.ref(`known.${name}`)} end`,
  })),
].map(({ name, value }) => ({ column: sql.ref(name), known: sql.ref(`known.${name}`), value }));

/** Everything of a message, as the driver hands it out. */
export const BILLABLE_MESSAGE = sql.join(
  [...keysOf(COLUMNS), 'standing', 'version', 'meter', 'meter_slot'].map((name) => sql.ref(name)),
);

/**
 * Adds what is new to what is known and returns the messages about which something was new, with everything that is
 * known now. Their rows stay locked: of two transactions that each bring a part, the later one sees the whole.
 */
export async function recordFacts(tx: Tx, messages: readonly KnownFacts[]): Promise<BillableMessage[]> {
  if (messages.length === 0) return [];
  const names = sql.join(keysOf(COLUMNS).map((name) => sql.ref(name)));
  const { rows } = await sql<BillableMessageRow>`
    insert into billable_message as known (${names})
    select ${names} from ${unnest('input', COLUMNS, messages)} order by workspace_id, message_id
    on conflict (workspace_id, message_id) do update
    set ${sql.join(MERGED.map(({ column, value }) => sql`${column} = ${value}`))}
    where ${sql.join(
      MERGED.map(({ known, value }) => sql`${value} is distinct from ${known}`),
      sql` or `,
    )}
    returning ${BILLABLE_MESSAGE}
  `.execute(tx.sql);
  return rows.map(toBillableMessage);
}

/** The driver hands out instants as text. */
export type BillableMessageRow = Omit<BillableMessage, (typeof TIMES)[number]> &
  Record<(typeof TIMES)[number], string | null>;

export function toBillableMessage(row: BillableMessageRow): BillableMessage {
  const times = TIMES.map((name) => [name, row[name] === null ? null : new Date(row[name])]);
  return { ...row, ...(Object.fromEntries(times) as Pick<BillableMessage, (typeof TIMES)[number]>) };
}
