import { decodeCursor } from '@fenster/graphql/cursor';
import type { FormattedExecutionResult } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { backOff } from './back-off.js';
import { InboxLog, inboxSelection } from './inbox-log.js';
import type { Session } from './session.js';
import { Silence } from './silence.js';

const subscription = (selection: string) => `subscription Inbox($after: Cursor, $conversationId: ID) {
  inboxEvents(after: $after, conversationId: $conversationId) { __typename cursor ${selection} }
}`;

/** Fields of conversation alone: whatever else is away, each event has all of them. */
const LEAN = subscription(inboxSelection('direction status', ''));

/** Fields of four services in each event. */
const RICH = subscription(
  inboxSelection(
    'direction status author { name }',
    'contact { name } channel { name } cost { totals { amountMicros } }',
  ),
);

/** What the API says while something is away. */
const PASSING = new Set<unknown>(['UNAVAILABLE', 'SUBGRAPH_UNAVAILABLE', 'SUBGRAPH_TIMEOUT']);

interface InboxEvent {
  __typename: string;
  cursor: string;
  message?: { id: string; direction?: string; status?: string; conversation?: { id: string } };
  conversation?: { id: string };
  conversationId?: string;
}
type Inbox = { inboxEvents: InboxEvent } | null;

export interface SubscriberOptions {
  name: string;
  graphqlUrl: string;
  session: Session;
  /** Fields of several services, of one conversation; else those of conversation, of the whole inbox. */
  conversationId?: string;
}

/** A standard client that keeps the last cursor, and subscribes again with it whenever its connection ends. */
export class Subscriber {
  readonly name: string;
  readonly conversationId: string | undefined;
  readonly log = new InboxLog();
  readonly silence = new Silence();
  /** Everything that a subscriber must never meet. */
  readonly problems: string[] = [];
  /** Conversations by the order of their appearance. */
  readonly conversations = new Set<string>();
  received = 0;
  inboundMessages = 0;
  /** Times that a connection ended over which it had received something. */
  interrupted = 0;
  /** Times that the gateway said that events are delayed, or that a field could not be had. */
  warned = 0;
  /** Where it began; undefined until it has been told. */
  start: number | undefined;
  readonly #options: SubscriberOptions;
  #cursor: string | undefined;
  #isStopped = false;
  #running: Promise<void> | undefined;
  #end: () => void = () => {};
  #socket: WebSocket | undefined;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.name = options.name;
    this.conversationId = options.conversationId;
  }

  begin(): void {
    this.#running ??= this.#run();
  }

  /** Loses its connection in the middle of whatever it receives, as in a tunnel. */
  cut(): void {
    this.#socket?.terminate();
    this.#end();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#end();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#isStopped; failures += 1) {
      const before = this.received;
      await this.#follow(await this.#options.session.token());
      if (this.#isStopped) return;
      if (this.received > before) {
        this.interrupted += 1;
        failures = 0;
      }
      await backOff(failures, { startMs: 20, capMs: 500 });
    }
  }

  /** Resolves when the connection or the subscription has ended, for whatever reason. */
  #follow(token: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const client = createClient({
      url: this.#options.graphqlUrl.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionAckWaitTimeout: 5_000,
      keepAlive: 10_000,
      connectionParams: { authorization: `Bearer ${token}` },
      on: { connected: (socket) => (this.#socket = socket as WebSocket) },
    });
    let hasEnded = false;
    this.#end = () => {
      hasEnded = true;
      resolve();
    };
    client.subscribe<Inbox>(
      {
        query: this.conversationId === undefined ? LEAN : RICH,
        variables: { after: this.#cursor, conversationId: this.conversationId },
      },
      {
        // What was on its way when the connection was cut does not arrive any more.
        next: (result) => {
          if (!hasEnded) this.#receive(result);
        },
        error: () => resolve(),
        complete: () => resolve(),
      },
    );
    return promise.finally(() => client.dispose());
  }

  #receive({ data, errors }: Pick<FormattedExecutionResult<NonNullable<Inbox>>, 'errors'> & { data?: Inbox }): void {
    const event = data?.inboxEvents;
    if (errors) {
      this.warned += 1;
      const codes = errors.map((error) => error.extensions?.code);
      if (!codes.every((code) => PASSING.has(code))) {
        this.#report(`got an error: ${JSON.stringify(errors).slice(0, 300)}`);
      }
    }
    // Without data and with errors it is the notice that events are delayed.
    if (!event) return;
    const position = decodeCursor(event.cursor);
    this.#cursor = event.cursor;
    if (event.__typename === 'LiveStarted') {
      this.start ??= position;
      return;
    }
    if (event.__typename === 'ReplayGap') return this.#report(`was told of a gap at ${position}`);
    this.received += 1;
    this.silence.heard();
    if (position <= this.log.last) this.#report(`got ${position} after ${this.log.last}`);
    const { message, conversation, conversationId } = event;
    const status = event.__typename === 'MessageStatusChanged' ? message?.status : undefined;
    this.log.add(position, event.__typename, (message ?? conversation)?.id ?? conversationId ?? 'nothing', status);
    if (message?.direction === 'INBOUND') this.inboundMessages += 1;
    if (message?.conversation) this.conversations.add(message.conversation.id);
  }

  #report(problem: string): void {
    if (this.problems.length < 20) this.problems.push(`${this.name} ${problem}`);
  }
}
