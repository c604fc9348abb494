import { DeliverPolicy, jetstream, jetstreamManager, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { inBatches } from '@fenster/runtime';

export interface StreamMessage {
  /** Position in the stream. */
  position: number;
  data: Uint8Array;
}

export interface StreamReaderOptions {
  stream: string;
  /** One subject filter, because several need nats-server 2.10. */
  filter: string;
  /** Starts behind this position; 0 starts at the beginning. */
  after: number;
  maxBatch: number;
  signal: AbortSignal;
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

/**
 * Reads a stream in order, as batches of what has arrived meanwhile. It acknowledges nothing: the reader keeps
 * its position beside its effects, in its own transaction, so that a crash neither repeats nor waits.
 */
export async function* readStream(
  connection: NatsConnection,
  { stream, filter, after, maxBatch, signal }: StreamReaderOptions,
): AsyncGenerator<StreamMessage[]> {
  const consumer = await jetstream(connection).consumers.get(stream, {
    filter_subjects: filter,
    ...(after > 0
      ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: after + 1 }
      : { deliver_policy: DeliverPolicy.All }),
  });
  // A short expiry makes a lost broker noticed in seconds instead of 45 (stack.md §4).
  const messages = await consumer.consume({ max_messages: 1_000, expires: 2_000 });
  const close = () => void messages.close();
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close();
  try {
    for await (const batch of inBatches(messages, maxBatch)) yield batch.map(toStreamMessage);
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

function toStreamMessage(message: JsMsg): StreamMessage {
  return { position: message.seq, data: message.data };
}
