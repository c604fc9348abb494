import { defineEntity, p } from '@mikro-orm/core';
import type { AttributeType, RetentionClass } from './attribute.rule.js';

const ContactAttributeSchema = defineEntity({
  name: 'ContactAttribute',
  tableName: 'contact_attribute',
  properties: {
    workspaceId: p.uuid().primary(),
    key: p.text().primary(),
    name: p.text(),
    type: p.text().$type<AttributeType>(),
    /** Of a choice. */
    options: p.array(),
    /** What the values are kept for (GDPR Art. 5 (1) b). */
    purpose: p.text(),
    retentionClass: p.text().$type<RetentionClass>(),
    createdAt: p.datetime(),
    archivedAt: p.datetime().nullable(),
  },
});

/** Something that the workspace wants to know of its contacts. */
export class ContactAttribute extends ContactAttributeSchema.class {}
ContactAttributeSchema.setClass(ContactAttribute);
