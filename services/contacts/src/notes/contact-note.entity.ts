import { defineEntity, p } from '@mikro-orm/core';

const ContactNoteSchema = defineEntity({
  name: 'ContactNote',
  tableName: 'contact_note',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    contactId: p.uuid(),
    authorId: p.uuid().nullable(),
    apiKeyId: p.uuid().nullable(),
    text: p.text(),
    createdAt: p.datetime(),
    editedAt: p.datetime().nullable(),
  },
});

/** What colleagues write of a person for each other. */
export class ContactNote extends ContactNoteSchema.class {}
ContactNoteSchema.setClass(ContactNote);
