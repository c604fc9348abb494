import { sql, unnest, type Tx } from '@fenster/database';
import type { BillableMessage } from './completion.js';

export type Facts = Partial<Omit<BillableMessage, 'workspace_id' | 'message_id'>>;

/** Facts about messages, gathered in the order of their arrival. */
export class FactCollection {
  readonly #byMessage = new Map<string, BillableMessage>();

  add(workspaceId: string, messageId: string, facts: Facts): void {
    const key = `${workspaceId} ${messageId}`;
    const known = this.#byMessage.get(key) ?? { ...NOTHING_KNOWN, workspace_id: workspaceId, message_id: messageId };
    this.#byMessage.set(key, merge(known, facts));
  }

  get messages(): readonly BillableMessage[] {
    return [...this.#byMessage.values()];
  }
}

const NOTHING_KNOWN = {
  channel_id: null,
  conversation_id: null,
  thread_id: null,
  author_id: null,
  provider_message_key: null,
  pricing: null,
  recipient_country: null,
  currency: null,
  time_zone: null,
  delivered_at: null,
  failed_at: null,
} as const satisfies Facts;

/** What was known first stays, except for times: there the earliest counts. `recordFacts` does the same in SQL. */
function merge(known: BillableMessage, further: Facts): BillableMessage {
  const added = Object.entries(further).filter(([name]) => known[name as keyof BillableMessage] === null);
  return {
    ...known,
    ...Object.fromEntries(added),
    delivered_at: earliest(known.delivered_at, further.delivered_at),
    failed_at: earliest(known.failed_at, further.failed_at),
  };
}

function earliest(a: Date | null, b: Date | null | undefined): Date | null {
  if (!a || !b) return a ?? b ?? null;
  return a <= b ? a : b;
}

const FIRST_COUNTS = {
  channel_id: 'uuid',
  conversation_id: 'uuid',
  thread_id: 'uuid',
  author_id: 'uuid',
  provider_message_key: 'text',
  pricing: 'jsonb',
  recipient_country: 'text',
  currency: 'text',
  time_zone: 'text',
} as const;
const EARLIEST_COUNTS = { delivered_at: 'timestamptz', failed_at: 'timestamptz' } as const;
const COLUMNS = { workspace_id: 'uuid', message_id: 'uuid', ...FIRST_COUNTS, ...EARLIEST_COUNTS } as const;

const MERGED = [
  ...Object.keys(FIRST_COUNTS).map((name) => ({ name, rule: sql`coalesce` })),
  ...Object.keys(EARLIEST_COUNTS).map((name) => ({ name, rule: sql`least` })),
].map(({ name, rule }) => ({
  column: sql.ref(name),
  known: sql.ref(`known.${name}`),
  value: sql`${rule}(${sql.ref(`known.${name}`)}, ${sql.ref(`excluded.${name}`)})`,
}));

/**
 * Adds what is new to what is known and returns the messages about which something was new, with everything that is
 * known now. Their rows stay locked: of two transactions that each bring a part, the later one sees the whole.
 */
export async function recordFacts(tx: Tx, messages: readonly BillableMessage[]): Promise<BillableMessage[]> {
  if (messages.length === 0) return [];
  const names = sql.join(Object.keys(COLUMNS).map((name) => sql.ref(name)));
  const { rows } = await sql<WithTextTimes<BillableMessage, keyof typeof EARLIEST_COUNTS>>`
    insert into billable_message as known (${names})
    select ${names} from ${unnest('input', COLUMNS, messages)} order by workspace_id, message_id
    on conflict (workspace_id, message_id) do update
    set ${sql.join(MERGED.map(({ column, value }) => sql`${column} = ${value}`))}
    where ${sql.join(
      MERGED.map(({ known, value }) => sql`${value} is distinct from ${known}`),
      sql` or `,
    )}
    returning ${names}
  `.execute(tx.sql);
  return rows.map((row) => ({ ...row, delivered_at: toDate(row.delivered_at), failed_at: toDate(row.failed_at) }));
}

/** The driver hands out instants as text. */
type WithTextTimes<Row, Times extends keyof Row> = Omit<Row, Times> & Record<Times, string | null>;

function toDate(instant: string | null): Date | null {
  return instant === null ? null : new Date(instant);
}
