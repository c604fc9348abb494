import {
  accessTracedConsumer,
  personTracedConsumer,
  retentionOrdersConsumer,
  rowsErasedConsumer,
  type ConsumerDefinition,
} from '@fenster/database';
import { findPerson } from './access-requests/find-person.js';
import { templateDriftsConsumer } from './alerts/template-drifts.consumer.js';
import { channelsConsumer } from './channels/channels.consumer.js';
import { personData } from './erasures/keep-costs.js';
import { labelsConsumer } from './labels/labels.consumer.js';
import { messageAcceptedConsumer } from './messages/message-accepted.consumer.js';
import { messageFailedConsumer } from './messages/message-failed.consumer.js';
import { messageQueuedConsumer } from './messages/message-queued.consumer.js';
import { statusReceivedConsumer } from './messages/status-received.consumer.js';
import { analyticsReadConsumer } from './reconciliations/analytics-read.consumer.js';
import type { Books } from './price-books/books.js';
import { volumeTiersConsumer } from './volume-tiers/volume-tiers.consumer.js';

export function createConsumers(
  books: Books,
  wakeErasures = () => {},
  wakeRating = () => {},
  wakeRetention = () => {},
): ConsumerDefinition[] {
  return [
    statusReceivedConsumer(books),
    messageQueuedConsumer(books),
    messageAcceptedConsumer(books),
    messageFailedConsumer(books),
    channelsConsumer,
    analyticsReadConsumer,
    templateDriftsConsumer,
    labelsConsumer,
    volumeTiersConsumer(wakeRating),
    personTracedConsumer('billing', personData),
    rowsErasedConsumer('billing', wakeErasures),
    retentionOrdersConsumer('billing', wakeRetention),
    accessTracedConsumer('billing', findPerson),
  ];
}
