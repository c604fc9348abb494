import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvRows, ENGLISH_CSV, GERMAN_CSV, writeMicros } from './csv.js';

describe('rows of a CSV file', () => {
  it('have numbers as the language writes them, and counts as they are', () => {
    const rows = [['a', 3, 45_600n, -1_250n, 0n, null]];
    expect(csvRows(rows, ENGLISH_CSV)).toBe('a,3,0.045600,-0.001250,0.000000,\r\n');
    expect(csvRows(rows, GERMAN_CSV)).toBe('a;3;0,045600;-0,001250;0,000000;\r\n');
  });

  it.each(['=1+1', '+49', '-2', '@sum(a1)', '\tx', '\rx', '＝1'])('run nothing in a spreadsheet: %j', (text) => {
    for (const format of [ENGLISH_CSV, GERMAN_CSV]) {
      expect(csvRows([[text, -2, -2n]], format)).toMatch(/^"?'[^]*[,;]-2[,;]/);
    }
  });

  it('are read again as what they were', () => {
    const cell = fc.string({ unit: 'grapheme' }).filter((text) => !/^[=+\-@\t\r＝＋－＠']/.test(text));
    const row = fc.tuple(cell, cell, fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }));
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), fc.constantFrom(ENGLISH_CSV, GERMAN_CSV), (rows, format) => {
        const read = parse(csvRows(rows, format), { delimiter: format.delimiter, record_delimiter: '\r\n' });
        expect(read).toEqual(rows.map(([a, b, micros]) => [a, b, writeMicros(micros, format.decimalSign)]));
      }),
    );
  });
});
