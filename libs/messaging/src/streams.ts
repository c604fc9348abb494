import { JetStreamApiError, jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';

const DAY_MS = 86_400_000;
/** So long a stream keeps what went through it. */
export const STREAM_DAYS = 7;
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
    max_age: nanos(STREAM_DAYS * DAY_MS),
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

/** `created` tells a stream from an earlier one of the same name, whose positions mean nothing in it. */
export async function streamState(
  connection: NatsConnection,
  stream: string,
): Promise<{ created: string; last: number }> {
  const manager = await jetstreamManager(connection);
  const info = await manager.streams.info(stream);
  return { created: info.created, last: info.state.last_seq };
}

/** What the server says of a message that is not there: no message, no such sequence. */
const GONE: ReadonlySet<number> = new Set([10037, 10043]);

/** Overwrites messages with random bytes and removes them. What is gone already is no error. */
export async function eraseMessages(
  connection: NatsConnection,
  stream: string,
  positions: readonly number[],
): Promise<void> {
  const manager = await jetstreamManager(connection);
  for (const position of positions) {
    try {
      await manager.streams.deleteMessage(stream, position, true);
    } catch (error) {
      if (!(error instanceof JetStreamApiError && GONE.has(error.code))) throw error;
    }
  }
}

const RENEWAL_CHECK_MS = 1_000;

/**
 * Aborts within about a second when a stream is no longer the one that was created then: a reader would wait in the new
 * one for a position of the old one. Not while the broker is away, which reading finds out by itself.
 */
export function whenRenewed(
  connection: NatsConnection,
  stream: string,
  created: string,
): { signal: AbortSignal; stop: () => void } {
  const renewed = new AbortController();
  const check = async () => {
    const state = await streamState(connection, stream).catch(() => undefined);
    if (state && state.created !== created) renewed.abort();
  };
  const timer = setInterval(() => void check(), RENEWAL_CHECK_MS);
  return { signal: renewed.signal, stop: () => clearInterval(timer) };
}
