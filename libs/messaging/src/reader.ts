import { DeliverPolicy, jetstream, jetstreamManager, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

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
  const iterator = messages[Symbol.asyncIterator]();
  let pending: Promise<IteratorResult<JsMsg>> | undefined;
  try {
    while (!signal.aborted) {
      pending ??= iterator.next();
      const first = await pending;
      pending = undefined;
      if (first.done) return;
      const batch = [toStreamMessage(first.value)];
      while (batch.length < maxBatch) {
        pending = iterator.next();
        const next = await Promise.race([pending, endOfTick()]);
        if (next === NOTHING_YET || next.done) break;
        pending = undefined;
        batch.push(toStreamMessage(next.value));
      }
      yield batch;
    }
  } finally {
    signal.removeEventListener('abort', close);
    // Closing is itself a step of the iterator, so it must not be waited for while the iterator rests.
    close();
    await iterator.return?.();
  }
}

const NOTHING_YET = Symbol('nothing yet');

function endOfTick(): Promise<typeof NOTHING_YET> {
  return new Promise((resolve) => setImmediate(resolve, NOTHING_YET));
}

function toStreamMessage(message: JsMsg): StreamMessage {
  return { position: message.seq, data: message.data };
}
