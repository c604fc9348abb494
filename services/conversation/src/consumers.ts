import type { ConsumerDefinition } from '@fenster/database';
import { chargeRecordedConsumer } from './costs/charge-recorded.consumer.js';
import { channelEventsConsumer } from './messages/channel-events.consumer.js';

export const consumers: readonly ConsumerDefinition[] = [channelEventsConsumer, chargeRecordedConsumer];
