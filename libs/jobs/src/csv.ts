import { stringify } from 'csv-stringify/sync';

/** How spreadsheets of a language take numbers. */
export interface CsvFormat {
  delimiter: ',' | ';';
  decimalSign: '.' | ',';
}

export const ENGLISH_CSV: CsvFormat = { delimiter: ',', decimalSign: '.' };
export const GERMAN_CSV: CsvFormat = { delimiter: ';', decimalSign: ',' };

/** Text, a count, or millionths (bigint): money is never a float. */
export type CsvCell = string | number | bigint | null;

const MICRO_DIGITS = 6;

/**
 * Rows as they stand in a file. Spreadsheets run text that begins with one of `= + - @`, a tab or a carriage return: it
 * gets an apostrophe in front. Numbers are none of that, and stay what they are.
 */
export function csvRows(rows: readonly (readonly CsvCell[])[], format: CsvFormat = ENGLISH_CSV): string {
  return stringify(rows as CsvCell[][], {
    escape_formulas: true,
    record_delimiter: 'windows',
    delimiter: format.delimiter,
    cast: { bigint: (micros) => writeMicros(micros, format.decimalSign) },
  });
}

/** Excel takes a file for UTF-8 that begins with it; other programs may take it for a part of the first column's name. */
export const BYTE_ORDER_MARK = '\ufeff';

/** Millionths as a decimal number, all six digits: `-1250n` is `-0.001250`. */
export function writeMicros(micros: bigint, decimalSign: CsvFormat['decimalSign'] = '.'): string {
  const digits = String(micros < 0n ? -micros : micros).padStart(MICRO_DIGITS + 1, '0');
  return `${micros < 0n ? '-' : ''}${digits.slice(0, -MICRO_DIGITS)}${decimalSign}${digits.slice(-MICRO_DIGITS)}`;
}
