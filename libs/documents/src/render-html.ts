import { createHash } from 'node:crypto';
import { chartSvg } from './chart.js';
import {
  frameFacts,
  type Block,
  type DocumentLanguage,
  type Fact,
  type PrintableDocument,
  type Table,
} from './document.js';

/** Black on white, system fonts, nothing from elsewhere: it reads the same offline, printed, and in thirty years. */
const STYLE = `
:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #1a1a1a; font: 1rem/1.5 system-ui, "Segoe UI", Roboto, Arial, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1.5rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.15rem; line-height: 1.3; margin: 2rem 0 .5rem; break-after: avoid; }
p, ul, blockquote, pre { margin: 0 0 .75rem; overflow-wrap: anywhere; }
p, blockquote { white-space: pre-line; }
dl { display: grid; grid-template-columns: minmax(9rem, 1fr) 2.4fr; gap: .3rem 1.25rem; margin: 0 0 1rem; }
dt { color: #555; }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-line; }
a { color: #0b4f9c; }
blockquote { border-inline-start: .2rem solid #767676; padding: .25rem 0 .25rem 1rem; }
.notice { border: 1px solid; border-inline-start-width: .4rem; padding: .75rem 1rem; font-weight: 600; }
.good { border-color: #1e6b34; background: #eef7f0; }
.bad { border-color: #a3241c; background: #fdf0ef; }
.label { margin: 1rem 0 .2rem; color: #555; font-size: .875rem; }
pre { font: .8rem/1.4 ui-monospace, Menlo, Consolas, monospace; background: #f5f5f5; padding: .6rem .75rem; white-space: pre-wrap; }
table { width: 100%; border-collapse: collapse; margin: 0 0 1rem; font-size: .9375rem; }
figure { margin: 0 0 1rem; break-inside: avoid; }
figure img { display: block; width: 100%; }
figcaption, caption { text-align: start; font-weight: 600; padding-bottom: .3rem; }
th, td { text-align: start; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid #bbb; overflow-wrap: anywhere; white-space: pre-line; }
th { border-bottom-color: #333; }
.number { text-align: end; font-variant-numeric: tabular-nums; }
footer { margin-top: 2.5rem; border-top: 1px solid #bbb; padding-top: .75rem; font-size: .875rem; }
@media (max-width: 32rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } }
@media print { main { max-width: none; padding: 0; } pre, .notice { break-inside: avoid; } @page { size: A4; margin: 20mm; } }
`;

/** What the page may do, to be sent with it: nothing but look as it does. */
export const HTML_SECURITY_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** One page without scripts and without anything from elsewhere. Prints on A4. */
export function renderHtml(document: PrintableDocument): string {
  const { language, title, blocks } = document;
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escape(title)}</h1>
${blocks.map((part) => block(part, language)).join('\n')}
<footer>
${facts(frameFacts(document))}
</footer>
</main>
</body>
</html>
`;
}

function block(part: Block, language: DocumentLanguage): string {
  switch (part.kind) {
    case 'heading':
      return `<h2>${escape(part.text)}</h2>`;
    case 'paragraph':
      return `<p>${escape(part.text)}</p>`;
    case 'notice':
      return `<p class="notice ${part.tone}">${escape(part.text)}</p>`;
    case 'facts':
      return facts(part.facts);
    case 'table':
      return table(part);
    case 'chart': {
      // As a picture, it runs nothing and looks the same everywhere.
      const picture = Buffer.from(chartSvg(part, language)).toString('base64');
      return `<figure><figcaption>${escape(part.caption)}</figcaption><img alt="${escape(part.caption)}" src="data:image/svg+xml;base64,${picture}"></figure>`;
    }
    case 'list':
      return `<ul>${part.items.map((item) => `<li>${escape(item)}</li>`).join('')}</ul>`;
    case 'quote':
      return `<blockquote${part.language === undefined ? '' : ` lang="${escape(part.language)}"`}>${escape(part.text)}</blockquote>`;
    case 'code':
      return `<p class="label">${escape(part.label)}</p>\n<pre>${escape(part.text)}</pre>`;
  }
}

function facts(all: readonly Fact[]): string {
  const entries = all.map(({ term, text, href }) => {
    const value = escape(text);
    return `<dt>${escape(term)}</dt><dd>${href === undefined ? value : `<a href="${escape(href)}">${value}</a>`}</dd>`;
  });
  return `<dl>\n${entries.join('\n')}\n</dl>`;
}

function table({ caption, columns, rows }: Table): string {
  const number = (index: number) => (columns[index]?.isNumber ? ' class="number"' : '');
  const head = columns.map(({ title }, index) => `<th scope="col"${number(index)}>${escape(title)}</th>`).join('');
  const body = rows.map(
    (cells) => `<tr>${cells.map((cell, index) => `<td${number(index)}>${escape(cell)}</td>`).join('')}</tr>`,
  );
  return `<table>
<caption>${escape(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}
