import type {
  ActorRef,
  ConsentEventKind,
  ConsentIdentityKind,
  ConsentSource,
  ConsentState,
  PurposeKind,
} from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

const ConsentPurposeSchema = defineEntity({
  name: 'ConsentPurpose',
  tableName: 'consent_purpose',
  properties: {
    workspaceId: p.uuid().primary(),
    key: p.text().primary(),
    kind: p.text().$type<PurposeKind>(),
    name: p.text(),
    description: p.text().nullable(),
    createdAt: p.datetime(),
    archivedAt: p.datetime().nullable(),
  },
});

/** What a person may agree to. Of those that every workspace has, a row only once somebody changed it. */
export class ConsentPurpose extends ConsentPurposeSchema.class {}
ConsentPurposeSchema.setClass(ConsentPurpose);

const ConsentTextSchema = defineEntity({
  name: 'ConsentText',
  tableName: 'consent_text',
  properties: {
    workspaceId: p.uuid().primary(),
    /** SHA-256 of what it says, hexadecimal. */
    hash: p.text().primary(),
    purpose: p.text(),
    locale: p.text(),
    version: p.integer(),
    body: p.text(),
    privacyNoticeUrl: p.text(),
    privacyNoticeVersion: p.text(),
    publishedAt: p.datetime(),
    publishedBy: p.text(),
  },
});

/** What people read before they agreed. Never changed. */
export class ConsentText extends ConsentTextSchema.class {}
ConsentTextSchema.setClass(ConsentText);

const ConsentEventSchema = defineEntity({
  name: 'ConsentEvent',
  tableName: 'consent_event',
  properties: {
    workspaceId: p.uuid().primary(),
    seq: p.bigint('number').primary(),
    id: p.uuid(),
    kind: p.text().$type<ConsentEventKind>(),
    contactId: p.uuid(),
    identityId: p.uuid(),
    identityKind: p.text().$type<ConsentIdentityKind>(),
    channelId: p.uuid(),
    purpose: p.text(),
    textHash: p.text().nullable(),
    locale: p.text().nullable(),
    source: p.text().$type<ConsentSource>(),
    evidenceHash: p.text(),
    actorKind: p.text().$type<ActorRef['kind']>(),
    actorId: p.text().nullable(),
    occurredAt: p.datetime(),
    recordedAt: p.datetime(),
    hash: p.blob().$type<Buffer>(),
  },
});

/** An entry of the ledger. Written by `appendConsentEvents`, never changed. */
export class ConsentEvent extends ConsentEventSchema.class {}
ConsentEventSchema.setClass(ConsentEvent);

const ConsentStateSchema = defineEntity({
  name: 'StoredConsent',
  tableName: 'consent_state',
  properties: {
    workspaceId: p.uuid().primary(),
    identityId: p.uuid().primary(),
    purpose: p.text().primary(),
    contactId: p.uuid(),
    channelId: p.uuid(),
    state: p.text().$type<ConsentState>(),
    isGranted: p.boolean(),
    since: p.datetime(),
    eventId: p.uuid(),
  },
});

/** What the events of one identity and purpose come to. */
export class StoredConsent extends ConsentStateSchema.class {}
ConsentStateSchema.setClass(StoredConsent);
