import {
  channelMessageAccepted,
  channelMessageFailed,
  channelMessageReceived,
  channelStatusReceived,
} from '@fenster/contracts';
import { defineConsumer, on } from '@fenster/database';
import { receiveMessages } from './receive-messages.js';
import { recordAcceptances, recordFailures, recordStatuses } from './record-deliveries.js';

const NAME = 'conversation-channel-events';

/** What the edge says: customer messages, and what became of ours. */
export const channelEventsConsumer = defineConsumer({
  name: NAME,
  filter: 'channels.>',
  subscriptions: [
    on(channelMessageReceived, (tx, events) => receiveMessages(tx, events, NAME)),
    on(channelMessageAccepted, (tx, events) => recordAcceptances(tx, events, NAME)),
    on(channelMessageFailed, (tx, events) => recordFailures(tx, events, NAME)),
    on(channelStatusReceived, (tx, events) => recordStatuses(tx, events, NAME)),
  ],
});
