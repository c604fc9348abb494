import { defineEntity, p } from '@mikro-orm/core';

const ContactSchema = defineEntity({
  name: 'Contact',
  tableName: 'contact',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    /** What the person is called to agents: the profile name of the channel that told one last. */
    name: p.text().nullable(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

/** A person who writes to a workspace, on whatever channels. */
export class Contact extends ContactSchema.class {}
ContactSchema.setClass(Contact);
