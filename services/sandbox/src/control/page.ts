import { readFileSync } from 'node:fs';
import type { Call } from '../http/http.js';

/** The page with phones. Plain files; they lie beside `src` and `dist` alike. */
const FILES: Record<string, readonly [file: string, type: string]> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/phones': ['index.html', 'text/html; charset=utf-8'],
  '/page/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/page/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/page/bubbles.js': ['bubbles.js', 'text/javascript; charset=utf-8'],
};

/** @returns false for paths that are no part of the page. */
export function answerPage({ method, path, response }: Call): boolean {
  const [file, type] = (method === 'GET' && Object.hasOwn(FILES, path) && FILES[path]) || [];
  if (file === undefined) return false;
  response
    .writeHead(200, {
      'content-type': type,
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      // Nothing from elsewhere, whatever a message says.
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    })
    .end(readFileSync(new URL(`../../public/${file}`, import.meta.url)));
  return true;
}
