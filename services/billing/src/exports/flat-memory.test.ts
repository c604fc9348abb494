import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Column } from './columns.js';
import { contentOf } from './export.job.js';

const COLUMNS: readonly Column<string>[] = [{ name: 'text', kind: 'text', of: (row) => row }];
const ROWS_A_PAGE = 100;
const ROW_BYTES = 1_000;
const PAGES = 10_000;
const SLOWLY_READ = 40;
/** What streams keep before they hold back: some hundred thousand bytes, whatever comes after. */
const MOST_AHEAD = 12;

class Pages {
  read = 0;
  isClosed = false;

  async *[Symbol.asyncIterator](): AsyncGenerator<string[], void> {
    try {
      for (; this.read < PAGES; this.read += 1) {
        yield Array.from({ length: ROWS_A_PAGE }, () => randomBytes(ROW_BYTES / 2).toString('hex'));
      }
    } finally {
      this.isClosed = true;
    }
  }
}

describe.each(['CSV', 'XLSX'] as const)('an export as %s', (format) => {
  const settings = { format, numberFormat: 'ENGLISH', withByteOrderMark: false } as const;

  it('reads no more pages than what is written of them allows, however many there are', async () => {
    const pages = new Pages();
    const content = contentOf(settings, COLUMNS, pages);
    let written = 0;
    let mostAhead = 0;
    // Hexadecimal digits are packed to half of their size.
    const pageBytes = ROWS_A_PAGE * ROW_BYTES * (format === 'XLSX' ? 0.5 : 1);
    while (written < SLOWLY_READ * pageBytes) {
      const { value } = await content.next();
      written += value!.length;
      // Whoever writes is slow: all that could be read meanwhile is read.
      for (let turn = 0; turn < 20; turn += 1) await setImmediate();
      mostAhead = Math.max(mostAhead, pages.read - written / pageBytes);
    }
    expect(pages.read).toBeGreaterThan(SLOWLY_READ - MOST_AHEAD);
    expect(mostAhead).toBeLessThan(MOST_AHEAD);
    await content.return();
  });

  it('ends its reading where nobody writes any more', async () => {
    const pages = new Pages();
    const content = contentOf(settings, COLUMNS, pages);
    await content.next();
    await content.next();
    await content.return();
    await expect.poll(() => pages.isClosed).toBe(true);
    expect(pages.read).toBeLessThan(MOST_AHEAD);
  });

  it('breaks off where reading does', async () => {
    async function* broken(): AsyncGenerator<string[], void> {
      yield ['one'];
      throw new Error('the database is away');
    }
    const all = async () => {
      for await (const _ of contentOf(settings, COLUMNS, broken()));
    };
    await expect(all()).rejects.toThrow('the database is away');
  });
});
