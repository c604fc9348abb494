import type { ConsumerDefinition } from '@fenster/database';
import { accessReportsConsumers, type AccessConsumerOptions } from './access-requests/access-reports.consumer.js';
import type { ConsentSigner } from './consent/consent-signer.js';
import { erasureReportsConsumers, type ErasureConsumerOptions } from './erasures/erasure-reports.consumer.js';
import { newsletterOptOutWordsConsumer } from './newsletters/newsletter-opt-out-words.consumer.js';
import { newsletterTemplatesConsumer } from './newsletters/newsletter-templates.consumer.js';
import { sendingChannelsConsumer } from './newsletters/sending-channels.consumer.js';
import { retentionReportsConsumers } from './retention/retention-reports.consumer.js';
import { threadEventsConsumer } from './identities/thread-events.consumer.js';

export function consumersOf(
  signer: () => ConsentSigner,
  erasures: ErasureConsumerOptions,
  access: AccessConsumerOptions,
): readonly ConsumerDefinition[] {
  return [
    threadEventsConsumer(signer, erasures),
    sendingChannelsConsumer,
    newsletterTemplatesConsumer,
    newsletterOptOutWordsConsumer,
    ...erasureReportsConsumers(erasures),
    ...accessReportsConsumers(access),
    ...retentionReportsConsumers,
  ];
}
