import { defineEntity, p } from '@mikro-orm/core';
import type { RetentionClass } from '../attributes/attribute.rule.js';

const ContactFileSchema = defineEntity({
  name: 'ContactFile',
  tableName: 'contact_file',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    contactId: p.uuid(),
    name: p.text(),
    mimeType: p.text(),
    sizeBytes: p.double(),
    /** What it is kept for (GDPR Art. 5 (1) b). */
    purpose: p.text(),
    retentionClass: p.text().$type<RetentionClass>(),
    addedByKind: p.text(),
    addedById: p.text().nullable(),
    addedAt: p.datetime(),
  },
});

/** A file that colleagues keep of a person; `stored_file` of the same id has its content. */
export class ContactFile extends ContactFileSchema.class {}
ContactFileSchema.setClass(ContactFile);
