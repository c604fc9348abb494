import { retentionFilesReleased } from '@fenster/contracts';
import { defineConsumer, on, type ConsumerDefinition } from '@fenster/database';
import { deleteReceived } from '../media/remove-received.js';

/** A rule of retention took the messages' words; the files that came with them go here. */
export const retentionFilesConsumer: ConsumerDefinition = defineConsumer({
  name: 'channels-retention-files',
  filter: 'conversation.retention.files_released.>',
  subscriptions: [on(retentionFilesReleased, deleteReceived)],
});
