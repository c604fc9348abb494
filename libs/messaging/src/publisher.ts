import { jetstream } from '@nats-io/jetstream';
import { createInbox, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';

export interface Publication {
  /** Message id: a repetition within the stream's duplicate window is stored once. */
  id: string;
  subject: string;
  data: Uint8Array;
}

export interface Publisher {
  /** Whether it knows where the stream ends: then a stream that was made anew refuses what it publishes. */
  readonly knowsEnd: boolean;
  /**
   * Resolves when the stream has stored everything, in this order. Rejects if it is unknown whether all of it
   * is stored; calling again with the same publications is then safe.
   */
  publish(publications: readonly Publication[]): Promise<void>;
}

interface Stored {
  duplicate?: boolean;
}

const WINDOW = 256;
const ACK_TIMEOUT_MS = 1_500;

/**
 * Publishes pipelined and still in order: each message names its predecessor as the last one that the stream may
 * hold. When one is lost on the way (a broker restart), all that follow it are refused instead of overtaking it.
 * The next call may bring the same events, also cut into other messages: it finds the end of the stream anew.
 */
export function createPublisher(connection: NatsConnection): Publisher {
  const answers = createAnswers(connection);
  /** The last message of the stream, as far as is known: nobody else publishes while this does. */
  let predecessor: string | undefined;

  function publishOne({ id, subject, data }: Publication, lastMsgID: string | undefined): Promise<Stored> {
    const chained = headers();
    chained.set('Nats-Msg-Id', id);
    if (lastMsgID !== undefined) chained.set('Nats-Expected-Last-Msg-Id', lastMsgID);
    return answers.to((reply) => connection.publish(subject, data, { headers: chained, reply }));
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
    const stored = await Promise.all(acks);
    if (!stored.at(-1)?.duplicate) predecessor = last;
  }

  return {
    get knowsEnd() {
      return predecessor !== undefined;
    },
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

/**
 * What the stream answers to each publication. The client's own `request` makes an error with its stack, two promises
 * and a timer for every message, also for those that arrive: that was a tenth of what conversation computed.
 */
function createAnswers(connection: NatsConnection) {
  const inbox = createInbox();
  const waiting = new Map<string, { settle: (answer: Stored | Error) => void; since: number }>();
  let asked = 0;
  let timer: NodeJS.Timeout | undefined;
  connection.subscribe(`${inbox}.*`, {
    callback(error, message) {
      if (!error) take(message.subject, readAnswer(message));
    },
  });
  // Whoever waits for an answer from a broker that died waits for nothing, and the time-out would outlast its return.
  void onBreak(connection, () => giveUp('The connection to NATS broke before the stream answered.', Infinity));

  function take(reply: string, answer: Stored | Error): void {
    const entry = waiting.get(reply);
    waiting.delete(reply);
    entry?.settle(answer);
  }

  function giveUp(reason: string, askedBefore: number): void {
    for (const [reply, { since }] of [...waiting]) if (since <= askedBefore) take(reply, new Error(reason));
  }

  /** One timer for all: the oldest answer decides when it looks again. */
  function watch(): void {
    if (timer !== undefined || waiting.size === 0) return;
    const [oldest] = waiting.values();
    const dueIn = oldest!.since + ACK_TIMEOUT_MS - performance.now();
    timer = setTimeout(
      () => {
        timer = undefined;
        giveUp('The stream did not answer in time.', performance.now() - ACK_TIMEOUT_MS);
        watch();
      },
      Math.max(1, Math.ceil(dueIn)),
    );
    // Nobody has to wait for it once the answers are there.
    timer.unref();
  }

  return {
    to(ask: (reply: string) => void): Promise<Stored> {
      const reply = `${inbox}.${(asked += 1)}`;
      return new Promise((resolve, reject) => {
        const settle = (answer: Stored | Error) => (answer instanceof Error ? reject(answer) : resolve(answer));
        waiting.set(reply, { settle, since: performance.now() });
        try {
          ask(reply);
        } catch (error) {
          waiting.delete(reply);
          reject(error as Error);
        }
        watch();
      });
    },
  };
}

function readAnswer(message: Msg): Stored | Error {
  // Nobody listens on the subject: the stream is missing.
  if (message.headers?.code === 503) return new Error('There is no stream for this subject.');
  try {
    const answer = message.json<Stored & { error?: { description: string } }>();
    return answer.error ? new Error(answer.error.description) : answer;
  } catch {
    return new Error('The stream gave an answer that is not one.');
  }
}

/**
 * Publishes what has no order, also while other processes publish into the same stream. Resolves when the stream has
 * stored everything; after a rejection, calling again with the same publications is safe.
 */
export async function publishUnordered(
  connection: NatsConnection,
  publications: readonly Publication[],
): Promise<void> {
  const client = jetstream(connection, { timeout: ACK_TIMEOUT_MS });
  await Promise.all(publications.map(({ id, subject, data }) => client.publish(subject, data, { msgID: id })));
}

/** Calls back when the connection breaks. Ends with the connection. */
async function onBreak(connection: NatsConnection, callback: () => void): Promise<void> {
  for await (const status of connection.status()) if (status.type === 'disconnect') callback();
}
