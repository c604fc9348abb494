import { channelMessageFailed, type ChannelMessageFailed, type Envelope } from '@fenster/contracts';
import { causedBy, defineConsumer, on, type ConsumerDefinition, type Tx } from '@fenster/database';
import { settleMessages } from '../charges/settle-messages.js';
import type { Books } from '../price-books/books.js';
import { FactCollection, recordFacts } from './facts.js';

const NAME = 'billing-message-failed';

/** What the provider did not take costs nothing, and no status will ever say so. */
export function messageFailedConsumer(books: Books): ConsumerDefinition {
  return defineConsumer({
    name: NAME,
    filter: 'channels.message.failed.>',
    subscriptions: [on(channelMessageFailed, (tx, events) => recordFailures(tx, events, books))],
  });
}

async function recordFailures(tx: Tx, events: readonly Envelope<ChannelMessageFailed>[], books: Books): Promise<void> {
  // What is unconfirmed may have been sent: it is expected to cost what it was quoted.
  const rejected = events.filter(({ data }) => data.outcome === 'rejected');
  const facts = new FactCollection();
  for (const { workspaceId, data } of rejected) {
    facts.add(workspaceId, data.messageId, { channel_id: data.channelId, failed_at: new Date(data.failedAt) });
  }
  const origins = new Map(rejected.map((event) => [event.data.messageId, causedBy(event, NAME)]));
  await settleMessages(tx, books, await recordFacts(tx, facts.messages), origins);
}
