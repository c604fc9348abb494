import { createPublisher, ensureStream, type NatsConnection } from '@fenster/messaging';
import type { Clock, Logger } from '@fenster/runtime';
import { createConsumer, type Consumer, type ConsumerDefinition } from './consumer.js';
import type { Database } from './database.js';
import { createPruning } from './pruning.js';
import { createRelay, type Relay } from './relay.js';

export interface EventPathOptions {
  service: string;
  database: Database;
  databaseUrl: string;
  connection: NatsConnection;
  consumers: readonly ConsumerDefinition[];
  /** How long what had no effect is kept. */
  deadLetterDays: number;
  now: Clock;
  log: Logger;
}

const RELAY_POLL_MS = 500;

/** Everything of a service that moves events: its relay, its consumers, and the pruning of what they leave behind. */
export interface EventPath {
  wakeRelay: Relay['wake'];
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createEventPath(options: EventPathOptions): EventPath {
  const { service, database, databaseUrl, connection, deadLetterDays, now, log } = options;
  const subject = `relay.${service}`;
  const relay = createRelay({
    database,
    url: databaseUrl,
    publisher: createPublisher(connection),
    log,
    // Only in case that a nudge is lost, or that somebody emits who has no relay.
    pollMs: RELAY_POLL_MS,
    nudge: {
      send() {
        if (!connection.isClosed()) connection.publish(subject);
      },
      listen(heard) {
        const subscription = connection.subscribe(subject, { callback: heard });
        return () => subscription.unsubscribe();
      },
    },
  });
  const consumers: Consumer[] = options.consumers.map((definition) =>
    createConsumer({ definition, database, connection, now, log, wakeRelay: relay.wake }),
  );
  const pruning = createPruning({ database, deadLetterDays, now, log });
  return {
    wakeRelay: relay.wake,
    async start() {
      await ensureStream(connection, service);
      relay.start();
      pruning.start();
      for (const consumer of consumers) consumer.start();
    },
    async stop() {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await pruning.stop();
      await relay.stop();
    },
  };
}
