import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { sql, type Database } from '@fenster/database';
import { ConfigurationError } from '@fenster/runtime';
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

/** Keeps the text under its version for ever, so that the rate line of an old charge can still be looked up. */
export async function storePriceBook(database: Database, { book, text }: PriceBookFile, now: Date): Promise<void> {
  await sql`
    insert into price_book (version, content, recorded_at) values (${book.version}, ${text}, ${now})
    on conflict (version) do nothing
  `.execute(database.system().getKysely());
}
