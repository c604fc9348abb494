import {
  channelMediaFailed,
  channelMediaStored,
  channelMediaUploaded,
  channelMessageAccepted,
  channelMessageChanged,
  channelMessageDelayed,
  channelMessageFailed,
  channelMessageImported,
  channelMessageReceived,
  channelPreferenceReceived,
  channelRecipientIdentified,
  channelStatusReceived,
  personErased,
} from '@fenster/contracts';
import { defineConsumer, on } from '@fenster/database';
import { eraseAfterChannels } from '../erasures/erase-after-channels.js';
import { recordMedia } from '../media/record-media.js';
import { rememberUploadedMedia } from '../media/uploaded-media.js';
import { noteFreeEntryPoints } from '../threads/free-entry-point.js';
import { rememberRecipients } from '../threads/remember-recipients.js';
import { importMessages } from './import-messages.js';
import { recordPreferences } from '../opt-outs/record-preferences.js';
import { receiveMessages } from './receive-messages.js';
import { recordChanges } from './record-changes.js';
import { recordDelays } from './record-delays.js';
import { recordAcceptances, recordFailures, recordStatuses } from './record-deliveries.js';

const NAME = 'conversation-channel-events';
const erasedByChannels = personErased.get('channels')!;

/** What the edge says: customer messages, what happens to messages, and what became of ours. */
export const channelEventsConsumer = defineConsumer({
  name: NAME,
  filter: 'channels.>',
  subscriptions: [
    // First, so that answers find the thread.
    on(channelRecipientIdentified, (tx, events) => rememberRecipients(tx, events)),
    on(channelMessageReceived, (tx, events) => receiveMessages(tx, events, NAME)),
    on(channelMessageImported, (tx, events) => importMessages(tx, events, NAME)),
    on(channelMessageAccepted, (tx, events) => recordAcceptances(tx, events, NAME)),
    on(channelMessageChanged, (tx, events) => recordChanges(tx, events, NAME)),
    // After acceptances: what the provider has waits for nothing.
    on(channelMessageDelayed, (tx, events) => recordDelays(tx, events, NAME)),
    on(channelPreferenceReceived, (tx, events) => recordPreferences(tx, events, NAME)),
    on(channelMediaStored, (tx, events) => recordMedia(tx, events, NAME)),
    on(channelMediaFailed, (tx, events) => recordMedia(tx, events, NAME)),
    on(channelMediaUploaded, (tx, events) => rememberUploadedMedia(tx, events)),
    on(channelMessageFailed, (tx, events) => recordFailures(tx, events, NAME)),
    on(channelStatusReceived, async (tx, events) => {
      // First, because it locks threads.
      await noteFreeEntryPoints(tx, events, NAME);
      await recordStatuses(tx, events, NAME);
    }),
    on(erasedByChannels, (tx, events) => eraseAfterChannels(tx, events, NAME)),
  ],
  barrier: erasedByChannels,
});
