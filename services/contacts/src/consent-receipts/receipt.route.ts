import type { Database } from '@fenster/database';
import {
  DOCUMENT_FORMATS,
  DOCUMENT_LANGUAGES,
  documentLanguage,
  sendDocument,
  sendNoDocument,
  sendPrivately,
  type DocumentLanguage,
} from '@fenster/documents';
import { isId, sendJson, type Clock, type Handler } from '@fenster/runtime';
import { readPublicKeys, toJwks } from '../consent/consent-signer.js';
import { receiptDocument, type CheckedReceipt } from './receipt-document.js';
import { checkReceipt } from './receipt.queries.js';

export const RECEIPT_FORMATS = [...DOCUMENT_FORMATS, 'json'] as const;
export type ReceiptFormat = (typeof RECEIPT_FORMATS)[number];

export const RECEIPT_PATH = '/receipts';
export const KEYS_PATH = '/keys.json';

/** Where a receipt is shown, below the address of documents. */
export function receiptUrl(
  documentsUrl: string,
  id: string,
  {
    language,
    format,
  }: { language?: DocumentLanguage | null | undefined; format?: ReceiptFormat | null | undefined } = {},
): string {
  const asked = new URLSearchParams({
    id,
    ...(language != null && { language }),
    ...(format != null && format !== 'html' && { format }),
  });
  return `${documentsUrl}${RECEIPT_PATH}?${asked.toString()}`;
}

/** `GET /documents/receipts?id=…`: the receipt with that id, whether it is genuine, and where the consent stands now. */
export function receiptRoute({ database, now }: { database: Database; now: Clock }): Handler {
  return async (request, response) => {
    const asked = new URL(request.url ?? '', 'http://documents').searchParams;
    const id = asked.get('id');
    const checked = isId(id) ? await checkReceipt(database, id, now()) : undefined;
    if (!checked) return sendNoDocument(response, 'There is no such receipt. · Diesen Beleg gibt es nicht.');
    const language =
      DOCUMENT_LANGUAGES.find((each) => each === asked.get('language')) ?? documentLanguage(checked.receipt.language);
    const format = asked.get('format');
    return format === 'json'
      ? sendPrivately(response, 'application/json; charset=utf-8', JSON.stringify(toJson(checked)))
      : sendDocument(response, receiptDocument(checked, language), { format, name: `consent-receipt-${id}` });
  };
}

/** `GET /documents/keys.json`: the public halves of all keys that ever signed (RFC 7517). */
export function keysRoute(database: Database): Handler {
  return async (_request, response) => {
    response.setHeader('cache-control', 'public, max-age=300');
    response.setHeader('access-control-allow-origin', '*');
    sendJson(response, 200, toJwks(await readPublicKeys(database.system())));
  };
}

function toJson({ receipt, jws, isGenuine, state, since, checkedAt }: CheckedReceipt): object {
  return { receipt, jws, isGenuine, consent: { state, since, isGranted: state === 'CONFIRMED' }, checkedAt };
}
