import { tenantTable, type MigrationStep } from '@fenster/database';
import { accessRequestMigration, accessRoundMigration } from './access-requests/access-request.migration.js';
import { clickToChatMigration } from './click-to-chat/click-to-chat.migration.js';
import { processingRecordMigration } from './processing-records/processing-record.migration.js';
import { receiptMigration } from './consent-receipts/receipt.migration.js';
import { dataControllerMigration } from './data-controller/data-controller.migration.js';
import { textAnnouncementMigration } from './consent/announce-texts.js';
import { consentMigration } from './consent/consent.migration.js';
import { fileMigration } from './files/file.migration.js';
import { importMigration } from './imports/import.migration.js';
import { countryMigration } from './identities/fill-countries.js';
import { segmentMigration } from './segments/segment.migration.js';
import {
  newsletterApprovalMigration,
  newsletterEditorsMigration,
  newsletterMigration,
  newsletterOptOutWordsMigration,
  newsletterPaceMigration,
  newsletterTallyMigration,
  newsletterPlaceholderMigration,
  newsletterPurposeMigration,
  newsletterTemplateMigration,
  newsletterRecipientPageMigration,
} from './newsletters/newsletter.migration.js';
import { contactFileMigration } from './contact-files/contact-file.migration.js';
import { contactMatchOriginMigration, contactMigration } from './contacts/contact.migration.js';
import { duplicateInsertsMigration, duplicateMigration } from './duplicates/duplicate.migration.js';
import { erasureMigration, erasureUpToMigration } from './erasures/erasure.migration.js';
import { legalHoldMigration } from './legal-holds/legal-hold.migration.js';
import { retentionMigration, retentionRepairMigration } from './retention/retention.migration.js';
import { mergeMigration } from './merges/merge.migration.js';

const SERVICE = 'contacts';

export const migrations: readonly MigrationStep[] = [
  {
    name: '202611211200-contacts',
    statements: [
      // Milliseconds, as the page cursor has them.
      `create table contact (
         workspace_id uuid not null,
         id uuid not null,
         name text,
         created_at timestamptz(3) not null,
         updated_at timestamptz not null,
         primary key (workspace_id, id)
       )`,
      `create index contact_recent on contact (workspace_id, created_at desc, id desc)`,
      ...tenantTable(SERVICE, 'contact'),

      // What a person was called on one channel, and from when to when.
      `create table contact_identity (
         workspace_id uuid not null,
         id uuid not null,
         contact_id uuid not null,
         channel_id uuid not null,
         kind text not null check (kind in ('PHONE', 'BSUID', 'USERNAME')),
         value text not null,
         valid_from timestamptz not null,
         valid_to timestamptz check (valid_to >= valid_from),
         primary key (workspace_id, id),
         foreign key (workspace_id, contact_id) references contact (workspace_id, id)
       )`,
      `create unique index contact_identity_current on contact_identity (workspace_id, kind, value, channel_id)
         where valid_to is null`,
      `create index contact_identity_contact on contact_identity (workspace_id, contact_id)`,
      ...tenantTable(SERVICE, 'contact_identity'),

      // Another id of the same person: other services go on using the one that they have.
      `create table contact_alias (
         workspace_id uuid not null,
         id uuid not null,
         contact_id uuid not null,
         created_at timestamptz not null,
         primary key (workspace_id, id),
         foreign key (workspace_id, contact_id) references contact (workspace_id, id)
       )`,
      ...tenantTable(SERVICE, 'contact_alias'),
    ],
  },
  {
    name: '202611220420-contact-aliases',
    statements: [`create index contact_alias_contact on contact_alias (workspace_id, contact_id)`],
  },
  {
    name: '202611220745-contact-announcements',
    // When others were last told what the contact is called. See identities/name-renewal.ts.
    statements: [
      `alter table contact add column announced_at timestamptz not null default '-infinity'`,
      `create index contact_announced on contact (workspace_id, announced_at) where name is not null`,
    ],
  },
  {
    name: '202611221025-threema-ids',
    statements: [
      `alter table contact_identity drop constraint contact_identity_kind_check,
         add check (kind in ('PHONE', 'BSUID', 'USERNAME', 'THREEMA_ID'))`,
    ],
  },
  consentMigration,
  dataControllerMigration,
  receiptMigration,
  contactMigration,
  textAnnouncementMigration,
  erasureMigration,
  fileMigration,
  importMigration,
  erasureUpToMigration,
  segmentMigration,
  countryMigration,
  accessRequestMigration,
  mergeMigration,
  newsletterMigration,
  newsletterPurposeMigration,
  accessRoundMigration,
  clickToChatMigration,
  legalHoldMigration,
  retentionMigration,
  processingRecordMigration,
  newsletterRecipientPageMigration,
  newsletterApprovalMigration,
  retentionRepairMigration,
  newsletterPlaceholderMigration,
  contactFileMigration,
  newsletterTemplateMigration,
  newsletterEditorsMigration,
  {
    name: '202611230250-parent-bsuids',
    statements: [
      `alter table contact_identity drop constraint contact_identity_kind_check,
         add check (kind in ('PHONE', 'BSUID', 'PARENT_BSUID', 'USERNAME', 'THREEMA_ID'))`,
    ],
  },
  contactMatchOriginMigration,
  newsletterOptOutWordsMigration,
  newsletterPaceMigration,
  newsletterTallyMigration,
  duplicateMigration,
  duplicateInsertsMigration,
];
