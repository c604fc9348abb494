import { EventEmitter, on } from 'node:events';
import { GraphQLError } from 'graphql';
import { bearerToken, type Actor, type TokenVerifier } from '@fenster/auth';
import { decodeCursor, encodeCursor } from '@fenster/graphql/cursor';
import { SubgraphServer } from './subgraph-server.js';

const typeDefs = /* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@inaccessible"])
  scalar Cursor
  type Query {
    conversation(id: ID!): Conversation
    conversations(first: Int! = 50): ConversationPage!
    whoami: String!
    broken: String
    refused: String
  }
  type Mutation {
    say(text: String!): String!
  }
  type ConversationPage {
    nodes: [Conversation!]!
  }
  type Conversation @key(fields: "id") {
    id: ID!
    contact: Contact!
  }
  type Contact @key(fields: "id", resolvable: false) {
    id: ID!
  }
  type Message {
    id: ID!
    text: String!
    conversation: Conversation!
    maybeContact: Contact
  }
  interface InboxEvent {
    cursor: Cursor!
    audience: [ID!] @inaccessible
  }
  type MessageReceived implements InboxEvent {
    cursor: Cursor!
    audience: [ID!] @inaccessible
    message: Message!
  }
  type LiveStarted implements InboxEvent {
    cursor: Cursor!
    audience: [ID!] @inaccessible
  }
  type ReplayGap implements InboxEvent {
    cursor: Cursor!
    audience: [ID!] @inaccessible
  }
  type Typing {
    who: String!
  }
  interface CurrentState {
    asOf: Int!
  }
  type Presence implements CurrentState {
    asOf: Int!
    viewers: [String!]!
  }
  type Subscription {
    presence: Presence!
    inboxEvents(after: Cursor, queue: String, shared: Boolean @inaccessible): InboxEvent!
    typing: Typing!
  }
`;

interface InboxContext {
  actor: Actor | undefined;
  authorization: string | undefined;
}

interface InboxEvent {
  __typename: 'MessageReceived' | 'LiveStarted' | 'ReplayGap';
  cursor: string;
  audience?: string[];
  message?: {
    id: string;
    text: string;
    conversation: { id: string; contact: { id: string } };
    maybeContact: { id: string };
  };
}

/** Like conversation's subgraph: a log with a gapless sequence, replay by cursor, then live. The log outlives a crash, as a database does. */
export class InboxSubgraph {
  readonly server: SubgraphServer<InboxContext>;
  readonly #appended = new EventEmitter().setMaxListeners(0);
  readonly #log: { text: string; to: string | undefined }[] = [];
  /** Positions up to here are gone: whoever asks for older ones gets `ReplayGap`. */
  forgottenUpTo = 0;
  /** What `presence` begins with. */
  viewers: string[] = [];
  /** HTTP operations answered. */
  requests = 0;
  /** Running subscriptions. */
  subscribers = 0;
  /** Subscriptions ever started, with what the caller passed. */
  readonly started: { after: string | undefined; authorization: string | undefined }[] = [];
  /** Events that this subgraph resolved for subscribers, replays included. */
  eventsResolved = 0;
  /** When set, subscriptions are refused with this error code. */
  refuseWith: string | undefined;

  constructor(verifier: TokenVerifier) {
    this.server = new SubgraphServer<InboxContext>({
      typeDefs,
      context: async (authorization) => {
        const token = bearerToken(authorization);
        return { authorization, actor: token === undefined ? undefined : await verifier.verify(token) };
      },
      beforeHttp: async () => void this.requests++,
      resolvers: {
        Query: {
          conversation: (_: unknown, { id }: { id: string }) => ({ id, contact: { id: `contact-${id}` } }),
          conversations: (_: unknown, { first }: { first: number }) => ({
            nodes: Array.from({ length: first }, (__, index) => ({
              id: `${index}`,
              contact: { id: `contact-${index}` },
            })),
          }),
          whoami: (_: unknown, __: unknown, { actor }: InboxContext) => actor?.id ?? 'nobody',
          broken: () => {
            throw new Error('password=hunter2 at db.internal');
          },
          refused: () => {
            throw new GraphQLError('Conversation not found.', { extensions: { code: 'NOT_FOUND' } });
          },
        },
        Mutation: { say: (_: unknown, { text }: { text: string }) => (this.say(text), text) },
        Conversation: { __resolveReference: ({ id }: { id: string }) => ({ id, contact: { id: `contact-${id}` } }) },
        Message: {
          text: ({ text }: { text: string }) => {
            if (text === 'poison')
              throw new GraphQLError('This message cannot be shown.', { extensions: { code: 'UNREADABLE' } });
            return text;
          },
        },
        InboxEvent: { __resolveType: (event: InboxEvent) => event.__typename },
        Subscription: {
          inboxEvents: {
            subscribe: (_: unknown, args: { after?: string | null; shared?: boolean }, context: InboxContext) =>
              this.#subscribe(args.after ?? undefined, args.shared ? undefined : context.actor?.id, context),
            resolve: (event: InboxEvent) => event,
          },
          presence: {
            subscribe: (_: unknown, __: unknown, context: InboxContext) => this.#presence(context),
            resolve: (event: unknown) => event,
          },
          typing: {
            subscribe: (_: unknown, __: unknown, context: InboxContext) => this.#typing(context),
            resolve: (event: unknown) => event,
          },
        },
      },
    });
  }

