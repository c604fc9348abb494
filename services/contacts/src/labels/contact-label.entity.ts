import { defineEntity, p } from '@mikro-orm/core';

const ContactLabelSchema = defineEntity({
  name: 'ContactLabel',
  tableName: 'contact_label',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    name: p.text(),
    /** `#rrggbb` in lower case. */
    colour: p.text(),
    createdAt: p.datetime(),
  },
});

/** A word of the workspace's own, by which people are found. */
export class ContactLabel extends ContactLabelSchema.class {}
ContactLabelSchema.setClass(ContactLabel);
