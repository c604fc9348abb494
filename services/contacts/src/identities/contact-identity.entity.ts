import { defineEntity, p } from '@mikro-orm/core';
import type { IdentityKind } from './contact-book.js';

const ContactIdentitySchema = defineEntity({
  name: 'ContactIdentity',
  tableName: 'contact_identity',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    contactId: p.uuid(),
    /** Of whom of those that were made this contact it is; null for the contact's own. */
    originId: p.uuid().nullable(),
    channelId: p.uuid(),
    kind: p.text().$type<IdentityKind>(),
    value: p.text(),
    validFrom: p.datetime(),
    /** Null while it is the current one. */
    validTo: p.datetime().nullable(),
  },
});

/** What a channel calls a person, and from when to when. */
export class ContactIdentity extends ContactIdentitySchema.class {}
ContactIdentitySchema.setClass(ContactIdentity);
