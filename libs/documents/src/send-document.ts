import type { ServerResponse } from 'node:http';
import type { PrintableDocument } from './document.js';
import { HTML_SECURITY_POLICY, renderHtml } from './render-html.js';
import { renderPdf } from './render-pdf.js';

export const DOCUMENT_FORMATS = ['html', 'pdf'] as const;
export type DocumentFormat = (typeof DOCUMENT_FORMATS)[number];

/** Nobody has to sign in: the address, which cannot be guessed, is the right. So it is told to nobody else. */
const PRIVATE = {
  'cache-control': 'private, no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex, nofollow',
};

/** As a page, or as a PDF with that name. */
export async function sendDocument(
  response: ServerResponse,
  document: PrintableDocument,
  { format, name }: { format: string | null; name: string },
): Promise<void> {
  if (format === 'pdf') {
    response.setHeader('content-disposition', `inline; filename="${name}.pdf"`);
    return sendPrivately(response, 'application/pdf', await renderPdf(document));
  }
  response.setHeader('content-security-policy', HTML_SECURITY_POLICY);
  return sendPrivately(response, 'text/html; charset=utf-8', renderHtml(document));
}

export function sendPrivately(response: ServerResponse, type: string, body: string | Buffer, status = 200): void {
  response.writeHead(status, { ...PRIVATE, 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}

export function sendNoDocument(response: ServerResponse, text: string): void {
  sendPrivately(response, 'text/plain; charset=utf-8', text, 404);
}
