import { setTimeout as delay } from 'node:timers/promises';
import type { GraphQLError } from 'graphql';
import type { Logger } from '@fenster/runtime';
import type { SourceEvent } from '../engine/engine.js';
import { SubscriptionRefusedError } from '../engine/subgraph-error.js';
import { backOffMs, type BackOff } from './back-off.js';
import type { Credentials } from '../credentials.js';
import type { LaneUpstream } from './lane.js';

/** Somebody whose credentials an upstream may use. */
export interface Sponsor {
  readonly credentials: Credentials;
  /** Its operation ends with these errors. */
  end(errors: readonly GraphQLError[]): void;
}

export interface UpstreamOptions {
  /** Subscribes from wherever the lane is. */
  subscribe(authorization: string, signal: AbortSignal): AsyncIterable<SourceEvent>;
  /** The best of those who are left. */
  sponsor(): Sponsor | undefined;
  /** The next event is asked for when this has resolved. */
  onEvent(event: SourceEvent): Promise<void> | undefined;
  /** It broke; it will be tried again. */
  onInterrupted(): void;
  /** It will never work. */
  onRefused(errors: readonly GraphQLError[]): void;
  /** The subgraph says that there is no more; undefined if that cannot be. */
  onComplete: (() => void) | undefined;
  /** Whether a change of sponsor is noticed by nobody. */
  isSeamless: boolean;
  backOff: BackOff;
  now: () => Date;
  log: Logger;
}

/** Keeps one subscription to a subgraph going: across its crashes, and across sponsors that leave or whose tokens end. */
export class Upstream implements LaneUpstream {
  readonly #options: UpstreamOptions;
  #sponsor: Sponsor | undefined;
  #attempt = new AbortController();
  #isStopped = false;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    // Not at once: whoever opens it must be seated first.
    queueMicrotask(() => void this.#run());
  }

  stop(): void {
    this.#isStopped = true;
    this.#attempt.abort();
  }

  /** Goes on with somebody else's credentials, or with this sponsor's new ones. */
  sponsorChanged(sponsor: Sponsor): void {
    if (this.#sponsor !== sponsor || this.#isStopped) return;
    this.#sponsor = undefined;
    this.#attempt.abort();
    if (!this.#options.isSeamless) this.#options.onInterrupted();
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isStopped) {
      const sponsor = this.#options.sponsor();
      if (!sponsor) return;
      const { authorization, expiresAt } = sponsor.credentials;
      this.#sponsor = sponsor;
      const attempt = (this.#attempt = new AbortController());
      let failure: unknown;
      try {
        for await (const event of this.#options.subscribe(authorization, attempt.signal)) {
          if (attempt.signal.aborted) break;
          failures = 0;
          const wanted = this.#options.onEvent(event);
          if (wanted) await Promise.race([wanted, aborted(attempt.signal)]);
        }
      } catch (error) {
        failure = error;
      }
      if (this.#isStopped) return;
      if (attempt.signal.aborted) continue;
      const hasTokenEnded = expiresAt <= this.#options.now();
      if (failure instanceof SubscriptionRefusedError && !(failure.isAboutToken && hasTokenEnded)) {
        if (!failure.isAboutToken) return this.#options.onRefused(failure.errors);
        sponsor.end(failure.errors);
        continue;
      }
      if (!failure && this.#options.onComplete) return this.#options.onComplete();
      if (!hasTokenEnded || !this.#options.isSeamless) {
        this.#options.log.warn({ err: failure, failures }, 'upstream subscription interrupted');
        this.#options.onInterrupted();
      }
      await delay(backOffMs(this.#options.backOff, failures++), undefined, { signal: attempt.signal }).catch(
        () => undefined,
      );
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
