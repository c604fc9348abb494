import type { NatsConnection } from '@fenster/messaging';
import { newId, tryParseJson, type Clock, type Logger } from '@fenster/runtime';
import { z } from 'zod';
import { PresenceMap, type PresenceEntry, type Sighting, type Viewer } from './presence-map.js';

/** Plain NATS, outside the subjects of every stream: nothing of this is stored anywhere. */
const BEATS = 'presence.v1.beat';
const STATE = 'presence.v1.state';
const ENTRIES_AT_ONCE = 500;
const SWEEP_MS = 250;
/** How long a process that starts waits for the others, and how long after the last one has answered. */
const ASK_MS = 1_000;
const QUIET_MS = 150;

/** Who is where, the same in every process of the service. */
export interface Presence {
  /** Somebody says where they are; `since` is kept while they stay there. */
  say(entry: Omit<PresenceEntry, 'since' | 'at'>): void;
  viewers(workspaceId: string, conversationId: string): Viewer[];
  isOnline(workspaceId: string, memberId: string): boolean;
  lastSeen(workspaceId: string, memberId: string): Date | undefined;
  watch(workspaceId: string, conversationId: string, onChange: () => void): () => void;
  /** Resolves when this process knows what the others know. */
  start(): Promise<void>;
  stop(): void;
}

const entrySchema = z.object({
  kind: z.enum(['viewing', 'typing']),
  workspaceId: z.uuid(),
  memberId: z.uuid(),
  place: z.string().max(200),
  conversationId: z.uuid().nullable(),
  since: z.number(),
  at: z.number(),
});
const sightingSchema = entrySchema.pick({ workspaceId: true, memberId: true, at: true });
const beatsSchema = z.object({
  from: z.string(),
  entries: z.array(entrySchema).default([]),
  sightings: z.array(sightingSchema).default([]),
});

export function createPresence({
  connection,
  now,
  log,
}: {
  connection: NatsConnection;
  now: Clock;
  log: Logger;
}): Presence {
  const map = new PresenceMap();
  const self = newId();
  const ends: (() => void)[] = [];
  let isStopped = false;

  const tell = (said: { entries?: readonly PresenceEntry[]; sightings?: readonly Sighting[] }) =>
    JSON.stringify({ from: self, entries: [], ...said });
  const hear = (text: string) => {
    const beats = beatsSchema.safeParse(tryParseJson(text));
    if (!beats.success) return log.warn('heard something of presence that it does not understand');
    if (beats.data.from === self) return;
    for (const entry of beats.data.entries) map.apply(entry, now());
    for (const sighting of beats.data.sightings) map.applySighting(sighting);
  };

  /** Beats may have been missed: the others know them. */
  async function ask(): Promise<void> {
    try {
      const options = { strategy: 'stall', maxWait: ASK_MS, stall: QUIET_MS } as const;
      for await (const answer of await connection.requestMany(STATE, tell({}), options)) {
        if (answer.data.length > 0) hear(answer.string());
      }
    } catch (error) {
      // The first one, or the broker is away: who is there says so again before long.
      log.debug({ err: error }, 'nobody to ask about presence');
    }
  }

  async function askWhenBack(): Promise<void> {
    for await (const { type } of connection.status()) {
      if (isStopped) return;
      if (type === 'reconnect') await ask();
    }
  }

  return {
    say(said) {
      const known = map.find(said, now());
      // Twice within a millisecond is still one after the other.
      const at = Math.max(now().getTime(), (known?.at ?? 0) + 1);
      const entry = { ...said, at, since: known?.conversationId === said.conversationId ? known.since : at };
      map.apply(entry, now());
      connection.publish(BEATS, tell({ entries: [entry] }));
    },
    viewers: (workspaceId, conversationId) => map.viewers(workspaceId, conversationId, now()),
    isOnline: (workspaceId, memberId) => map.isOnline(workspaceId, memberId, now()),
    lastSeen: (workspaceId, memberId) => map.lastSeen(workspaceId, memberId),
    watch: (workspaceId, conversationId, onChange) => map.watch(workspaceId, conversationId, onChange),
    async start() {
      const beats = connection.subscribe(BEATS, {
        callback: (error, message) =>
          error ? log.warn({ err: error }, 'presence is not heard') : hear(message.string()),
      });
      const sweeping = setInterval(() => map.sweep(now()), SWEEP_MS);
      ends.push(
        () => beats.unsubscribe(),
        () => clearInterval(sweeping),
      );
      // Subscribed before it asks: what is said meanwhile is heard twice, not missed.
      await connection.flush();
      await ask();
      const questions = connection.subscribe(STATE, {
        callback: (error, message) => {
          if (error || isFrom(self, message.string())) return;
          for (const entries of chunksOf(map.entries)) message.respond(tell({ entries }));
          for (const sightings of chunksOf(map.sightings)) message.respond(tell({ sightings }));
        },
      });
      ends.push(() => questions.unsubscribe());
      void askWhenBack();
    },
    stop() {
      isStopped = true;
      for (const end of ends) end();
    },
  };
}

function chunksOf<T>(all: readonly T[]): T[][] {
  const count = Math.ceil(all.length / ENTRIES_AT_ONCE);
  return Array.from({ length: count }, (_, index) => all.slice(index * ENTRIES_AT_ONCE, (index + 1) * ENTRIES_AT_ONCE));
}

function isFrom(self: string, text: string): boolean {
  return beatsSchema.safeParse(tryParseJson(text)).data?.from === self;
}
