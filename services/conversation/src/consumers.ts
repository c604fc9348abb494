import type { ConsumerDefinition } from '@fenster/database';
import { identityEventsConsumer } from './assignments/identity-events.consumer.js';
import { chargeRecordedConsumer } from './costs/charge-recorded.consumer.js';
import { channelEventsConsumer } from './messages/channel-events.consumer.js';

export const consumers: readonly ConsumerDefinition[] = [
  channelEventsConsumer,
  chargeRecordedConsumer,
  identityEventsConsumer,
];
