import { setTimeout as delay } from 'node:timers/promises';
import { apiKeyRevoked, envelope, isEvent, memberAccessChanged, sessionEnded, type Envelope } from '@fenster/contracts';
import { ensureStream, readStream, whenRenewed, type NatsConnection } from '@fenster/messaging';
import type { Actor } from '@fenster/auth';
import type { Clock, Logger } from '@fenster/runtime';
import { RevocationList, type Revocation } from './revocation-list.js';

/** The longest that identity lets an access token live. */
const LONGEST_TOKEN_MS = 3_600_000;
const STREAM = 'identity';
const RETRY_MS = 250;
const MAX_BATCH = 500;

export interface Revocations {
  isRevoked(actor: Actor): boolean;
  /** Called whenever tokens may have become void. */
  onChange(listener: () => void): void;
  /** Resolves when all that was revoked before is known; until then nobody must be let in. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Follows what identity says about rights and sessions, from as long ago as a token may live: the gateway has no database, and
 * knows after a restart what it knew before. Without NATS it goes on with what it knows; tokens are short.
 */
export function followRevocations(connection: NatsConnection, now: Clock, log: Logger): Revocations {
  const list = new RevocationList(LONGEST_TOKEN_MS);
  const stopped = new AbortController();
  const listeners = new Set<() => void>();
  const caughtUp = Promise.withResolvers<void>();
  let running: Promise<void> | undefined;

  async function follow(): Promise<void> {
    const { created, state } = await ensureStream(connection, STREAM);
    const since = new Date(now().getTime() - LONGEST_TOKEN_MS);
    if (state.messages === 0 || new Date(state.last_ts) < since) caughtUp.resolve();
    const renewed = whenRenewed(connection, STREAM, created);
    try {
      for await (const messages of readStream(connection, {
        stream: STREAM,
        filter: `${STREAM}.>`,
        start: { since },
        maxBatch: MAX_BATCH,
        signal: AbortSignal.any([stopped.signal, renewed.signal]),
      })) {
        const revocations = messages.flatMap(({ data }) => toEnvelopes(data).flatMap(toRevocation));
        for (const revocation of revocations) list.add(revocation);
        list.prune(now());
        if (revocations.length > 0) for (const listener of listeners) listener();
        if (messages.at(-1)!.position >= state.last_seq) caughtUp.resolve();
      }
    } finally {
      renewed.stop();
    }
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        await follow();
      } catch (error) {
        if (!stopped.signal.aborted) log.warn({ err: error }, 'revocations cannot be followed at present');
      }
      await delay(RETRY_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  }

  return {
    isRevoked: (actor) => list.isRevoked(actor),
    onChange: (listener) => void listeners.add(listener),
    start() {
      running ??= run();
      return caughtUp.promise;
    },
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

function toEnvelopes(data: Uint8Array): Envelope[] {
  const parsed: unknown = JSON.parse(Buffer.from(data).toString());
  return (Array.isArray(parsed) ? parsed : [parsed]).map((each) => envelope.parse(each) as Envelope);
}

function toRevocation(received: Envelope): Revocation[] {
  const at = new Date(received.recordedAt);
  if (isEvent(received, memberAccessChanged)) return [{ of: received.data.memberId, at }];
  if (isEvent(received, sessionEnded)) return [{ of: received.data.sessionId, at }];
  if (isEvent(received, apiKeyRevoked)) return [{ of: received.data.apiKeyId, at }];
  return [];
}
