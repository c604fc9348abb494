import { once, EventEmitter } from 'node:events';
import type { FormattedExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Client, SubscribePayload } from 'graphql-ws';
import type { InboxEventData } from './documents.js';

/** One running subscription and all that came of it. */
export class Subscription {
  readonly client: Client;
  readonly results: FormattedExecutionResult[] = [];
  /** What ended it: the errors of an `error` message, a close event, or undefined after `complete`. */
  failure: unknown;
  hasEnded = false;
  readonly #changed = new EventEmitter();
  readonly #unsubscribe: () => void;

  constructor(client: Client, payload: SubscribePayload) {
    this.client = client;
    const end = (failure?: unknown) => {
      this.failure = failure;
      this.hasEnded = true;
      this.#changed.emit('change');
    };
    this.#unsubscribe = client.subscribe(payload, {
      next: (result) => {
        this.results.push(result as FormattedExecutionResult);
        this.#changed.emit('change');
      },
      error: end,
      complete: () => end(),
    });
  }

  /** Root values of the events, markers included, notices left out. */
  get events(): InboxEventData[] {
    return this.results.flatMap((result) =>
      result.data ? Object.values(result.data as Record<string, InboxEventData>) : [],
    );
  }

  get texts(): string[] {
    return this.events.flatMap((event) => (event.message ? [event.message.text] : []));
  }

  get notices(): GraphQLFormattedError[] {
    return this.results.flatMap((result) => (result.data === null ? (result.errors ?? []) : []));
  }

  get isLive(): boolean {
    return this.events.at(-1)?.__typename === 'LiveStarted';
  }

  /** Waits until the condition holds; fails with what there is when it does not within ten seconds. */
  async until(condition: (subscription: this) => boolean): Promise<this> {
    const timeout = AbortSignal.timeout(10_000);
    while (!condition(this)) {
      if (this.hasEnded && !condition(this))
        throw new Error(`It ended: ${JSON.stringify(this.failure)} after ${JSON.stringify(this.results)}`);
      try {
        await once(this.#changed, 'change', { signal: timeout });
      } catch {
        throw new Error(`The condition does not hold: ${condition.toString()} after ${JSON.stringify(this.results)}`);
      }
    }
    return this;
  }

  async untilEnded(): Promise<unknown> {
    if (!this.hasEnded)
      await once(this.#changed, 'change', { signal: AbortSignal.timeout(10_000) }).then(() => this.untilEnded());
    return this.failure;
  }

  stop(): void {
    this.#unsubscribe();
  }
}
