import {
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  type JsMsg,
  type OrderedConsumerOptions,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { inBatches } from '@fenster/runtime';

export interface StreamMessage {
  /** Position in the stream. */
  position: number;
  subject: string;
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

const STORED_BATCH = 500;

/** What the stream holds now under these subjects, from its beginning. */
export async function* readStored(
  connection: NatsConnection,
  { stream, filter }: Pick<StreamReaderOptions, 'stream' | 'filter'>,
): AsyncGenerator<StreamMessage, void> {
  const manager = await jetstreamManager(connection);
  const last = await manager.streams.getMessage(stream, { last_by_subj: filter });
  if (!last) return;
  const start = { after: 0 };
  const { signal } = new AbortController();
  for await (const messages of readStream(connection, { stream, filter, start, maxBatch: STORED_BATCH, signal })) {
    for (const message of messages) {
      if (message.position <= last.seq) yield message;
      if (message.position >= last.seq) return;
    }
  }
}

function toDeliverPolicy(start: StreamReaderOptions['start']): Partial<OrderedConsumerOptions> {
  if ('since' in start) return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: start.since.toISOString() };
  if (start.after === 0) return { deliver_policy: DeliverPolicy.All };
  return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: start.after + 1 };
}

function toStreamMessage(message: JsMsg): StreamMessage {
  return { position: message.seq, subject: message.subject, data: message.data };
}
