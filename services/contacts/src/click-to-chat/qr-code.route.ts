import { sql, type Database } from '@fenster/database';
import { isId, sendJson, type Handler } from '@fenster/runtime';
import { writeChatUrl } from './chat-url.rule.js';
import { qrPng, qrSvg } from './qr-code.js';

export const QR_CODE_FORMATS = ['png', 'svg'] as const;
export type QrCodeFormat = (typeof QR_CODE_FORMATS)[number];

export const QR_CODE_PATH = '/qr-codes';

/** Where the QR code of a link is, below the address of documents. */
export function qrCodeUrl(documentsUrl: string, linkId: string, format: QrCodeFormat): string {
  return `${documentsUrl}${QR_CODE_PATH}?${new URLSearchParams({ id: linkId, format }).toString()}`;
}

/**
 * `GET /documents/qr-codes?id=…&format=…`: an image, for pages and posters. Nobody has to sign in: what it says is for
 * everybody who passes by.
 */
export function qrCodeRoute(database: Database): Handler {
  return async (request, response) => {
    const asked = new URL(request.url ?? '', 'http://documents').searchParams;
    const id = asked.get('id');
    const link = isId(id) ? await readLink(database, id) : undefined;
    if (!link) return sendJson(response, 404, { code: 'NOT_FOUND', message: 'There is no such QR code.' });
    const url = writeChatUrl(link.chat_url, link);
    const isSvg = asked.get('format') === 'svg';
    const content = isSvg ? Buffer.from(qrSvg(url)) : qrPng(url);
    response
      .writeHead(200, {
        'content-type': isSvg ? 'image/svg+xml' : 'image/png',
        'content-length': content.length,
        'content-disposition': `inline; filename="qr-code-${link.code}.${isSvg ? 'svg' : 'png'}"`,
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
        'x-content-type-options': 'nosniff',
        'cache-control': 'public, max-age=300',
        'access-control-allow-origin': '*',
        'cross-origin-resource-policy': 'cross-origin',
      })
      .end(content);
  };
}

interface Row {
  code: string;
  text: string;
  chat_url: string;
}

/** Not of one that is archived: nobody should print it any more. */
async function readLink(database: Database, id: string): Promise<Row | undefined> {
  const { rows } = await sql<Row>`
    select link.code, link.text, channel.chat_url from click_to_chat_link link
    join sending_channel channel on channel.workspace_id = link.workspace_id and channel.id = link.channel_id
    where link.id = ${id} and link.archived_at is null and channel.chat_url is not null
  `.execute(database.system().getKysely());
  return rows[0];
}
