import { describe, expect, it } from 'vitest';
import { read as readWorkbook, utils, type CellObject } from 'xlsx';
import type { Column } from './columns.js';
import { xlsx } from './xlsx.js';

interface Row {
  name: string | null;
  count: number;
  micros: bigint;
  day: string;
}
const COLUMNS: readonly Column<Row>[] = [
  { name: 'name', kind: 'text', of: ({ name }) => name },
  { name: 'count', kind: 'count', of: ({ count }) => count },
  { name: 'amount', kind: 'money', of: ({ micros }) => micros },
  { name: 'day', kind: 'day', of: ({ day }) => day },
];
const rowOf = (overrides: Partial<Row>): Row => ({ name: 'x', count: 1, micros: 1n, day: '2026-10-31', ...overrides });

async function* pagesOf(...pages: Row[][]): AsyncGenerator<Row[], void> {
  yield* pages;
}

/** As another program reads it: its sheets, each with its cells. */
async function read(content: AsyncIterable<Buffer>): Promise<Record<string, CellObject>[]> {
  const chunks: Buffer[] = [];
  for await (const bytes of content) chunks.push(bytes);
  const { SheetNames, Sheets } = readWorkbook(Buffer.concat(chunks), { cellNF: true });
  return SheetNames.map((name) => Sheets[name] as Record<string, CellObject>);
}
const valuesOf = (sheet: Record<string, CellObject>) => utils.sheet_to_json<unknown[]>(sheet, { header: 1 });

describe('a workbook', () => {
  it('has text as text, money and counts as numbers, and days as days', async () => {
    const row = rowOf({ name: 'Käse & <Söhne> 😀', count: -3, micros: -45_600n });
    const [sheet] = await read(xlsx(COLUMNS, pagesOf([row])));
    expect(valuesOf(sheet!)).toEqual([
      ['name', 'count', 'amount', 'day'],
      ['Käse & <Söhne> 😀', -3, -0.0456, 46_326],
    ]);
    expect(sheet!['D2']!.z).toBe('yyyy\\-mm\\-dd');
    expect(sheet!['C2']!.z).toBe('#,##0.000000');
  });

  it.each(['=1+1', '+49', '@sum(a1)', '-2'])('runs nothing: %j', async (name) => {
    const [sheet] = await read(xlsx(COLUMNS, pagesOf([rowOf({ name })])));
    const { t: type, v: value, f: formula } = sheet!['A2']!;
    expect([type, value, formula]).toEqual(['s', name, undefined]);
  });

  it('keeps what looks like an escape, and leaves out what XML has no sign for', async () => {
    const rows = ['_x0041_', 'a\u0000b\u0007c\ud800', null].map((name) => rowOf({ name }));
    const [sheet] = await read(xlsx(COLUMNS, pagesOf(rows)));
    expect(valuesOf(sheet!).map(([name]) => name)).toEqual(['name', '_x0041_', 'abc\ufffd', undefined]);
  });

  it('goes on in further sheets, wherever its pages end', async () => {
    const rows = Array.from({ length: 10 }, (_, index) => rowOf({ count: index }));
    for (const maxRows of [2, 4, 6, 11]) {
      const pages = pagesOf(rows.slice(0, 3), [], rows.slice(3, 9), rows.slice(9));
      const sheets = await read(xlsx(COLUMNS, pages, { maxRows }));
      expect(sheets).toHaveLength(Math.ceil(10 / (maxRows - 1)));
      const all = sheets.flatMap((sheet) => {
        const [header, ...values] = valuesOf(sheet);
        expect(header).toEqual(['name', 'count', 'amount', 'day']);
        return values.map(([, count]) => count);
      });
      expect(all).toEqual(rows.map(({ count }) => count));
    }
  });

  it('has one sheet with its header where there are no rows', async () => {
    const sheets = await read(xlsx(COLUMNS, pagesOf()));
    expect(sheets.map(valuesOf)).toEqual([[['name', 'count', 'amount', 'day']]]);
  });
});
