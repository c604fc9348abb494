import { isTransient, type Ctx } from '@fenster/database';
import { createPoller, type Poller } from '@fenster/runtime';
import { openCredentials } from '../channels/credentials.js';
import { keepContent, type ObjectStore, type Scanner } from '@fenster/object-store';
import type { Providers } from '../providers/providers.js';
import { afterFetch, type FetchOutcome } from './after-fetch.js';
import { claimMedia, recordFetch, sourceOf, type ClaimedMedia, type FetchStep } from './fetch-media.commands.js';
import { MAX_RECEIVED_BYTES } from './media.limits.js';

export interface FetcherOptions {
  ctx: Ctx;
  providers: Providers;
  store: ObjectStore;
  scanner: Scanner | undefined;
  secretKey: Buffer;
  /** How many files at a time. */
  concurrency: number;
  /** For one file. */
  timeoutMs: number;
  /** Finds what other processes queued, and what becomes due again. */
  pollMs: number;
}

/** How long an attempt may outlive its time-out on the way into the database. */
const LEASE_MARGIN_MS = 30_000;
const RECORD_RETRY_MS = 250;

/** Fetches what came with messages, before the provider forgets it. Any number of processes may do so at once. */
export function createFetcher(options: FetcherOptions): Poller {
  const { ctx, providers, store, scanner, secretKey, concurrency, timeoutMs, pollMs } = options;
  const inFlight = new Set<Promise<void>>();
  const stopping = new AbortController();

  const poller = createPoller({
    name: 'fetching files',
    everyMs: pollMs,
    log: ctx.log,
    async work() {
      const free = concurrency - inFlight.size;
      if (free === 0) return;
      for (const media of await claimMedia(ctx, free, timeoutMs + LEASE_MARGIN_MS)) {
        const fetching = fetchOne(media).finally(() => {
          inFlight.delete(fetching);
          poller.wake();
        });
        inFlight.add(fetching);
      }
    },
  });

  async function fetchOne(media: ClaimedMedia): Promise<void> {
    const outcome = await attempt(media);
    if (outcome.kind === 'broken' || outcome.kind === 'failed') {
      const reason = outcome.kind === 'failed' ? outcome.reason : undefined;
      const err = outcome.kind === 'broken' ? outcome.error : undefined;
      ctx.log.warn({ err, reason, mediaId: media.id, attempt: media.attempts }, 'a file could not be fetched');
    }
    // Nothing went wrong but that this process ends: another one goes on at once.
    const step: FetchStep =
      stopping.signal.aborted && outcome.kind !== 'kept'
        ? { kind: 'retry', at: ctx.now() }
        : afterFetch(outcome, { number: media.attempts, expiresAt: media.expiresAt, now: ctx.now() });
    const isRecorded = await record(media, step);
    if (!isRecorded && outcome.kind === 'kept') await store.delete(media.objectKey);
  }

  /** False if it belongs to nothing any more, and so does what was stored. */
  async function record(media: ClaimedMedia, step: FetchStep): Promise<boolean> {
    for (;;) {
      try {
        return await recordFetch(ctx, media, step, secretKey);
      } catch (error) {
        ctx.log.warn({ err: error, mediaId: media.id, outcome: step.kind }, 'cannot record what became of a file');
        // Its lease ends, and then it is fetched again; what was stored under its present name is removed by that.
        if (stopping.signal.aborted || !isTransient(error)) return true;
        await new Promise((resolve) => setTimeout(resolve, RECORD_RETRY_MS));
      }
    }
  }

  async function attempt(media: ClaimedMedia): Promise<FetchOutcome> {
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), stopping.signal]);
    try {
      const credentials = openCredentials(secretKey, media);
      const { providerMediaId } = sourceOf(media, secretKey);
      const fetched = await providers[media.channelKind].fetchMedia(providerMediaId, credentials, signal);
      if (fetched.kind !== 'content') return fetched;
      try {
        const kept = await keepContent(fetched.content, {
          store,
          scanner,
          objectKey: media.objectKey,
          maxBytes: MAX_RECEIVED_BYTES,
          sizeBytes: fetched.sizeBytes,
          sha256: media.sha256 ?? fetched.sha256,
        });
        return { kind: 'kept', kept, mimeType: fetched.mimeType };
      } finally {
        fetched.content.destroy();
      }
    } catch (error) {
      return { kind: 'broken', error };
    }
  }

  return {
    start: poller.start,
    wake: poller.wake,
    async stop() {
      stopping.abort();
      await poller.stop();
      await Promise.all(inFlight);
    },
  };
}
