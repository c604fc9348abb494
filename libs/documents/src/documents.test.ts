import { extractText, getDocumentProxy } from 'unpdf';
import { describe, expect, it } from 'vitest';
import { documentLanguage, writeDay, writeTime, type Block, type PrintableDocument } from './document.js';
import { HTML_SECURITY_POLICY, renderHtml } from './render-html.js';
import { renderPdf } from './render-pdf.js';

const ISSUED = new Date('2026-11-22T13:05:09Z');

function document(overrides: Partial<PrintableDocument> = {}): PrintableDocument {
  return {
    language: 'de',
    title: 'Löschbescheinigung',
    issuer: 'Käse & Söhne',
    issuedAt: ISSUED,
    reference: 'K-1',
    blocks: [
      { kind: 'notice', tone: 'good', text: 'Alles ist in Ordnung.' },
      { kind: 'heading', text: 'Was geschehen ist' },
      { kind: 'paragraph', text: 'Größe: 5 €, „außen“ – Łódź, Ωμέγα, Привет.' },
      { kind: 'facts', facts: [{ term: 'Prüfen', text: 'hier', href: 'https://example.com/a?b=1&c=2' }] },
      {
        kind: 'table',
        caption: 'Gelöscht',
        columns: [
          { title: 'Daten', share: 3 },
          { title: 'Anzahl', isNumber: true },
        ],
        rows: [
          ['Nachrichten', '1200'],
          ['Dateien', '7'],
        ],
      },
      { kind: 'list', items: ['erstens', 'zweitens'] },
      { kind: 'quote', text: 'Yes, please.', language: 'en' },
      { kind: 'code', label: 'Prüfsumme', text: 'ab'.repeat(100) },
    ],
    ...overrides,
  };
}

/** All words of all pages; lines break where the paper ends. */
async function wordsOf(pdf: Buffer): Promise<string> {
  const { text } = await extractText(await getDocumentProxy(new Uint8Array(pdf)), { mergePages: true });
  return text.replace(/\s+/g, ' ');
}

describe('a document as a page', () => {
  it('is told to machines as what it is: language, heading, table with caption and headers, quotation in its language', () => {
    const html = renderHtml(document());
    expect(html).toContain('<html lang="de">');
    expect(html).toContain('<title>Löschbescheinigung</title>');
    expect(html).toContain('<h1>Löschbescheinigung</h1>');
    expect(html).toContain('<h2>Was geschehen ist</h2>');
    expect(html).toContain('<caption>Gelöscht</caption>');
    expect(html).toContain('<th scope="col">Daten</th><th scope="col" class="number">Anzahl</th>');
    expect(html).toContain('<td>Nachrichten</td><td class="number">1200</td>');
    expect(html).toContain('<blockquote lang="en">Yes, please.</blockquote>');
    expect(html).toContain('<dt>Ausgestellt am</dt><dd>22. November 2026 um 13:05:09 UTC</dd>');
  });

  it('takes nothing that people wrote for markup', () => {
    const evil = `"'><script>alert(1)</script>&amp;`;
    const blocks: Block[] = [
      { kind: 'notice', tone: 'bad', text: evil },
      { kind: 'heading', text: evil },
      { kind: 'paragraph', text: evil },
      { kind: 'facts', facts: [{ term: evil, text: evil, href: evil }] },
      { kind: 'table', caption: evil, columns: [{ title: evil }], rows: [[evil]] },
      { kind: 'list', items: [evil] },
      { kind: 'quote', text: evil, language: evil },
      { kind: 'code', label: evil, text: evil },
    ];
    const html = renderHtml(document({ title: evil, issuer: evil, reference: evil, blocks }));
    const written = html.split('&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;');
    expect(written).toHaveLength(19);
    expect(written.join('')).not.toMatch(/script|alert/);
  });

  it('may run nothing, load nothing, and be shown inside of nothing', () => {
    expect(HTML_SECURITY_POLICY).toMatch(/^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='/);
    expect(HTML_SECURITY_POLICY).toContain("frame-ancestors 'none'");
    expect(renderHtml(document())).not.toMatch(/<script|<img|<link|@import|url\(/);
  });
});

describe('a document as a PDF', () => {
  it('says the same as the page, in letters of many languages, and names its language', async () => {
    const pdf = await renderPdf(document());
    const words = await wordsOf(pdf);
    for (const said of [
      'Löschbescheinigung',
      'Alles ist in Ordnung.',
      'Was geschehen ist',
      'Größe: 5 €, „außen“ – Łódź, Ωμέγα, Привет.',
      'Prüfen hier',
      'Gelöscht Daten Anzahl Nachrichten 1200 Dateien 7',
      'erstens',
      'Yes, please.',
      'Prüfsumme',
      'Ausgestellt von Käse & Söhne Ausgestellt am 22. November 2026 um 13:05:09 UTC',
      'Kennung K-1 Seite 1 von 1',
    ]) {
      expect(words).toContain(said);
    }
    const source = pdf.toString('latin1');
    expect(source).toContain('/Lang (de)');
    expect(source).toContain('https://example.com/a?b=1&c=2');
  });

  it('has all of a long word, and of many rows, on as many pages as they need', async () => {
    const long = 'https://example.com/' + 'x'.repeat(300) + 'END';
    const rows = Array.from({ length: 40 }, (_, index) => [`Zeile ${index}.`, long]);
    const pdf = await renderPdf(
      document({
        blocks: [
          { kind: 'paragraph', text: long },
          { kind: 'table', caption: 'Alles', columns: [{ title: 'Spalte A' }, { title: 'Spalte B' }], rows },
        ],
      }),
    );
    const proxy = await getDocumentProxy(new Uint8Array(pdf));
    const { text: pages } = await extractText(proxy, { mergePages: false });
    expect(pages.length).toBeGreaterThan(2);
    // The header of a table is on every page with rows of it.
    expect(pages.filter((page) => page.includes('Zeile')).every((page) => page.includes('Spalte A'))).toBe(true);
    const words = pages.join('').replace(/\s+/g, '');
    expect(words.split('xEND')).toHaveLength(42);
    expect(words).toContain('Zeile39.');
    expect(words).toContain(`Seite2von${pages.length}`);
  });

  it('is the same bytes for the same document', async () => {
    expect((await renderPdf(document())).equals(await renderPdf(document()))).toBe(true);
  });
});

describe('words of a document', () => {
  it('are in its language, and times in UTC', () => {
    expect(writeTime('en', ISSUED)).toBe('22 November 2026 at 13:05:09 UTC');
    expect(writeDay('de', ISSUED)).toBe('22. November 2026');
    expect(renderHtml(document({ language: 'en' }))).toContain('<dt>Issued by</dt>');
  });

  it.each([
    ['de', 'de'],
    ['de-AT', 'de'],
    ['DE', 'de'],
    ['den', 'en'],
    ['fr', 'en'],
    [null, 'en'],
  ] as const)('of %s are %s', (locale, language) => {
    expect(documentLanguage(locale)).toBe(language);
  });
});
