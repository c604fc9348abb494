import type { ErasingService } from '@fenster/contracts';
import type { DocumentLanguage } from '@fenster/documents';
import type { SigningKey } from '../consent/consent-signer.js';
import type { DataController } from '../data-controller/data-controller.entity.js';

/** What one service knows of one kind. Can be read more than once. */
export interface RecordSet {
  service: ErasingService;
  kind: string;
  count: number;
  read(): AsyncIterable<Record<string, unknown>>;
}

export interface ArchiveFacts {
  requestId: string;
  reference: string;
  language: DocumentLanguage;
  receivedAt: Date;
  issuedAt: Date;
  controller: DataController | null;
  jwksUrl: string;
  signingKey: SigningKey;
  sets: readonly RecordSet[];
  /** Undefined for a file that is gone. */
  media(id: string): Promise<AsyncIterable<Buffer> | 'UNREADABLE' | undefined>;
  /** Of the contact. */
  contactFile(id: string): AsyncIterable<Buffer> | 'UNREADABLE';
}

/** Where what belongs to a set is in the archive. */
export function dataPath({ service, kind }: Pick<RecordSet, 'service' | 'kind'>): string {
  return `data/${service}/${kind}.json`;
}

export function pagePath({ service, kind }: Pick<RecordSet, 'service' | 'kind'>, page: number): string {
  return `pages/${service}-${kind}-${page}.html`;
}
