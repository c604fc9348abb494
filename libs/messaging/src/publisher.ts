import { jetstream, type PubAck } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

export interface Publication {
  /** Message id: a repetition within the stream's duplicate window is stored once. */
  id: string;
  subject: string;
  data: Uint8Array;
}

export interface Publisher {
  /**
   * Resolves when the stream has stored everything, in this order. Rejects if it is unknown whether all of it
   * is stored; calling again with the same publications is then safe.
   */
  publish(publications: readonly Publication[]): Promise<void>;
}

const WINDOW = 256;
const ACK_TIMEOUT_MS = 1_500;

/**
 * Publishes pipelined and still in order: each message names its predecessor as the last one that the stream may
 * hold. When one is lost on the way (a broker restart), all that follow it are refused instead of overtaking it.
 * The next call may bring the same events, also cut into other messages: it finds the end of the stream anew.
 */
export function createPublisher(connection: NatsConnection): Publisher {
  const client = jetstream(connection, { timeout: ACK_TIMEOUT_MS });
  const waiting = new Set<(error: Error) => void>();
  // Whoever waits for an answer from a broker that died waits for nothing, and the time-out would outlast its return.
  void onBreak(connection, () => {
    for (const giveUp of waiting) giveUp(new Error('The connection to NATS broke before the stream answered.'));
  });
  /** The last message of the stream, as far as is known: nobody else publishes while this does. */
  let predecessor: string | undefined;

  function publishOne({ id, subject, data }: Publication, lastMsgID: string | undefined): Promise<PubAck> {
    const { promise, resolve, reject } = Promise.withResolvers<PubAck>();
    waiting.add(reject);
    const options = { msgID: id, retries: 0, ...(lastMsgID && { expect: { lastMsgID } }) };
    client.publish(subject, data, options).then(resolve, reject);
    return promise.finally(() => waiting.delete(reject));
  }

  /** Nothing can overtake what goes alone. A duplicate says nothing about where the stream ends: the next goes alone too. */
  async function publishAlone(publication: Publication): Promise<void> {
    const { duplicate } = await publishOne(publication, undefined);
    predecessor = duplicate ? undefined : publication.id;
  }

  async function publishWindow(publications: readonly Publication[]): Promise<void> {
    let last = predecessor;
    predecessor = undefined;
    const acks = publications.map((publication) => {
      const before = last;
      last = publication.id;
      return publishOne(publication, before);
    });
    // None is left to answer for when the caller tries again.
    await Promise.allSettled(acks);
    const answers = await Promise.all(acks);
    if (!answers.at(-1)?.duplicate) predecessor = last;
  }

  return {
    async publish(publications) {
      for (let at = 0; at < publications.length;) {
        if (predecessor === undefined) {
          await publishAlone(publications[at]!);
          at += 1;
        } else {
          await publishWindow(publications.slice(at, at + WINDOW));
          at += WINDOW;
        }
      }
    },
  };
}

/** Calls back when the connection breaks. Ends with the connection. */
async function onBreak(connection: NatsConnection, callback: () => void): Promise<void> {
  for await (const status of connection.status()) if (status.type === 'disconnect') callback();
}
