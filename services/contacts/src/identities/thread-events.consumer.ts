import { threadIdentityChanged, threadOpened } from '@fenster/contracts';
import { defineConsumer, on } from '@fenster/database';
import { recordIdentities } from './record-identities.js';

/** Who was seen on a channel, and under which names. */
export const threadEventsConsumer = defineConsumer({
  name: 'contacts-thread-events',
  filter: 'conversation.thread.>',
  subscriptions: [on(threadOpened, recordIdentities), on(threadIdentityChanged, recordIdentities)],
});
