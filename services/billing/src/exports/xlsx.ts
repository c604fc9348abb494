import { Readable } from 'node:stream';
import { writeMicros } from '@fenster/jobs';
import { ZipFile } from 'yazl';
import type { Column, ColumnKind } from './columns.js';

/** Of a sheet, by the format (ECMA-376); its header is one of them. */
const MAX_ROWS = 1_048_576;

/**
 * A workbook, written while its rows are read: nothing of it is kept. What no sheet holds any more goes on in the next.
 * The parts that name the sheets come last, when their number is known; a ZIP has no order. Text is text: no cell is a
 * formula.
 */
export async function* xlsx<Row>(
  columns: readonly Column<Row>[],
  pages: AsyncIterable<readonly Row[]>,
  { maxRows = MAX_ROWS }: { maxRows?: number } = {},
): AsyncGenerator<Buffer, void> {
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  zip.on('error', (error: Error) => output.destroy(error));
  const source = pages[Symbol.asyncIterator]();
  let page: readonly Row[] = [];
  let next = 0;
  let sheets = 0;
  let sheet: Readable | undefined;

  /** Whether there is a row at `next`. */
  async function hasMore(): Promise<boolean> {
    while (next === page.length) {
      const read = await source.next();
      if (read.done) return false;
      page = read.value;
      next = 0;
    }
    return true;
  }

  async function* rowsOfSheet(): AsyncGenerator<Buffer, void> {
    let written = 1;
    yield Buffer.from(SHEET_START + headerRow(columns));
    while (written < maxRows && (await hasMore())) {
      const end = Math.min(page.length, next + maxRows - written);
      const rows = page.slice(next, end);
      const first = written + 1;
      yield Buffer.from(rows.map((row, index) => rowXml(columns, row, first + index)).join(''));
      written += rows.length;
      next = end;
    }
    yield Buffer.from(SHEET_END);
    if (await hasMore()) addSheet();
    else finish();
  }

  function addSheet(): void {
    sheets += 1;
    sheet = Readable.from(rowsOfSheet(), { objectMode: false, highWaterMark: 1 });
    sheet.on('error', (error) => output.destroy(error));
    zip.addReadStream(sheet, `xl/worksheets/sheet${sheets}.xml`);
  }

  function finish(): void {
    for (const [path, xml] of Object.entries(partsOf(sheets))) zip.addBuffer(Buffer.from(xml), path);
    zip.end();
  }

  addSheet();
  try {
    yield* output as AsyncIterable<Buffer>;
  } finally {
    sheet?.destroy();
    await source.return?.();
  }
}

const STYLE: Record<ColumnKind, number> = { text: 0, count: 0, money: 1, day: 2 };
const HEADER_STYLE = 3;

function rowXml<Row>(columns: readonly Column<Row>[], row: Row, number: number): string {
  const cells = columns.map(({ kind, of }, index) => {
    const value = of(row);
    if (value === null || value === '') return '';
    const place = `${letters(index)}${number}`;
    if (typeof value === 'bigint') return numberCell(place, kind, writeMicros(value));
    if (typeof value === 'number') return numberCell(place, kind, String(value));
    return kind === 'day' ? numberCell(place, kind, String(serialOf(value))) : textCell(place, value);
  });
  return `<row r="${number}">${cells.join('')}</row>`;
}

function headerRow(columns: readonly Column<never>[]): string {
  const cells = columns.map(({ name }, index) => textCell(`${letters(index)}1`, name, HEADER_STYLE));
  return `<row r="1">${cells.join('')}</row>`;
}

function numberCell(place: string, kind: ColumnKind, value: string): string {
  return `<c r="${place}" s="${STYLE[kind]}"><v>${value}</v></c>`;
}

function textCell(place: string, value: string, style = STYLE.text): string {
  return `<c r="${place}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${escapeXml(value)}</t></is></c>`;
}

/** Of a column: A to Z, AA to ZZ. */
function letters(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}

/** Days since the day before 1900 began, with one too many since February of that year. */
function serialOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / 86_400_000 + 25_569;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** XML 1.0 has no control characters but tab and line breaks; and `_x0041_` would be read as a letter A. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
    .replace(/[&<>]/g, (sign) => ENTITIES[sign]!)
    .replace(/[^\t\n\r\u{20}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '');
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

const SHEET_START = `${XML}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15" baseColWidth="16"/><sheetData>`;
const SHEET_END = '</sheetData></worksheet>';

const STYLES = `${XML}<styleSheet xmlns="${MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="#,##0.000000"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs></styleSheet>`;

/** Of a workbook of so many sheets, all but these. */
function partsOf(sheets: number): Record<string, string> {
  const each = (of: (number: number) => string) => Array.from({ length: sheets }, (_, index) => of(index + 1)).join('');
  return {
    '[Content_Types].xml': `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${TYPE}.styles+xml"/>${each((number) => `<Override PartName="/xl/worksheets/sheet${number}.xml" ContentType="${TYPE}.worksheet+xml"/>`)}</Types>`,
    '_rels/.rels': `${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `${XML}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets>${each((number) => `<sheet name="${number}" sheetId="${number}" r:id="rId${number}"/>`)}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `${XML}<Relationships xmlns="${PACKAGE}/relationships">${each((number) => `<Relationship Id="rId${number}" Type="${OFFICE}/worksheet" Target="worksheets/sheet${number}.xml"/>`)}<Relationship Id="rId${sheets + 1}" Type="${OFFICE}/styles" Target="styles.xml"/></Relationships>`,
    'xl/styles.xml': STYLES,
  };
}
