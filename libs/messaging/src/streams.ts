import { jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';

const DAY_MS = 86_400_000;
const MAX_AGE_DAYS = 7;
const DUPLICATE_WINDOW_MS = 5 * 60_000;

/**
 * One stream per producing service, subjects `<service>.>`. PostgreSQL holds the truth; the stream can be lost
 * and rebuilt from it. Only options that nats-server 2.9.10 knows.
 */
export async function ensureStream(connection: NatsConnection, service: string): Promise<StreamInfo> {
  const manager = await jetstreamManager(connection);
  const config = {
    name: service,
    subjects: [`${service}.>`],
    max_age: nanos(MAX_AGE_DAYS * DAY_MS),
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    allow_direct: true,
  };
  try {
    return await manager.streams.update(service, config);
  } catch {
    return manager.streams.add(config);
  }
}

export async function deleteStream(connection: NatsConnection, service: string): Promise<void> {
  const manager = await jetstreamManager(connection);
  await manager.streams.delete(service);
}
