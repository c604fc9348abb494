import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '@fenster/runtime';

export type { NatsConnection };
export { headers as newHeaders };

/**
 * Connects and stays connected: reconnects for ever, quickly, because the default wait of two seconds turns a
 * broker restart into a stall that agents see (performance.md §0.10).
 */
export async function connectNats(options: { url: string; name: string; log: Logger }): Promise<NatsConnection> {
  const connection = await connect({
    servers: options.url,
    name: options.name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    reconnectJitter: 100,
    waitOnFirstConnect: true,
    // A stack trace for each request costs more than the request.
    noAsyncTraces: true,
    pingInterval: 10_000,
  });
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') options.log.warn('disconnected from NATS');
      if (status.type === 'reconnect') options.log.info('reconnected to NATS');
    }
  })();
  return connection;
}
