import type { ConsumerDefinition } from '@fenster/database';
import { threadEventsConsumer } from './identities/thread-events.consumer.js';

export const consumers: readonly ConsumerDefinition[] = [threadEventsConsumer];
