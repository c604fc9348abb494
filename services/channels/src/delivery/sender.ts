import { isTransient, type Ctx } from '@fenster/database';
import { createWaker, unseal } from '@fenster/runtime';
import { accessTokenContext } from '../channels/channel.commands.js';
import type { OutgoingMessage, Provider, ProviderCredentials } from '../providers/provider.js';
import { afterAttempt, OWN_ERRORS, type NextStep } from './attempt.js';
import { claimDue, giveUpUnconfirmed, recordStep, type ClaimedMessage } from './outbound.commands.js';
import { unsealRequest } from './outgoing.js';

export interface SenderOptions {
  ctx: Ctx;
  provider: Provider;
  secretKey: Buffer;
  /** How many messages may be in flight, each of another thread. */
  concurrency: number;
  /** Longer than an attempt can take. */
  leaseMs: number;
  unconfirmedAfterMs: number;
  /** Finds what other processes queued, and what becomes due again. */
  pollMs: number;
}

export interface Sender {
  start(): void;
  /** There may be something to send. */
  wake(): void;
  /** Begins nothing new, and resolves when the outcome of everything in flight is stored. */
  stop(): Promise<void>;
}

const RECORD_RETRY_MS = 250;

/** Sends what is queued: threads in parallel, each thread in order. Any number of processes may do so at once. */
export function createSender(options: SenderOptions): Sender {
  const { ctx, provider, secretKey, concurrency, leaseMs, unconfirmedAfterMs, pollMs } = options;
  const inFlight = new Set<Promise<void>>();
  let isStopped = false;
  const waker = createWaker();
  let running: Promise<void> | undefined;
  let lastSweep = -Infinity;

  async function run(): Promise<void> {
    while (!isStopped) {
      try {
        await work();
      } catch (error) {
        ctx.log.warn({ err: error }, 'the sender will try again');
      }
      if (!isStopped) await waker.rest(pollMs);
    }
  }

  async function work(): Promise<void> {
    if (performance.now() - lastSweep >= pollMs) {
      lastSweep = performance.now();
      await giveUpUnconfirmed(ctx, unconfirmedAfterMs);
    }
    const free = concurrency - inFlight.size;
    if (free === 0) return;
    for (const message of await claimDue(ctx, free, leaseMs)) {
      const delivery = deliver(message).finally(() => {
        inFlight.delete(delivery);
        waker.wake();
      });
      inFlight.add(delivery);
    }
  }

  async function deliver(message: ClaimedMessage): Promise<void> {
    const step = await attempt(message);
    // The outcome is known here and nowhere else, so it is held on to until the database takes it.
    for (;;) {
      try {
        return await recordStep(ctx, message, step);
      } catch (error) {
        ctx.log.warn({ err: error, messageId: message.id, outcome: step.kind }, 'cannot store the outcome of a send');
        // Left as it is, it ends as unconfirmed unless a status tells.
        if (isStopped || !isTransient(error)) return;
        await new Promise((resolve) => setTimeout(resolve, RECORD_RETRY_MS));
      }
    }
  }

  async function attempt(message: ClaimedMessage): Promise<NextStep> {
    let outgoing: OutgoingMessage;
    let credentials: ProviderCredentials;
    try {
      outgoing = { ...unsealRequest(secretKey, message.id, message.request), messageId: message.id };
      const { apiBaseUrl, apiVersion, phoneNumberId } = message;
      const accessToken = unseal(secretKey, message.accessToken, accessTokenContext(message.channelId));
      credentials = { apiBaseUrl, apiVersion, phoneNumberId, accessToken };
    } catch (error) {
      ctx.log.error({ err: error, messageId: message.id }, 'a queued message cannot be opened');
      return { kind: 'failed', error: OWN_ERRORS.unreadable };
    }
    const outcome = await provider.send(outgoing, credentials);
    return afterAttempt(outcome, { number: message.attempts, queuedAt: message.queuedAt, now: ctx.now() });
  }

  return {
    start() {
      running ??= run();
    },
    wake: waker.wake,
    async stop() {
      isStopped = true;
      waker.wake();
      await running;
      await Promise.all(inFlight);
    },
  };
}
