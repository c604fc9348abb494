import { sql, transact, type Ctx, type Tx } from '@fenster/database';
import { createPoller, type Poller } from '@fenster/runtime';
import type { Books } from '../price-books/books.js';
import { comparePriceBooks, firstChangedDay } from '../price-books/compare-price-books.js';
import { shipPriceBook, type PriceBookFile } from '../price-books/stored-price-book.js';
import { dayAfter } from '../ratings/local-date.js';
import { applyVolumeTiers } from '../volume-tiers/apply-volume-tiers.js';
import { settleAgain } from './settle-again.js';

const CHECK_MS = 10 * 60_000;
const AT_ONCE = 500;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Rates what a new price book or a tier of the provider's changes: at once when it comes in force, and after a crash where it was left. Workspaces
 * that began with a release before this one, while that still ran, get the book of this one as a draft too.
 */
export function createRatingAgain(ctx: Ctx, books: Books, shipped: PriceBookFile): Poller {
  return createPoller({
    work: async (isStopped) => {
      await shipPriceBook(ctx, shipped);
      await rateUnrated(ctx, books, isStopped);
      await applyPriceBooks(ctx, books, isStopped);
      await applyVolumeTiers(ctx, books, isStopped);
    },
    everyMs: CHECK_MS,
    name: 'rating again',
    log: ctx.log,
  });
}

/** What could not be rated, and has not been tried by the book in force: one may have come in force. */
export async function rateUnrated(ctx: Ctx, books: Books, isStopped = () => false): Promise<void> {
  let after: UnratedKey | undefined = {
    workspace_id: FIRST_ID,
    message_id: FIRST_ID,
  };
  while (after && !isStopped()) {
    const { workspace_id, message_id }: UnratedKey = after;
    after = await transact(ctx, async (tx): Promise<UnratedKey | undefined> => {
      const { rows } = await sql<UnratedKey>`
        select u.workspace_id, u.message_id from unrated_message u
        left join workspace_price_book b on b.workspace_id = u.workspace_id and b.state = 'ACTIVE'
        left join shipped_price_book s on s.workspace_id = u.workspace_id
        where u.price_book_version <> coalesce(b.version, s.version)
          and (u.workspace_id, u.message_id) > (${workspace_id}, ${message_id})
        order by u.workspace_id, u.message_id limit ${AT_ONCE}
      `.execute(tx.sql);
      for (const [workspaceId, of] of Map.groupBy(rows, (row) => row.workspace_id)) {
        await settleAgain(
          tx,
          books,
          workspaceId,
          of.map((row) => row.message_id),
        );
      }
      return rows.length < AT_ONCE ? undefined : rows.at(-1);
    });
  }
}

interface UnratedKey {
  workspace_id: string;
  message_id: string;
}

interface Activated {
  workspace_id: string;
  id: string;
  version: string;
  based_on: string;
  applied_until: string | null;
}

/** Corrects what has another price by a book that came in force, in all periods that are open. */
export async function applyPriceBooks(ctx: Ctx, books: Books, isStopped = () => false): Promise<void> {
  const { rows } = await sql<Activated>`
    select workspace_id, id, version, based_on, applied_until from workspace_price_book
    where state = 'ACTIVE' and applied_at is null
  `.execute(ctx.database.system().getKysely());
  for (const book of rows) {
    while (!isStopped() && (await applySome(ctx, books, book)));
  }
}

/** @returns whether there is more to do. */
async function applySome(ctx: Ctx, books: Books, { workspace_id, id, version, based_on }: Activated): Promise<boolean> {
  return transact(ctx, async (tx) => {
    // Whoever else applies it waits, and goes on from here.
    const { rows } = await sql<{ applied_until: string | null }>`
      select applied_until from workspace_price_book
      where workspace_id = ${workspace_id} and id = ${id} and state = 'ACTIVE' and applied_at is null for update
    `.execute(tx.sql);
    if (!rows[0]) return false;
    const [before, after] = await Promise.all([books.read(tx.sql, based_on), books.read(tx.sql, version)]);
    const from = firstChangedDay(comparePriceBooks(before, after));
    const messageIds =
      from === undefined ? [] : await nextMessages(tx, workspace_id, rows[0].applied_until ?? FIRST_ID, from);
    await settleAgain(tx, books, workspace_id, messageIds);
    const isDone = messageIds.length < AT_ONCE;
    await sql`
      update workspace_price_book set applied_until = ${messageIds.at(-1) ?? rows[0].applied_until},
        applied_at = ${isDone ? tx.now() : null}
      where workspace_id = ${workspace_id} and id = ${id}
    `.execute(tx.sql);
    return !isDone;
  });
}

async function nextMessages(tx: Tx, workspaceId: string, after: string, from: string): Promise<string[]> {
  // A day earlier: the day begins earlier in some accounts' time zones. Too many are rated to no effect.
  // Closed is what the day of the account says: all that stands of a message has one, an empty standing has none.
  const { rows } = await sql<{ message_id: string }>`
    select message_id from billable_message
    where workspace_id = ${workspaceId} and message_id > ${after} and delivered_at >= ${dayAfter(from, -1)}::date
      and (standing->0->>'localDate')::date > coalesce(
        (select max(last_day) from closed_period where workspace_id = ${workspaceId}), date '2000-01-01')
    order by message_id limit ${AT_ONCE}
  `.execute(tx.sql);
  return rows.map((row) => row.message_id);
}
