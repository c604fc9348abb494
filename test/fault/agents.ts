import { setTimeout as delay } from 'node:timers/promises';
import { request, type GraphQLAnswer } from '../support/api-client.js';
import { backOff, waitFor } from './back-off.js';
import type { Random } from './random.js';
import type { Session } from './session.js';

const SEND = /* GraphQL */ `
  mutation Send($input: SendMessageInput!) {
    sendMessage(input: $input) {
      __typename
      ... on Message {
        id
        text
      }
      ... on UserError {
        code
      }
    }
  }
`;

/** What a reply may answer while something is away: try again with the same key. */
const PASSING = new Set<unknown>(['UNAVAILABLE', 'SUBGRAPH_UNAVAILABLE', 'SUBGRAPH_TIMEOUT']);
const REPEATED_SHARE = 0.2;

type Answer = GraphQLAnswer<{ sendMessage: { __typename: string; id?: string; text?: string; code?: string } } | null>;

export interface Reply {
  key: string;
  messageId: string;
  conversationId: string;
  text: string;
}

export interface AgentsOptions {
  graphqlUrl: string;
  sessions: readonly Session[];
  conversations: () => readonly string[];
  repliesPerSecond: number;
  random: Random;
}

/** Agents who answer now and then. A reply without an answer is sent again with its key until there is one. */
export class Agents {
  readonly replies: Reply[] = [];
  readonly problems: string[] = [];
  retries = 0;
  readonly #options: AgentsOptions;
  readonly #open = new Set<Promise<void>>();
  readonly #finishing = new AbortController();
  #isStopped = false;
  #begun = 0;
  #running: Promise<void> | undefined;

  constructor(options: AgentsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Begins nothing new; resolves when every reply has its answer. */
  async finish(withinMs: number): Promise<void> {
    this.#finishing.abort();
    await this.#running;
    await waitFor('every reply is answered', () => this.#open.size === 0, { withinMs });
  }

  /** Gives up what has no answer. */
  async stop(): Promise<void> {
    this.#finishing.abort();
    this.#isStopped = true;
    await this.#running;
    await Promise.all(this.#open);
  }

  async #run(): Promise<void> {
    const { repliesPerSecond, random, conversations } = this.#options;
    const { signal } = this.#finishing;
    while (!signal.aborted) {
      await delay((1_000 / repliesPerSecond) * (0.5 + random.next()), undefined, { signal }).catch(() => undefined);
      const known = conversations();
      if (known.length === 0 || signal.aborted) continue;
      const reply = this.#reply(random.pick(known)).finally(() => this.#open.delete(reply));
      this.#open.add(reply);
    }
  }

  async #reply(conversationId: string): Promise<void> {
    const { random, sessions } = this.#options;
    this.#begun += 1;
    const key = `reply-${this.#begun}`;
    const input = { conversationId, text: `Answer ${this.#begun}`, idempotencyKey: key };
    const session = sessions[this.#begun % sessions.length]!;
    const isRepeated = random.chance(REPEATED_SHARE);
    const messageId = await this.#send(session, input);
    if (messageId === undefined) return;
    this.replies.push({ key, messageId, conversationId, text: input.text });
    if (!isRepeated) return;
    const again = await this.#send(session, input);
    if (again !== messageId && !this.#isStopped)
      this.problems.push(`${key} made message ${messageId}, and repeated ${again}`);
  }

  async #send(session: Session, input: { idempotencyKey: string }): Promise<string | undefined> {
    for (let failures = 0; !this.#isStopped; failures += 1) {
      let answer: Answer | undefined;
      try {
        answer = await request<NonNullable<Answer['data']>>(this.#options.graphqlUrl, SEND, {
          token: await session.token(),
          variables: { input },
        });
      } catch {
        // The gateway is away, or died with the request.
      }
      const sent = answer?.data?.sendMessage;
      if (sent?.id !== undefined) return sent.id;
      if (answer && !answer.errors?.every((error) => PASSING.has(error.extensions?.code))) {
        this.problems.push(`${input.idempotencyKey} was answered ${JSON.stringify(answer).slice(0, 300)}`);
        return undefined;
      }
      this.retries += 1;
      await backOff(failures);
    }
    return undefined;
  }
}
