import { defineEntity, p } from '@mikro-orm/core';

const StoredReceiptSchema = defineEntity({
  name: 'StoredReceipt',
  tableName: 'consent_receipt',
  properties: {
    workspaceId: p.uuid().primary(),
    id: p.uuid().primary(),
    contactId: p.uuid(),
    identityId: p.uuid(),
    purpose: p.text(),
    channelId: p.uuid(),
    lastSeq: p.bigint('number'),
    keyId: p.uuid(),
    jws: p.text(),
    issuedAt: p.datetime(),
  },
});

/** A receipt that was given out. Never changed. */
export class StoredReceipt extends StoredReceiptSchema.class {}
StoredReceiptSchema.setClass(StoredReceipt);
