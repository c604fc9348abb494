import type { PurposeKind } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

const ConsentTextSchema = defineEntity({
  name: 'ConsentText',
  tableName: 'consent_text',
  properties: {
    workspaceId: p.uuid().primary(),
    purpose: p.text().primary(),
    /** BCP 47. */
    locale: p.text().primary(),
    purposeKind: p.text().$type<PurposeKind>(),
    version: p.integer(),
    hash: p.text(),
    body: p.text(),
    privacyNoticeUrl: p.text(),
    privacyNoticeVersion: p.text(),
    isAsked: p.boolean(),
  },
});

/** What people are asked for a purpose in a language, as contacts last told. */
export class ConsentText extends ConsentTextSchema.class {}
ConsentTextSchema.setClass(ConsentText);

export const CONSENT_ANSWERS = ['CONFIRMED', 'REFUSED', 'EXPIRED', 'STOPPED', 'UNDELIVERED'] as const;
export type ConsentAnswer = (typeof CONSENT_ANSWERS)[number];

const ConsentRequestSchema = defineEntity({
  name: 'StoredConsentRequest',
  tableName: 'consent_request',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    threadId: p.uuid(),
    conversationId: p.uuid(),
    purpose: p.text(),
    textHash: p.text(),
    locale: p.text(),
    messageId: p.uuid(),
    askedAt: p.datetime(),
    expiresAt: p.datetime(),
    answer: p.text().$type<ConsentAnswer>().nullable(),
    answeredAt: p.datetime().nullable(),
    /** By what the form's own log knows why it was asked. */
    formRequestId: p.text().nullable(),
    /** When the person asked to be asked. */
    wishedAt: p.datetime().nullable(),
    isAcknowledged: p.boolean().default(false),
  },
});

/** A question whether a person agrees to something. */
export class StoredConsentRequest extends ConsentRequestSchema.class {}
ConsentRequestSchema.setClass(StoredConsentRequest);
