import { AccessRequest } from './access-requests/access-request.entity.js';
import { ClickToChatLink } from './click-to-chat/click-to-chat-link.entity.js';
import { ConsentEvent, ConsentPurpose, ConsentText, StoredConsent } from './consent/consent.entity.js';
import { StoredReceipt } from './consent-receipts/receipt.entity.js';
import { Contact } from './contacts/contact.entity.js';
import { DataController } from './data-controller/data-controller.entity.js';
import { Erasure } from './erasures/erasure.entity.js';
import { ContactAttribute } from './attributes/attribute.entity.js';
import { ContactFile } from './contact-files/contact-file.entity.js';
import { ContactIdentity } from './identities/contact-identity.entity.js';

import { ContactLabel } from './labels/contact-label.entity.js';
import { LegalHold } from './legal-holds/legal-hold.entity.js';
import { StoredMerge } from './merges/merge.entity.js';
import { ContactNote } from './notes/contact-note.entity.js';
import { RetentionPause, RetentionRule, RetentionRun } from './retention/retention.entity.js';
import { Segment } from './segments/segment.entity.js';

export const entities = [
  Contact,
  ContactIdentity,
  ContactAttribute,
  ContactLabel,
  ContactNote,
  ContactFile,
  StoredMerge,
  ConsentEvent,
  ConsentPurpose,
  ConsentText,
  StoredConsent,
  DataController,
  StoredReceipt,
  Erasure,
  Segment,
  AccessRequest,
  ClickToChatLink,
  LegalHold,
  RetentionRule,
  RetentionPause,
  RetentionRun,
];
