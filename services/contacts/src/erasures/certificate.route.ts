import type { Database } from '@fenster/database';
import {
  documentLanguage,
  sendDocument,
  sendNoDocument,
  type DocumentFormat,
  type DocumentLanguage,
} from '@fenster/documents';
import { isId, type Handler } from '@fenster/runtime';
import type { ConsentSigner } from '../consent/consent-signer.js';
import { DataController } from '../data-controller/data-controller.entity.js';
import {
  CERTIFICATE_TYPE,
  certificateDocument,
  certificateToken,
  isCertificateToken,
  type Certificate,
} from './certificate.js';
import { Erasure } from './erasure.entity.js';
import { reportByService } from './erasure-reports.js';

export const CERTIFICATE_PATH = '/erasures';

interface Asked {
  language?: DocumentLanguage | null | undefined;
  format?: DocumentFormat | null | undefined;
}

/** Where a certificate is shown, below the address of documents. */
export function certificateUrl(
  documentsUrl: string,
  secretKey: Buffer,
  id: string,
  { language, format }: Asked,
): string {
  const asked = new URLSearchParams({
    id,
    token: certificateToken(secretKey, id),
    ...(language != null && { language }),
    ...(format != null && { format }),
  });
  return `${documentsUrl}${CERTIFICATE_PATH}?${asked.toString()}`;
}

export interface CertificateRouteOptions {
  database: Database;
  secretKey: Buffer;
  signer: ConsentSigner;
  jwksUrl: () => string;
}

/** `GET /documents/erasures?id=…&token=…`: the certificate of an erasure that is over. */
export function certificateRoute({ database, secretKey, signer, jwksUrl }: CertificateRouteOptions): Handler {
  return async (request, response) => {
    const asked = new URL(request.url ?? '', 'http://documents').searchParams;
    const [id, token] = [asked.get('id'), asked.get('token')];
    const isAllowed = isId(id) && token !== null && isCertificateToken(secretKey, id, token);
    const certificate = isAllowed ? await readCertificate(database, id) : undefined;
    if (!certificate) {
      return sendNoDocument(response, 'There is no such certificate. · Diese Bescheinigung gibt es nicht.');
    }
    const jws = (await signer.key()).signJws(certificate, CERTIFICATE_TYPE);
    const document = certificateDocument(certificate, jws, jwksUrl(), documentLanguage(asked.get('language') ?? 'de'));
    return sendDocument(response, document, { format: asked.get('format'), name: `erasure-${certificate.reference}` });
  };
}

async function readCertificate(database: Database, id: string): Promise<Certificate | undefined> {
  const em = database.system();
  const erasure = await em.findOne(Erasure, { id });
  const { confirmedAt, completedAt, backupsExpireAt, storedResult } = erasure ?? {};
  if (!erasure || !confirmedAt || !completedAt || !backupsExpireAt || !storedResult) return undefined;
  const controller = await em.findOne(DataController, { workspaceId: erasure.workspaceId });
  return {
    erasureId: id,
    reference: erasure.reference,
    issuer: controller ? `${controller.name}, ${controller.address}` : 'Fenster',
    confirmedAt: confirmedAt.toISOString(),
    completedAt: completedAt.toISOString(),
    backupsExpireAt: backupsExpireAt.toISOString(),
    services: reportByService(storedResult, ['ROWS', 'LOG']),
  };
}
