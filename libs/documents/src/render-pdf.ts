import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { chartSvg } from './chart.js';
import {
  FRAME_WORDS,
  frameFacts,
  type Block,
  type DocumentLanguage,
  type Fact,
  type PrintableDocument,
  type Table,
} from './document.js';

/** What we use of pdfmake; its own types bring in those of browsers. */
interface Pdfmake {
  addFonts(fonts: object): void;
  setUrlAccessPolicy(isAllowed: (url: string) => boolean): void;
  setLocalAccessPolicy(isAllowed: (path: string) => boolean): void;
  createPdf(definition: object): { getBuffer(): Promise<Buffer> };
}

/** A piece of a page, as pdfmake takes it. */
type Piece = Readonly<Record<string, unknown>>;

const GREY = '#555555';
const PAGE_MARGIN = 57;
/** Of A4, between its margins. */
const TEXT_WIDTH = 481;

let pdfmake: Pdfmake | undefined;

/** Reads the fonts that lie beside pdfmake (Roboto: Latin, Greek, Cyrillic), and nothing else from anywhere. */
function loadPdfmake(): Pdfmake {
  if (!pdfmake) {
    const require = createRequire(import.meta.url);
    const fonts = dirname(require.resolve('pdfmake/fonts/Roboto.js'));
    const loaded = require('pdfmake') as Pdfmake;
    loaded.addFonts(require('pdfmake/fonts/Roboto.js') as object);
    loaded.setUrlAccessPolicy(() => false);
    loaded.setLocalAccessPolicy((path) => path.startsWith(fonts));
    pdfmake = loaded;
  }
  return pdfmake;
}

/**
 * A4, with the fonts inside. The same document is the same bytes. Letters that Roboto does not have are boxes here, so
 * whoever may have to read them is given the page as well.
 */
export function renderPdf(document: PrintableDocument): Promise<Buffer> {
  const { language, title, issuer, issuedAt, reference, blocks } = document;
  const words = FRAME_WORDS[language];
  return loadPdfmake()
    .createPdf({
      language,
      displayTitle: true,
      info: { title, author: issuer, creator: 'Fenster', producer: 'Fenster', creationDate: issuedAt },
      pageSize: 'A4',
      pageMargins: PAGE_MARGIN,
      defaultStyle: { font: 'Roboto', fontSize: 10, lineHeight: 1.25 },
      content: [
        { text: title, fontSize: 20, bold: true, margin: [0, 0, 0, 12] },
        ...blocks.map((block) => piece(block, language)),
        { canvas: [{ type: 'line', x1: 0, y1: 0, x2: TEXT_WIDTH, y2: 0, lineWidth: 0.5 }], margin: [0, 18, 0, 8] },
        factsPiece(frameFacts(document)),
      ],
      footer: (page: number, of: number): Piece => ({
        margin: [PAGE_MARGIN, 10],
        fontSize: 8,
        color: GREY,
        columns: [
          { text: `${words.reference} ${reference}` },
          { text: words.page(page, of), width: 'auto', alignment: 'right' },
        ],
      }),
      // A heading stays with what it stands above.
      pageBreakBefore: (
        { style, pageNumbers }: { style?: unknown; pageNumbers: readonly number[] },
        { getFollowingNodesOnPage }: { getFollowingNodesOnPage(): readonly unknown[] },
      ) => style === 'heading' && pageNumbers.length === 1 && getFollowingNodesOnPage().length === 0,
    })
    .getBuffer();
}

function piece(block: Block, language: DocumentLanguage): Piece {
  switch (block.kind) {
    case 'heading':
      return { text: block.text, style: 'heading', fontSize: 13, bold: true, margin: [0, 14, 0, 4] };
    case 'paragraph':
      return { ...plain(block.text), margin: [0, 0, 0, 6] };
    case 'notice': {
      const [line, fill] = block.tone === 'good' ? ['#1e6b34', '#eef7f0'] : ['#a3241c', '#fdf0ef'];
      return boxed({ ...plain(block.text), bold: true }, { line, fill });
    }
    case 'facts':
      return factsPiece(block.facts);
    case 'table':
      return tablePiece(block);
    case 'chart':
      return {
        stack: [
          { text: block.caption, bold: true, margin: [0, 4, 0, 4] },
          { svg: chartSvg(block, language), width: TEXT_WIDTH },
        ],
        unbreakable: true,
        margin: [0, 0, 0, 10],
      };
    case 'list':
      return { ul: block.items.map(plain), margin: [0, 0, 0, 6] };
    case 'quote':
      return boxed(plain(block.text), { line: '#767676' });
    case 'code':
      return {
        stack: [
          { text: block.label, color: GREY, fontSize: 8, margin: [0, 8, 0, 2] },
          { text: block.text, fontSize: 8, wordBreak: 'break-all' },
        ],
        margin: [0, 0, 0, 6],
      };
  }
}

/** Of a word that is longer than a line, the rest would be outside the page. */
const LONG_WORD = /(\S{32,})/;

function plain(text: string): Piece {
  const parts = text.split(LONG_WORD);
  if (parts.length === 1) return { text };
  return { text: parts.map((part, index) => (index % 2 === 0 ? part : { text: part, wordBreak: 'break-all' })) };
}

/** With a line at its left side. */
function boxed(content: Piece, { line, fill }: { line: string | undefined; fill?: string | undefined }): Piece {
  return {
    table: { widths: ['*'], body: [[{ ...content, ...(fill !== undefined && { fillColor: fill }) }]] },
    layout: {
      hLineWidth: () => 0,
      vLineWidth: (column: number) => (column === 0 ? 3 : 0),
      vLineColor: () => line,
      paddingLeft: () => 10,
      paddingTop: () => 6,
      paddingBottom: () => 6,
    },
    margin: [0, 2, 0, 8],
  };
}

function factsPiece(facts: readonly Fact[]): Piece {
  return {
    table: {
      widths: ['28%', '*'],
      body: facts.map(({ term, text, href }) => [
        { text: term, color: GREY },
        { ...plain(text), ...(href !== undefined && { link: href, color: '#0b4f9c', decoration: 'underline' }) },
      ]),
    },
    layout: { ...UNRULED, paddingTop: () => 1, paddingBottom: () => 1, paddingLeft: (column: number) => column * 10 },
    margin: [0, 0, 0, 8],
  };
}

const UNRULED = { hLineWidth: () => 0, vLineWidth: () => 0 };

function tablePiece({ caption, columns, rows }: Table): Piece {
  const all = columns.reduce((sum, { share = 1 }) => sum + share, 0);
  const cell = (text: string, index: number): Piece => ({
    ...plain(text),
    ...(columns[index]?.isNumber && { alignment: 'right' }),
  });
  return {
    stack: [
      { text: caption, bold: true, margin: [0, 4, 0, 2] },
      {
        table: {
          headerRows: 1,
          dontBreakRows: true,
          widths: columns.map(({ share = 1 }) => `${(share / all) * 100}%`),
          body: [
            columns.map(({ title }, index) => ({ ...cell(title, index), bold: true })),
            ...rows.map((cells) => cells.map(cell)),
          ],
        },
        layout: {
          vLineWidth: () => 0,
          hLineWidth: (row: number) => (row === 0 ? 0 : row === 1 ? 0.8 : 0.4),
          hLineColor: (row: number) => (row === 1 ? '#333333' : '#bbbbbb'),
          paddingLeft: (column: number) => (column === 0 ? 0 : 4),
        },
      },
    ],
    margin: [0, 0, 0, 8],
  };
}
