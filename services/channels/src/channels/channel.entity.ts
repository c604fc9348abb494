import type { ChannelState, FailureReason } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';
import type { ChannelKind } from '../providers/channel-kind.js';

const ChannelSchema = defineEntity({
  name: 'Channel',
  tableName: 'channel',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    kind: p.text().$type<ChannelKind>(),
    name: p.text(),
    address: p.text(),
    displayPhoneNumber: p.text().nullable(),
    currency: p.text().nullable(),
    timeZone: p.text().nullable(),
    messagesPerSecond: p.integer().nullable(),
    state: p.text().$type<ChannelState>(),
    stateReason: p.text().nullable(),
    stateReasonCode: p.text().$type<FailureReason>().nullable(),
    stateChangedAt: p.datetime().nullable(),
    refreshedAt: p.datetime().nullable(),
    createdAt: p.datetime(),
  },
});

/** What people may see of a channel. Its credentials are no properties, so that no query can hand them out. */
export class Channel extends ChannelSchema.class {}
ChannelSchema.setClass(Channel);
