import { setTimeout } from 'node:timers/promises';
import { isTransient, type Ctx } from '@fenster/database';
import { createPoller, type Poller } from '@fenster/runtime';
import { openCredentials } from '../channels/credentials.js';
import type { ProviderMedia } from '../media/provider-media.js';
import type { OutgoingMessage, ProviderCredentials } from '../providers/provider.js';
import type { Providers } from '../providers/providers.js';
import { afterAttempt, OWN_ERRORS, type NextStep } from './attempt.js';
import { claimDue, type ClaimedMessage } from './claim-due.js';
import { giveUpUnconfirmed, noteLeaving, recordStep, takeUpLost } from './outbound.commands.js';
import { filesIn, unsealRequest } from './outgoing.js';
import { tellDelayed } from './tell-delayed.js';

export interface SenderOptions {
  ctx: Ctx;
  providers: Providers;
  media: ProviderMedia;
  secretKey: Buffer;
  /** How many messages may be in flight, each of another thread. */
  concurrency: number;
  /** Longer than an attempt can take. */
  leaseMs: number;
  unconfirmedAfterMs: number;
  /** Finds what other processes queued, and what becomes due again. */
  pollMs: number;
}

/** Its `stop` resolves when the outcome of everything in flight is stored. */
export type Sender = Poller;

const RECORD_RETRY_MS = 250;
/** Of the margin of the lease: with the time-out of the attempt itself, it must not be longer than that. */
const FILE_PATIENCE_MS = 5_000;

/** Sends what is queued: threads in parallel, each thread in order. Any number of processes may do so at once. */
export function createSender(options: SenderOptions): Sender {
  const { ctx, providers, media, secretKey, concurrency, leaseMs, unconfirmedAfterMs, pollMs } = options;
  const inFlight = new Set<Promise<void>>();
  let isStopped = false;
  let lastSweep = -Infinity;

  const poller = createPoller({
    name: 'sending',
    everyMs: pollMs,
    log: ctx.log,
    async work() {
      const againAt = await sendDue();
      return againAt && Math.max(0, againAt.getTime() - ctx.now().getTime());
    },
  });

  /** Returns when there may be more to do than others will tell of. */
  async function sendDue(): Promise<Date | undefined> {
    if (performance.now() - lastSweep >= pollMs) {
      lastSweep = performance.now();
      await takeUpLost(ctx);
      await giveUpUnconfirmed(ctx, unconfirmedAfterMs);
      await tellDelayed(ctx);
    }
    const free = concurrency - inFlight.size;
    if (free === 0) return undefined;
    const { messages, againAt } = await claimDue(ctx, free, leaseMs);
    for (const message of messages) {
      const delivery = deliver(message).finally(() => {
        inFlight.delete(delivery);
        poller.wake();
      });
      inFlight.add(delivery);
    }
    return againAt;
  }

  async function deliver(message: ClaimedMessage): Promise<void> {
    const { step, wasAnswered } = await attempt(message);
    // The outcome is known here and nowhere else, so it is held on to until the database takes it.
    for (;;) {
      try {
        return await recordStep(ctx, message, step, wasAnswered);
      } catch (error) {
        ctx.log.warn({ err: error, messageId: message.id, outcome: step.kind }, 'cannot store the outcome of a send');
        // Left as it is, it ends as unconfirmed unless a status tells.
        if (isStopped || !isTransient(error)) return;
        await setTimeout(RECORD_RETRY_MS);
      }
    }
  }

  async function attempt(message: ClaimedMessage): Promise<{ step: NextStep; wasAnswered?: boolean }> {
    let outgoing: OutgoingMessage;
    let credentials: ProviderCredentials;
    try {
      outgoing = { ...unsealRequest(secretKey, message.id, message.request), messageId: message.id };
      credentials = openCredentials(secretKey, message);
    } catch (error) {
      ctx.log.error({ err: error, messageId: message.id }, 'a queued message cannot be opened');
      return { step: { kind: 'failed', error: OWN_ERRORS.unreadable } };
    }
    const files = await bringFiles(message, outgoing, credentials);
    if ('step' in files) return files;
    const outcome = await providers[message.channelKind].send({ ...outgoing, media: files.media }, credentials);
    return {
      step: afterAttempt(outcome, { number: message.attempts, queuedAt: message.queuedAt, now: ctx.now() }),
      wasAnswered: outcome.kind === 'accepted' || outcome.kind === 'rejected',
    };
  }

  /** The files have to be at the provider before the message. A large one takes its time, so the message comes again. */
  async function bringFiles(
    message: ClaimedMessage,
    { content }: OutgoingMessage,
    credentials: ProviderCredentials,
  ): Promise<{ media: Record<string, string> } | { step: NextStep; wasAnswered?: boolean }> {
    const { workspaceId, channelId, channelKind, attempts: number, queuedAt } = message;
    const mediaIds = filesIn(content);
    if (mediaIds.length === 0) return { media: {} };
    const patience = new AbortController();
    const resolved = await Promise.race([
      media.resolve({ workspaceId, channelId, channelKind, mediaIds, credentials }),
      setTimeout(FILE_PATIENCE_MS, undefined, { signal: patience.signal }),
    ]).finally(() => patience.abort());
    const now = ctx.now();
    if (!resolved) {
      const at = new Date(now.getTime() + FILE_PATIENCE_MS);
      return { step: { kind: 'retry', at, reason: 'its file is on its way', waitingFor: 'PROVIDER_BUSY' } };
    }
    if (resolved.kind === 'resolved') {
      const mayLeave = await noteLeaving(ctx, message).catch((error: unknown) => {
        ctx.log.warn({ err: error, messageId: message.id }, 'cannot store that a message leaves');
        return false;
      });
      if (mayLeave) return { media: Object.fromEntries(resolved.providerIds) };
      return { step: { kind: 'retry', at: now, reason: 'nothing of it has left', waitingFor: 'PROVIDER_BUSY' } };
    }
    const step = afterAttempt(resolved, { number, queuedAt, now });
    return resolved.kind === 'rejected' && resolved.reason !== 'file_gone' ? { step, wasAnswered: true } : { step };
  }

  return {
    start: poller.start,
    wake: poller.wake,
    async stop() {
      isStopped = true;
      await poller.stop();
      await Promise.all(inFlight);
    },
  };
}
