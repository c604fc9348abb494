import type { ChannelCapabilities, ChannelState, FailureReason } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

const ChannelSchema = defineEntity({
  name: 'Channel',
  tableName: 'channel',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    name: p.text(),
    /** At the provider; templates are its. Null until channels has told it. */
    accountId: p.text().nullable(),
    state: p.text().$type<ChannelState>().default('ACTIVE'),
    /** For people: why it cannot send. */
    stateReason: p.text().nullable(),
    stateReasonCode: p.text().$type<FailureReason>().nullable(),
    /** What can be done over it. Null until channels has told: then all that WhatsApp can. */
    capabilities: p.json().$type<ChannelCapabilities>().nullable(),
  },
});

/** A channel of the workspace, as channels last told. */
export class Channel extends ChannelSchema.class {}
ChannelSchema.setClass(Channel);
