import { messageRevoked } from '@fenster/contracts';
import { defineConsumer, on, type ConsumerDefinition } from '@fenster/database';
import { deleteReceived } from './remove-received.js';

/** What its author took back is gone, and so is what it brought. */
export const messageRevokedConsumer: ConsumerDefinition = defineConsumer({
  name: 'channels-message-revoked',
  filter: 'conversation.message.revoked.>',
  subscriptions: [on(messageRevoked, deleteReceived)],
});
