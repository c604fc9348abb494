import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { sql, transact, unnest, type Ctx } from '@fenster/database';
import { ConfigurationError, newId } from '@fenster/runtime';
import { parsePriceBook, type PriceBook } from './price-book.js';

export interface PriceBookFile {
  book: PriceBook;
  text: string;
}

/** @throws ConfigurationError naming every line that cannot be used: a service with half its prices must not start. */
export async function readPriceBook(location: URL): Promise<PriceBookFile> {
  const text = await readFile(location, 'utf8');
  const parsed = parsePriceBook(text);
  if (parsed.ok) return { book: parsed.book, text };
  throw new ConfigurationError(
    'billing',
    parsed.problems.map(
      ({ line, column, message }) => `${fileURLToPath(location)}:${line}: ${column ? `${column}: ` : ''}${message}`,
    ),
  );
}

/**
 * Keeps the text under its version for ever, so that the rate line of an old charge can still be looked up. Whoever rates
 * by a book that shipped earlier gets it as a draft: a release with other prices changes no price by itself.
 */
export async function shipPriceBook(ctx: Ctx, { book, text }: PriceBookFile): Promise<void> {
  const { version, rates } = book;
  await transact(ctx, async (tx) => {
    // One process after the other, so that nobody gets it twice.
    await sql`select pg_advisory_xact_lock(hashtext('fenster billing shipped price book'))`.execute(tx.sql);
    await sql`
      insert into price_book (version, content, recorded_at) values (${version}, ${text}, ${tx.now()})
      on conflict (version) do nothing
    `.execute(tx.sql);
    const { rows } = await sql<{ workspace_id: string; version: string }>`
      select shipped.workspace_id, in_force.version
      from shipped_price_book shipped
      left join workspace_price_book active on active.workspace_id = shipped.workspace_id and active.state = 'ACTIVE'
      join price_book in_force on in_force.version = coalesce(active.version, shipped.version)
      join price_book latest on latest.version = ${version} and latest.recorded_at > in_force.recorded_at
      where not exists (
        select from workspace_price_book known where known.workspace_id = shipped.workspace_id and known.version = ${version}
      )
    `.execute(tx.sql);
    const drafts = rows.map(({ workspace_id, version: basedOn }) => ({ workspace_id, id: newId(), based_on: basedOn }));
    await sql`
      insert into workspace_price_book
        (workspace_id, id, version, content, note, rate_count, state, based_on, imported_by, imported_at)
      select workspace_id, id, ${version}, ${text}, 'Ships with this release of Fenster.', ${rates.length}, 'DRAFT',
        based_on, null, ${tx.now()}
      from ${unnest('input', { workspace_id: 'uuid', id: 'uuid', based_on: 'text' }, drafts)}
    `.execute(tx.sql);
  });
}
