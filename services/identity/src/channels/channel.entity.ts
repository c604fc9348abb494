import { defineEntity, p } from '@mikro-orm/core';

const ChannelSchema = defineEntity({
  name: 'Channel',
  tableName: 'channel',
  properties: {
    workspaceId: p.uuid(),
    id: p.uuid().primary(),
  },
});

/** A channel of the workspace, as channels told. */
export class Channel extends ChannelSchema.class {}
ChannelSchema.setClass(Channel);
