import { messageQueued, type Envelope, type MessageQueued } from '@fenster/contracts';
import { causedBy, defineConsumer, on, type ConsumerDefinition, type Tx } from '@fenster/database';
import { recordCharges } from '../charges/record-charges.js';
import type { PriceBook } from '../price-books/price-book.js';
import { FactCollection, recordFacts } from './facts.js';

const NAME = 'billing-message-queued';

/** Whose cost a message is: conversation, thread, channel and author. */
export function messageQueuedConsumer(book: PriceBook): ConsumerDefinition {
  return defineConsumer({
    name: NAME,
    filter: 'conversation.message.queued.>',
    subscriptions: [on(messageQueued, (tx, events) => recordAttributions(tx, events, book))],
  });
}

async function recordAttributions(tx: Tx, events: readonly Envelope<MessageQueued>[], book: PriceBook): Promise<void> {
  const facts = new FactCollection();
  for (const { workspaceId, data } of events) {
    facts.add(workspaceId, data.messageId, {
      channel_id: data.channelId,
      conversation_id: data.conversationId,
      thread_id: data.threadId,
      author_id: data.authorId,
    });
  }
  const origins = new Map(events.map((event) => [event.data.messageId, causedBy(event, NAME)]));
  await recordCharges(tx, book, await recordFacts(tx, facts.messages), origins);
}
