import { CsvError, parse } from 'csv-parse/sync';

/** A mistake in a file, and its line. */
export interface FileProblem {
  line: number;
  column?: string;
  message: string;
}

export interface CsvLine {
  line: number;
  record: string[];
}

/** The lines of a file with exactly these columns, or why it is none. Whether each has as many fields is not looked at. */
export function readCsvLines(
  text: string,
  columns: readonly string[],
  what: string,
): { ok: true; lines: CsvLine[] } | { ok: false; problems: FileProblem[] } {
  let records: { info: { lines: number }; record: string[] }[];
  try {
    // The declared return type of csv-parse does not know the option `info`.
    const options = { bom: true, info: true, relax_column_count: true, skip_empty_lines: true };
    records = parse(text, options) as unknown as typeof records;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { ok: false, problems: [{ line: Number(error.lines ?? 1), message: error.message }] };
  }
  const [header, ...lines] = records;
  if (header?.record.join() !== columns.join()) {
    return { ok: false, problems: [{ line: 1, message: `the header must be ${columns.join()}` }] };
  }
  if (lines.length === 0) return { ok: false, problems: [{ line: 1, message: `the file has no ${what}` }] };
  return { ok: true, lines: lines.map(({ info, record }) => ({ line: info.lines, record })) };
}
