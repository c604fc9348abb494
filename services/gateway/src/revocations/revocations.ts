import { setTimeout as delay } from 'node:timers/promises';
import { apiKeyRevoked, envelope, memberAccessChanged, sessionEnded } from '@fenster/contracts';
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
        const revocations = messages.flatMap(({ data }) => toRevocations(data, log));
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

/** Whose tokens are void, by what identity says. */
const ID_IN = new Map([
  [keyOf(memberAccessChanged), (data: unknown) => memberAccessChanged.schema.parse(data).memberId],
  [keyOf(sessionEnded), (data: unknown) => sessionEnded.schema.parse(data).sessionId],
  [keyOf(apiKeyRevoked), (data: unknown) => apiKeyRevoked.schema.parse(data).apiKeyId],
]);

function keyOf({ name, version }: { name?: unknown; version?: unknown }): string {
  return `${String(name)} ${String(version)}`;
}

function toRevocations(data: Uint8Array, log: Logger): readonly Revocation[] {
  const events = ifReadable(log, () => [JSON.parse(Buffer.from(data).toString()) as unknown].flat());
  return events.flatMap((event) => ifReadable(log, () => toRevocation(event)));
}

function toRevocation(event: unknown): Revocation[] {
  const idIn = ID_IN.get(keyOf(event as object));
  if (!idIn) return [];
  const { data, recordedAt } = envelope.parse(event);
  return [{ of: idIn(data), at: new Date(recordedAt) }];
}

/** What nobody can read must not keep what comes with it or after it from its effect. */
function ifReadable<T>(log: Logger, read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch (error) {
    log.error({ err: error }, 'identity said something that cannot be read');
    return [];
  }
}
