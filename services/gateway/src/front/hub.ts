import type { GraphQLError } from 'graphql';
import { decodeCursor, encodeCursor } from '@fenster/graphql/cursor';
import { DomainError, type Logger } from '@fenster/runtime';
import type { Engine } from '../engine/engine.js';
import type { PreparedOperation } from '../operation/operations.js';
import { codedError, type FormatResult } from '../operation/results.js';
import type { SubscriptionPlan } from '../operation/subscription-plan.js';
import type { BackOff } from './back-off.js';
import { Group } from './group.js';
import { toLaneEvent } from './lane-event.js';
import type { Lane, LaneUpstream, Recipient, Seat } from './lane.js';
import { stableStringify } from './stable-stringify.js';
import { Upstream, type Sponsor } from './upstream.js';

/** One subscription of one socket. */
export interface Subscriber extends Recipient, Sponsor {
  complete(): void;
}

/** A subscriber's way to say that something about it has changed. */
export interface Membership {
  /** It has had everything up to here. */
  readonly position: number | undefined;
  leave(): void;
  /** Its socket has room again. */
  drained(): void;
  /** Its credentials are others, with the same rights. */
  renewed(): void;
}

export interface HubOptions {
  engine: Engine;
  format: FormatResult;
  ring: { maxEntries: number; maxBytes: number };
  backOff: BackOff;
  now: () => Date;
  log: Logger;
}

/** Executes equal subscriptions once for all who have equal rights. */
export class Hub {
  readonly #options: HubOptions;
  readonly #groups = new Map<string, SharedSubscription>();

  constructor(options: HubOptions) {
    this.#options = options;
  }

  get groupCount(): number {
    return this.#groups.size;
  }

  /**
   * `from` is a position that the subscriber is known to have, instead of its document's `after`.
   *
   * @throws GraphQLError BAD_USER_INPUT if `after` is not a cursor.
   */
  join(
    subscriber: Subscriber,
    operation: PreparedOperation & { subscription: SubscriptionPlan },
    from?: number,
  ): Membership {
    const plan = operation.subscription;
    const position = from ?? positionOf(plan.after(operation.variables));
    // Rights come first: bytes of one group never reach somebody with other rights.
    const key = stableStringify([
      this.#options.engine.tellsAudience(plan) ? subscriber.credentials.sharedRights : subscriber.credentials.rights,
      plan.key,
      operation.operationName ?? null,
      plan.sharedVariables(operation.variables),
    ]);
    const shared = this.#groups.get(key) ?? this.#open(key, operation);
    return shared.join(subscriber, position);
  }

  #open(key: string, operation: PreparedOperation & { subscription: SubscriptionPlan }): SharedSubscription {
    const shared = new SharedSubscription(this.#options, operation, () => {
      if (this.#groups.get(key) === shared) this.#groups.delete(key);
    });
    this.#groups.set(key, shared);
    return shared;
  }
}

/** One group with what keeps it fed. */
class SharedSubscription {
  readonly #options: HubOptions;
  readonly #operation: PreparedOperation;
  readonly #plan: SubscriptionPlan;
  readonly #group: Group<Subscriber>;
  readonly #upstreams = new Set<Upstream>();
  readonly #onEmpty: () => void;

  constructor(
    options: HubOptions,
    operation: PreparedOperation & { subscription: SubscriptionPlan },
    onEmpty: () => void,
  ) {
    this.#options = options;
    this.#operation = operation;
    this.#plan = operation.subscription;
    this.#onEmpty = onEmpty;
    this.#group = new Group<Subscriber>({
      isResumable: this.#plan.isResumable,
      isState: this.#plan.isState,
      ring: options.ring,
      notice: noticeOf(this.#plan, options.format),
      open: (lane) => this.#open(lane),
    });
  }

  join(subscriber: Subscriber, position: number | undefined): Membership {
    const group = this.#group;
    const seat = group.join(subscriber, position);
    return {
      get position() {
        return seat.position;
      },
      leave: () => this.#leave(seat),
      drained: () => group.drained(seat),
      renewed: () => this.#sponsorChanged(subscriber),
    };
  }

  #leave(seat: Seat<Subscriber>): void {
    this.#group.leave(seat);
    if (this.#group.isEmpty) this.#onEmpty();
    else this.#sponsorChanged(seat.recipient);
  }

  #sponsorChanged(sponsor: Sponsor): void {
    for (const upstream of this.#upstreams) upstream.sponsorChanged(sponsor);
  }

  #open(lane: Lane<Subscriber>): LaneUpstream {
    const { engine, format, backOff, now, log } = this.#options;
    const { document, sourceDocument, isResumable, isState } = this.#plan;
    const { operationName, variables } = this.#operation;
    const upstream = new Upstream({
      subscribe: (authorization, signal) => {
        const after = lane.position === undefined ? undefined : encodeCursor(lane.position);
        return engine.subscribe({
          document,
          sourceDocument,
          operationName,
          variables: this.#plan.variablesFor(variables, after),
          authorization,
          signal,
        });
      },
      sponsor: () => this.#bestSponsor(),
      onEvent: (event) => {
        this.#group.accept(lane, toLaneEvent(this.#plan, event, format));
        return lane.whenWanted();
      },
      onInterrupted: () => this.#group.interrupt(lane),
      onRefused: (errors) => this.#end((subscriber) => subscriber.end(errors)),
      onComplete: isResumable ? undefined : () => this.#end((subscriber) => subscriber.complete()),
      isSeamless: isResumable || isState,
      backOff,
      now,
      log,
    });
    this.#upstreams.add(upstream);
    return {
      stop: () => {
        this.#upstreams.delete(upstream);
        upstream.stop();
      },
    };
  }

  /** The one whose token lasts longest, so that changes are rare. */
  #bestSponsor(): Subscriber | undefined {
    let best: Subscriber | undefined;
    for (const { recipient } of this.#group.seats) {
      if (!best || recipient.credentials.expiresAt > best.credentials.expiresAt) best = recipient;
    }
    return best;
  }

  #end(tell: (subscriber: Subscriber) => void): void {
    for (const seat of [...this.#group.seats]) {
      this.#group.leave(seat);
      tell(seat.recipient);
    }
    this.#onEmpty();
  }
}

function positionOf(after: unknown): number | undefined {
  if (after === undefined || after === null) return undefined;
  if (typeof after !== 'string') throw codedError('BAD_USER_INPUT', '"after" must be a string.');
  try {
    return decodeCursor(after);
  } catch (error) {
    if (error instanceof DomainError) throw codedError('BAD_USER_INPUT', `"after" ${error.message}`);
    throw error;
  }
}

function noticeOf(plan: SubscriptionPlan, format: FormatResult): Buffer {
  const error: GraphQLError =
    plan.isResumable || plan.isState
      ? codedError('SUBGRAPH_UNAVAILABLE', 'Events are delayed: a service is not available. Nothing will be missing.', {
          retrying: true,
        })
      : codedError('EVENTS_MAY_BE_MISSING', 'Events may be missing: a service was not available.', { retrying: true });
  return Buffer.from(JSON.stringify(format({ data: null, errors: [error] })));
}
