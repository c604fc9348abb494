import type { DocumentLanguage } from '@fenster/documents';
import type { ErasingService } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

export const ACCESS_STATES = ['AWAITING_IDENTITY', 'COLLECTING', 'PACKING', 'READY', 'ANSWERED', 'REFUSED'] as const;
export type AccessState = (typeof ACCESS_STATES)[number];
export const ACCESS_CONFIRMATIONS = ['CODE_WORD', 'OFFICER'] as const;
export type AccessConfirmation = (typeof ACCESS_CONFIRMATIONS)[number];

export interface StoredFinding {
  service: ErasingService;
  what: string;
  count: number;
}

const AccessRequestSchema = defineEntity({
  name: 'AccessRequest',
  tableName: 'access_request',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    /** By which the person and the officer speak of it. */
    reference: p.text(),
    contactId: p.uuid(),
    /** Of the archive. */
    language: p.text().$type<DocumentLanguage>(),
    state: p.text().$type<AccessState>(),
    openedAt: p.datetime(),
    openedByKind: p.text(),
    openedById: p.text().nullable(),
    /** When the person asked: from then on the month counts. */
    receivedAt: p.datetime(),
    dueAt: p.datetime(),
    extendedAt: p.datetime().nullable(),
    extensionReason: p.text().nullable(),
    codeWord: p.text(),
    codeToldAt: p.datetime().nullable(),
    codeRefusal: p.text().nullable(),
    confirmedAt: p.datetime().nullable(),
    confirmedBy: p.text().$type<AccessConfirmation>().nullable(),
    confirmationReason: p.text().nullable(),
    publicKey: p.text().nullable(),
    privateKey: p.blob().nullable(),
    /** Who writes the archive says so again and again until then; what failed is begun anew then. */
    packingUntil: p.datetime().nullable(),
    /** Of who writes it, so that nobody does whose time is over. */
    packingClaim: p.uuid().nullable(),
    packingAttempts: p.integer().default(0),
    /** Files that broke off: of messages, and of the contact. */
    unreadMedia: p.array().$type<string[]>().default([]),
    storedFindings: p.json<StoredFinding[]>().nullable().fieldName('found'),
    fileId: p.uuid().nullable(),
    readyAt: p.datetime().nullable(),
    archiveExpiresAt: p.datetime().nullable(),
    answeredAt: p.datetime().nullable(),
    refusedAt: p.datetime().nullable(),
    refusalReason: p.text().nullable(),
  },
});

/** Somebody wants a copy of the data about them (Art. 15, 20 GDPR). */
export class AccessRequest extends AccessRequestSchema.class {}
AccessRequestSchema.setClass(AccessRequest);