  get position(): number {
    return this.#log.length;
  }

  /** Appends a message, for everybody or for one member; returns its position. */
  say(text: string, to?: string): number {
    this.#log.push({ text, to });
    this.#appended.emit('appended');
    return this.#log.length;
  }

  view(...viewers: string[]): void {
    this.viewers = viewers;
    this.#appended.emit('viewers');
  }

  type(who: string): void {
    this.#appended.emit('typing', { who });
  }

  #authorize(after: string | undefined, { actor, authorization }: InboxContext): void {
    if (this.refuseWith) throw new GraphQLError('Refused.', { extensions: { code: this.refuseWith } });
    if (!actor) throw new GraphQLError('Sign in.', { extensions: { code: 'UNAUTHENTICATED' } });
    this.started.push({ after, authorization });
  }

  #subscribe(after: string | undefined, reader: string | undefined, context: InboxContext): AsyncIterable<InboxEvent> {
    this.#authorize(after, context);
    return this.#counted((signal) => this.#inboxEvents(after, reader, signal));
  }

  /** Without a reader: for all, each event with its audience. */
  async *#inboxEvents(
    after: string | undefined,
    reader: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<InboxEvent> {
    const wakeUps = on(this.#appended, 'appended', { signal });
    let position = after === undefined ? this.position : decodeCursor(after);
    if (position < this.forgottenUpTo || position > this.position) {
      position = this.position;
      yield { __typename: 'ReplayGap', cursor: encodeCursor(position) };
    }
    const isFor = (at: number) => !reader || [undefined, reader].includes(this.#log[at - 1]!.to);
    while (position < this.position) if (isFor(++position)) yield this.#event(position);
    yield { __typename: 'LiveStarted', cursor: encodeCursor(position) };
    for (;;) {
      while (position < this.position) if (isFor(++position)) yield this.#event(position);
      await wakeUps.next();
    }
  }

  /** First what is, then what becomes of it. */
  #presence(context: InboxContext): AsyncIterable<unknown> {
    this.#authorize(undefined, context);
    return this.#counted(
      async function* (this: InboxSubgraph, signal: AbortSignal) {
        const changes = on(this.#appended, 'viewers', { signal });
        yield { asOf: 0, viewers: this.viewers };
        for await (const _ of changes) yield { asOf: 0, viewers: this.viewers };
      }.bind(this),
    );
  }

  #typing(context: InboxContext): AsyncIterable<unknown> {
    this.#authorize(undefined, context);
    return this.#counted(
      async function* (this: InboxSubgraph, signal: AbortSignal) {
        for await (const [event] of on(this.#appended, 'typing', { signal })) yield event as unknown;
      }.bind(this),
    );
  }

  /** Ends when its reader returns, though it be waiting for the next event. */
  #counted<T>(generate: (signal: AbortSignal) => AsyncGenerator<T>): AsyncIterable<T> {
    const abort = new AbortController();
    const generator = generate(abort.signal);
    this.subscribers++;
    abort.signal.addEventListener('abort', () => this.subscribers--);
    return {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          generator
            .next()
            .catch((error: unknown) =>
              abort.signal.aborted ? { done: true, value: undefined } : Promise.reject(error as Error),
            ),
        return: async () => {
          abort.abort();
          return { done: true, value: undefined };
        },
      }),
    };
  }

  #event(position: number): InboxEvent {
    this.eventsResolved++;
    const id = String(position);
    const contact = { id: `contact-${id}` };
    const { text, to } = this.#log[position - 1]!;
    return {
      __typename: 'MessageReceived',
      cursor: encodeCursor(position),
      ...(to !== undefined && { audience: [to] }),
      message: { id, text, conversation: { id, contact }, maybeContact: contact },
    };
  }
}
