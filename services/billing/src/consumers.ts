import type { ConsumerDefinition } from '@fenster/database';
import { messageAcceptedConsumer } from './messages/message-accepted.consumer.js';
import { messageQueuedConsumer } from './messages/message-queued.consumer.js';
import { statusReceivedConsumer } from './messages/status-received.consumer.js';
import type { PriceBook } from './price-books/price-book.js';

export function createConsumers(book: PriceBook): ConsumerDefinition[] {
  return [statusReceivedConsumer(book), messageQueuedConsumer(book), messageAcceptedConsumer(book)];
}
