import { DeliverPolicy, jetstream, type JsMsg, type OrderedConsumerOptions } from '@nats-io/jetstream';
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
  /** Starts behind this position, 0 at the beginning; or with what was stored at or after a time. */
  start: { after: number } | { since: Date };
  maxBatch: number;
  signal: AbortSignal;
}

/**
 * Reads a stream in order, as batches of what has arrived meanwhile. It acknowledges nothing: the reader keeps
 * its position beside its effects, in its own transaction, so that a crash neither repeats nor waits.
 */
export async function* readStream(
  connection: NatsConnection,
  { stream, filter, start, maxBatch, signal }: StreamReaderOptions,
): AsyncGenerator<StreamMessage[]> {
  const consumer = await jetstream(connection).consumers.get(stream, {
    filter_subjects: filter,
    ...toDeliverPolicy(start),
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

function toDeliverPolicy(start: StreamReaderOptions['start']): Partial<OrderedConsumerOptions> {
  if ('since' in start) return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: start.since.toISOString() };
  if (start.after === 0) return { deliver_policy: DeliverPolicy.All };
  return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: start.after + 1 };
}

function toStreamMessage(message: JsMsg): StreamMessage {
  return { position: message.seq, data: message.data };
}
