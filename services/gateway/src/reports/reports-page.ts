import { readFile } from 'node:fs/promises';
import type { Handler } from '@fenster/runtime';

export const REPORTS_PATH = '/reports';

/** What `vite build reports-page` makes; it lies beside what the service is built to, for `src` and `dist` alike. */
const BUILT = new URL('../../dist/reports-page/', import.meta.url);
const FILES = {
  [REPORTS_PATH]: ['index.html', 'text/html; charset=utf-8'],
  [`${REPORTS_PATH}/page.js`]: ['page.js', 'text/javascript; charset=utf-8'],
  [`${REPORTS_PATH}/page.css`]: ['page.css', 'text/css; charset=utf-8'],
} as const;

/** Nothing from elsewhere and nothing inline, whatever a figure says; asks the API of its own host only. */
export const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `GET /reports`: a page for finance. It knows nothing; whoever signs in on it sees what the API tells them. */
export function reportsPageRoutes(): Record<string, Handler> {
  return Object.fromEntries(
    Object.entries(FILES).map(([path, [file, type]]) => [
      `GET ${path}`,
      async (_request, response) => {
        const content = await readFile(new URL(file, BUILT));
        response
          .writeHead(200, {
            'content-type': type,
            'content-length': content.length,
            'cache-control': 'no-cache',
            'content-security-policy': PAGE_POLICY,
            'cross-origin-opener-policy': 'same-origin',
            'referrer-policy': 'no-referrer',
            'x-content-type-options': 'nosniff',
            'x-robots-tag': 'noindex, nofollow',
          })
          .end(content);
      },
    ]),
  );
}
