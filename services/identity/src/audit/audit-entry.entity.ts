import type { AuditEntryRecorded } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

const AuditEntrySchema = defineEntity({
  name: 'AuditEntry',
  tableName: 'audit_entry',
  properties: {
    workspaceId: p.uuid().primary(),
    seq: p.bigint('number').primary(),
    id: p.uuid(),
    service: p.text(),
    action: p.text(),
    actorKind: p.text(),
    actorId: p.text().nullable(),
    sessionId: p.uuid().nullable(),
    objectType: p.text(),
    objectIds: p.array(),
    changes: p.json<NonNullable<AuditEntryRecorded['changes']>>().nullable(),
    clientAddress: p.text().nullable(),
    userAgent: p.text().nullable(),
    correlationId: p.text(),
    occurredAt: p.datetime(),
    recordedAt: p.datetime(),
    hash: p.blob().$type<Buffer>(),
  },
});

/** Who did what to which objects. Written by the consumer, never changed. */
export class AuditEntry extends AuditEntrySchema.class {}
AuditEntrySchema.setClass(AuditEntry);
