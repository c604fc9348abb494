import { defineEntity, p } from '@mikro-orm/core';

export const CHANNEL_KINDS = ['WHATSAPP_CLOUD'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

const ChannelSchema = defineEntity({
  name: 'Channel',
  tableName: 'channel',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    kind: p.text().$type<ChannelKind>(),
    name: p.text(),
    displayPhoneNumber: p.text(),
    currency: p.text(),
    timeZone: p.text(),
    createdAt: p.datetime(),
  },
});

/** What people may see of a channel. Its credentials are no properties, so that no query can hand them out. */
export class Channel extends ChannelSchema.class {}
ChannelSchema.setClass(Channel);
