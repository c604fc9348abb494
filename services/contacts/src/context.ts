import { abilitiesBy, type GraphQLContext } from '@fenster/graphql';
import type { LiveLog } from '@fenster/database';
import type { ObjectStore } from '@fenster/object-store';
import type { PersonMark } from '@fenster/runtime';
import { defineRules } from './ability.js';
import type { qrCodeUrl } from './click-to-chat/qr-code.route.js';
import type { ConsentSigner } from './consent/consent-signer.js';
import type { certificateUrl } from './erasures/certificate.route.js';
import type { processingRecordUrl } from './processing-records/processing-record.route.js';
import type { SegmentCounts } from './segments/segment-counts.js';
import type { receiptUrl } from './consent-receipts/receipt.route.js';

export interface ContactsApp {
  liveLog: LiveLog;
  /** Files that come in and go out: imports, exports, archives, and those of contacts. */
  store: ObjectStore;
  segmentCounts: SegmentCounts;
  signer: ConsentSigner;
  secretKey: Buffer;
  /** Where browsers bring and fetch files. */
  filesUrl(): string;
  /** There is a job for this process, or another. */
  wakeJobs(): void;
  /** A newsletter may have something to do. */
  wakeNewsletters(): void;
  wakeRetention(): void;
  /** Where people reach a receipt, and the keys that signed it. */
  receiptUrl(id: string, asked?: Parameters<typeof receiptUrl>[2]): string;
  jwksUrl(): string;
  certificateUrl(id: string, asked: Parameters<typeof certificateUrl>[3]): string;
  processingRecordUrl(of: { workspaceId: string; now: Date }, asked: Parameters<typeof processingRecordUrl>[2]): string;
  qrCodeUrl(linkId: string, format: Parameters<typeof qrCodeUrl>[2]): string;
  markOf: PersonMark;
}

export type ContactsContext = GraphQLContext<ContactsApp>;

export const abilityOf = abilitiesBy(defineRules);
