import { chargeRecorded, estimateDiffered } from '@fenster/contracts';
import { sql, unnest, type Origin, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { readFreeLeft } from '../allowances/free-left.js';
import type { BillableMessage } from '../messages/billable-message.js';
import { placeInMeters } from '../meters/place-in-meters.js';
import { lockPeriods } from '../periods/lock-periods.js';
import type { Books } from '../price-books/books.js';
import type { PriceBook } from '../price-books/price-book.js';
import type { Unrated } from '../ratings/rate.js';
import { differenceOf } from './difference.rule.js';
import { insertEntries, type LedgerRow } from './insert-entries.js';
import { readVolumeTiers } from '../volume-tiers/read-volume-tiers.js';
import { openFrom, transition, type Standing } from './standing.js';
import { settlementInMeter, settlementOf, type Settlement } from './target.js';

const UNRATED = {
  workspace_id: 'uuid',
  message_id: 'uuid',
  conversation_id: 'uuid',
  reason: 'text',
  detail: 'text',
  price_book_version: 'text',
  trace: 'jsonb',
} as const;
const STANDING = { workspace_id: 'uuid', message_id: 'uuid', standing: 'jsonb', version: 'int' } as const;

/**
 * Brings the ledger to what is known of these messages now, and tells of it. They must have been locked by
 * `recordFacts`. What the ledger says already is not said again, so events may come in any order and any number.
 */
export async function settleMessages(
  tx: Tx,
  books: Books,
  messages: readonly BillableMessage[],
  origins: ReadonlyMap<string, Origin>,
): Promise<void> {
  if (messages.length === 0) return;
  const workspaceIds = [...new Set(messages.map((message) => message.workspace_id))];
  const closedUntil = await lockPeriods(tx, workspaceIds);
  const bookOf = await books.inForce(tx.sql, workspaceIds);
  const freeLeft = await readFreeLeft(tx, messages);
  const settlements = new Map<BillableMessage, Settlement>(
    messages.map((message) => [message, settlementOf(message, bookOf(message.workspace_id), freeLeft)]),
  );
  const moved = await placeInMeters(
    tx,
    messages.map((message) => ({ message, meter: settlements.get(message)!.meter })),
  );
  // With the lock on periods: of a tier that is stored later, its messages are rated again.
  const tierOf = await readVolumeTiers(tx.sql, [...messages, ...moved]);
  const work = [...messages, ...moved].flatMap((message) => {
    const book = bookOf(message.workspace_id);
    const settlement = message.meter === null ? settlements.get(message) : settlementInMeter(message, book, tierOf);
    return settlement ? [{ message, settlement, book }] : [];
  });

  const rows: LedgerRow[] = [];
  const changed: { message: BillableMessage; standing: Standing[] }[] = [];
  for (const { message, settlement } of work) {
    const { entries, standing } = transition(message.standing, settlement.targets, {
      openFrom: openFrom(closedUntil.get(message.workspace_id)),
      newId,
    });
    if (entries.length === 0) continue;
    const version = message.version + 1;
    rows.push(...entries.map((entry, position) => ({ message, entry, version, position })));
    tellOf(tx, message, { entries, standing }, origins.get(message.message_id));
    changed.push({ message, standing });
  }
  await insertEntries(tx, rows);
  await storeStanding(tx, changed);
  await storeUnrated(tx, work);
}

/** One event for what changed in the charges of a message: its cost is another one. Estimates are told by their own. */
function tellOf(
  tx: Tx,
  message: BillableMessage,
  { entries, standing }: ReturnType<typeof transition>,
  origin: Origin | undefined,
): void {
  const about = { messageId: message.message_id, conversationId: message.conversation_id! };
  const common = { workspaceId: message.workspace_id, origin };
  const charged = entries.filter(({ amountMicros, messages }) => amountMicros !== 0 || messages !== 0);
  const last = charged.at(-1);
  if (last) {
    const { id, currency, category } = last;
    const state = last.state === 'CORRECTED' ? ('CORRECTED' as const) : ('RATED' as const);
    const amountMicros = charged.reduce((sum, entry) => sum + entry.amountMicros, 0);
    const data = { chargeId: id, ...about, amountMicros, currency, category, state };
    tx.emit(chargeRecorded, { entityId: id, ...common, data });
  }
  const difference = differenceOf(message.standing, standing);
  if (difference)
    tx.emit(estimateDiffered, { entityId: message.message_id, ...common, data: { ...about, ...difference } });
}

async function storeStanding(
  tx: Tx,
  changed: readonly { message: BillableMessage; standing: readonly Standing[] }[],
): Promise<void> {
  if (changed.length === 0) return;
  const rows = changed.map(({ message: { workspace_id, message_id, version }, standing }) => ({
    workspace_id,
    message_id,
    standing,
    version: version + 1,
  }));
  await sql`
    update billable_message as known set standing = input.standing, version = input.version
    from ${unnest('input', STANDING, rows)}
    where known.workspace_id = input.workspace_id and known.message_id = input.message_id
  `.execute(tx.sql);
}

/** What is unrated from now on, and what is no longer. */
async function storeUnrated(
  tx: Tx,
  work: readonly { message: BillableMessage; settlement: Settlement; book: PriceBook }[],
): Promise<void> {
  const unrated = work.flatMap(({ message, settlement: { unrated: why }, book }) =>
    why ? [unratedRow(message, why, book)] : [],
  );
  const settled = work.filter(({ settlement }) => !settlement.unrated).map(({ message }) => message);
  if (settled.length > 0) {
    await sql`
      delete from unrated_message as unrated using ${unnest('input', { workspace_id: 'uuid', message_id: 'uuid' }, settled)}
      where unrated.workspace_id = input.workspace_id and unrated.message_id = input.message_id
    `.execute(tx.sql);
  }
  if (unrated.length === 0) return;
  const names = sql.join(Object.keys(UNRATED).map((name) => sql.ref(name)));
  await sql`
    insert into unrated_message (${names}, recorded_at)
    select ${names}, ${tx.now()} from ${unnest('input', UNRATED, unrated)} order by workspace_id, message_id
    on conflict (workspace_id, message_id) do update set
      reason = excluded.reason, detail = excluded.detail, trace = excluded.trace,
      price_book_version = excluded.price_book_version, recorded_at = excluded.recorded_at
  `.execute(tx.sql);
}

function unratedRow(message: BillableMessage, { reason, detail, trace }: Unrated, book: PriceBook) {
  return {
    workspace_id: message.workspace_id,
    message_id: message.message_id,
    conversation_id: message.conversation_id,
    reason,
    detail,
    price_book_version: book.version,
    trace,
  };
}
