import { describe, expect, it } from 'vitest';
import { delimiterOf, readCsv, type CsvForm } from './read-csv.js';

const UTF8: CsvForm = { encoding: 'utf-8', delimiter: ',' };

/** In pieces that cut characters and quotes apart. */
async function* pieces(bytes: Buffer, size = bytes.length > 1_000 ? 1_000 : 3): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function read(content: string | Buffer, form = UTF8): Promise<string[][]> {
  const rows: string[][] = [];
  for await (const { cells } of readCsv(pieces(Buffer.from(content as string)), form)) rows.push(cells);
  return rows;
}

describe('a file of comma-separated values', () => {
  it('is read row by row, with quotes, line ends in cells, rows of any length and a byte order mark', async () => {
    const text = '\ufeffname,stadt\r\n"Größe ""42""","Köln,\nSüd"\r\n\r\nnur einer\r\na,b,c\r\n';
    expect(await read(text)).toEqual([['name', 'stadt'], ['Größe "42"', 'Köln,\nSüd'], ['nur einer'], ['a', 'b', 'c']]);
  });

  it('is read as Windows writes it', async () => {
    const form: CsvForm = { encoding: 'windows-1252', delimiter: ';' };
    expect(await read(Buffer.from('name;ort\nM\xfcller;K\xf6ln\n', 'latin1'), form)).toEqual([
      ['name', 'ort'],
      ['Müller', 'Köln'],
    ]);
  });

  it.each([
    ['WRONG_ENCODING', Buffer.from('name\nM\xfcller\n', 'latin1')],
    ['MALFORMED', Buffer.from('name\n"Anna')],
    ['MALFORMED', Buffer.from('name\nAn"na\n')],
    ['ROW_TOO_LONG', Buffer.from(`name\n${'x'.repeat(300_000)}\n`)],
  ])('is refused if it is %s', async (reason, content) => {
    const failed = await read(content).then(
      () => undefined,
      (error: { reason: string }) => error.reason,
    );
    expect(failed).toBe(reason);
  });

  it.each([
    ['name,ort;plz,land', ','],
    ['name;ort', ';'],
    ['name\tort', '\t'],
    ['name', ','],
  ])('given the first line %j, then its cells are divided by %j', (line, delimiter) => {
    expect(delimiterOf(line)).toBe(delimiter);
  });
});
