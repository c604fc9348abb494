import type { Database } from '@fenster/database';
import {
  documentLanguage,
  sendDocument,
  sendNoDocument,
  type DocumentFormat,
  type DocumentLanguage,
} from '@fenster/documents';
import { objectToken, readObjectToken } from '@fenster/object-store';
import type { Clock, Handler } from '@fenster/runtime';
import type { Config } from '../config.js';
import { processingRecord } from './processing-record.js';
import { installationOf, readProcessingFacts } from './processing-facts.js';

export const PROCESSING_RECORD_PATH = '/processing-records';
const PURPOSE = 'processing record';
const URL_MINUTES = 30;

interface Asked {
  language?: DocumentLanguage | null | undefined;
  format?: DocumentFormat | null | undefined;
}

/** Where the record of a workspace is shown for a while, below the address of documents. */
export function processingRecordUrl(
  documentsUrl: string,
  { secretKey, workspaceId, now }: { secretKey: Buffer; workspaceId: string; now: Date },
  { language, format }: Asked,
): string {
  const expiresAt = new Date(now.getTime() + URL_MINUTES * 60_000);
  const asked = new URLSearchParams({
    token: objectToken(secretKey, { purpose: PURPOSE, workspaceId, id: workspaceId, expiresAt }),
    ...(language != null && { language }),
    ...(format != null && { format }),
  });
  return `${documentsUrl}${PROCESSING_RECORD_PATH}?${asked.toString()}`;
}

/** `GET /documents/processing-records?token=…`: made anew each time, of what is configured then. */
export function processingRecordRoute({
  database,
  config,
  now,
}: {
  database: Database;
  config: Config;
  now: Clock;
}): Handler {
  const installation = installationOf(config);
  return async (request, response) => {
    const asked = new URL(request.url ?? '', 'http://documents').searchParams;
    const grant = readObjectToken(config.SECRET_KEY, PURPOSE, asked.get('token') ?? '', now());
    if (!grant) {
      return sendNoDocument(
        response,
        'There is no such record, or its URL has expired. · Dieses Verzeichnis gibt es nicht.',
      );
    }
    const { workspaceId } = grant;
    const facts = await readProcessingFacts(database, installation, { workspaceId, generatedAt: now() });
    const document = processingRecord(facts, documentLanguage(asked.get('language') ?? 'de'));
    return sendDocument(response, document, { format: asked.get('format'), name: 'processing-record' });
  };
}
