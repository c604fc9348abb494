import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';

/** The file is at fault. */
export class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError';

  constructor(readonly reason: 'WRONG_ENCODING' | 'MALFORMED' | 'ROW_TOO_LONG') {
    super(reason);
  }
}

export interface CsvForm {
  encoding: 'utf-8' | 'windows-1252';
  delimiter: string;
}

export interface CsvRecord {
  cells: string[];
  /** How much of the file has been read with it. */
  bytes: number;
}

const MAX_RECORD_CHARACTERS = 200_000;

/** Row after row, however long the file is; the first one is the header. @throws UnreadableFileError */
export async function* readCsv(
  content: AsyncIterable<Buffer>,
  { encoding, delimiter }: CsvForm,
): AsyncGenerator<CsvRecord, void> {
  const parser = parse({
    delimiter,
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_CHARACTERS,
  });
  let failure: unknown;
  pipeline(Readable.from(decode(content, encoding)), parser, (error) => {
    failure = error ?? undefined;
  });
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { bytes: number } }>) {
      yield { cells: record, bytes: info.bytes };
    }
  } catch (error) {
    const cause = failure ?? error;
    if (cause instanceof CsvError) {
      throw new UnreadableFileError(cause.code === 'CSV_MAX_RECORD_SIZE' ? 'ROW_TOO_LONG' : 'MALFORMED');
    }
    throw cause;
  } finally {
    parser.destroy();
  }
}

async function* decode(content: AsyncIterable<Buffer>, encoding: CsvForm['encoding']): AsyncGenerator<string, void> {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  try {
    for await (const bytes of content) yield decoder.decode(bytes, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (error instanceof TypeError && 'code' in error && error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      throw new UnreadableFileError('WRONG_ENCODING');
    }
    throw error;
  }
}

const DELIMITERS = [',', ';', '\t', '|'];

/** What stands most often in the first line. */
export function delimiterOf(firstLine: string): string {
  const count = (delimiter: string) => firstLine.split(delimiter).length;
  return DELIMITERS.toSorted((a, b) => count(b) - count(a))[0]!;
}
