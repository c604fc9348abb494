import { chargeRecorded } from '@fenster/contracts';
import { sql, unnest, type Origin, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { completionOf, type BillableMessage } from '../messages/completion.js';
import type { Market } from '../price-books/market.js';
import type { PriceBook } from '../price-books/price-book.js';
import type { FreeReason, TraceFact } from '../ratings/rate.js';
import { ledgerEntryOf } from './ledger-entry.js';

const CHARGE = {
  workspace_id: 'uuid',
  id: 'uuid',
  message_id: 'uuid',
  conversation_id: 'uuid',
  amount_micros: 'bigint',
  currency: 'text',
  category: 'text',
  market: 'text',
  free_reason: 'text',
  local_date: 'date',
  rate_line: 'int',
  trace: 'jsonb',
} as const;

const UNRATED = {
  workspace_id: 'uuid',
  message_id: 'uuid',
  conversation_id: 'uuid',
  reason: 'text',
  detail: 'text',
  trace: 'jsonb',
} as const;

interface NewCharge {
  workspace_id: string;
  id: string;
  message_id: string;
  conversation_id: string;
  amount_micros: number;
  currency: string;
  category: string;
  market: Market | undefined;
  free_reason: FreeReason | undefined;
  local_date: string;
  rate_line: number | undefined;
  trace: readonly TraceFact[];
}

type NewUnrated = Record<keyof typeof UNRATED, unknown>;

/**
 * Rates the messages that are complete by now and enters them in the ledger, the sums and the event log. The
 * messages must have been locked by `recordFacts`; one that has its charge already keeps it.
 */
export async function recordCharges(
  tx: Tx,
  book: PriceBook,
  messages: readonly BillableMessage[],
  origins: ReadonlyMap<string, Origin>,
): Promise<void> {
  const charges: NewCharge[] = [];
  const unrated: NewUnrated[] = [];
  for (const facts of messages) {
    const completion = completionOf(facts);
    if (completion.state !== 'complete') continue;
    const { workspaceId, messageId, conversationId } = completion.message;
    const key = { workspace_id: workspaceId, message_id: messageId, conversation_id: conversationId };
    const entry = ledgerEntryOf(completion.message, book);
    if (entry.kind === 'unrated') {
      unrated.push({ ...key, reason: entry.reason, detail: entry.detail, trace: entry.trace });
      continue;
    }
    const { charge } = entry;
    charges.push({
      ...key,
      id: newId(),
      amount_micros: charge.amountMicros,
      currency: charge.currency,
      category: charge.category,
      market: charge.market,
      free_reason: charge.freeReason,
      local_date: charge.localDate,
      rate_line: charge.rate?.line,
      trace: charge.trace,
    });
  }
  const entered = await insertCharges(tx, charges, book.version);
  for (const charge of charges) if (entered.has(charge.id)) emitCharge(tx, charge, origins.get(charge.message_id));
  await storeUnrated(tx, unrated, book.version);
}

/** One statement: the charges that are new, their sums, and the end of their being unrated. Returns the new ids. */
async function insertCharges(tx: Tx, charges: readonly NewCharge[], version: string): Promise<Set<string>> {
  if (charges.length === 0) return new Set();
  const names = sql.join(Object.keys(CHARGE).map((name) => sql.ref(name)));
  const { rows } = await sql<{ id: string }>`
    with entered as (
      insert into charge (${names}, price_book_version, recorded_at)
      select ${names}, ${version}, ${tx.now()} from ${unnest('input', CHARGE, charges)}
      on conflict (workspace_id, message_id) do nothing
      returning workspace_id, id, message_id, conversation_id, currency, amount_micros
    ), total as (
      insert into conversation_cost as known (workspace_id, conversation_id, currency, amount_micros, messages)
      select workspace_id, conversation_id, currency, sum(amount_micros), count(*)
      from entered group by workspace_id, conversation_id, currency
      order by workspace_id, conversation_id, currency
      on conflict (workspace_id, conversation_id, currency) do update set
        amount_micros = known.amount_micros + excluded.amount_micros,
        messages = known.messages + excluded.messages
    ), settled as (
      delete from unrated_message as unrated using entered
      where unrated.workspace_id = entered.workspace_id and unrated.message_id = entered.message_id
    )
    select id from entered
  `.execute(tx.sql);
  return new Set(rows.map((row) => row.id));
}

async function storeUnrated(tx: Tx, unrated: readonly NewUnrated[], version: string): Promise<void> {
  if (unrated.length === 0) return;
  const names = sql.join(Object.keys(UNRATED).map((name) => sql.ref(name)));
  await sql`
    insert into unrated_message (${names}, price_book_version, recorded_at)
    select ${names}, ${version}, ${tx.now()} from ${unnest('input', UNRATED, unrated)}
    where not exists (
      select from charge where charge.workspace_id = input.workspace_id and charge.message_id = input.message_id
    )
    on conflict (workspace_id, message_id) do update set
      reason = excluded.reason, detail = excluded.detail, trace = excluded.trace,
      price_book_version = excluded.price_book_version, recorded_at = excluded.recorded_at
  `.execute(tx.sql);
}

function emitCharge(tx: Tx, charge: NewCharge, origin: Origin | undefined): void {
  tx.emit(chargeRecorded, {
    entityId: charge.id,
    workspaceId: charge.workspace_id,
    origin,
    data: {
      chargeId: charge.id,
      messageId: charge.message_id,
      conversationId: charge.conversation_id,
      amountMicros: charge.amount_micros,
      currency: charge.currency,
      category: charge.category,
    },
  });
}
