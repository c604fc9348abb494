import { defineEntity, p } from '@mikro-orm/core';
import type { Address } from './contact.rule.js';

const ContactSchema = defineEntity({
  name: 'Contact',
  tableName: 'contact',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    /** What the person is called to agents: the given name, else the profile name. */
    name: p.text().nullable().generated('coalesce(given_name, profile_name) stored'),
    /** What a colleague wrote, or an import. */
    givenName: p.text().nullable(),
    /** Of the channel that told one last. */
    profileName: p.text().nullable(),
    email: p.text().nullable(),
    address: p.json<Address>().nullable(),
    /** BCP 47. */
    language: p.text().nullable(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

/** A person who writes to a workspace, on whatever channels. */
export class Contact extends ContactSchema.class {}
ContactSchema.setClass(Contact);
