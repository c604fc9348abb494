import { streamOf, type Envelope, type EventData, type EventDefinition } from '@fenster/contracts';
import {
  ensureStream,
  readStream,
  streamState,
  whenRenewed,
  type NatsConnection,
  type StreamMessage,
} from '@fenster/messaging';
import { createPace, newId, traced, type Clock, type Logger } from '@fenster/runtime';
import { array } from './array-parameter.js';
import { sql, type Database } from './database.js';
import { parseEnvelope } from './event-log.js';
import { transact, type Ctx, type Origin, type Tx } from './transact.js';
import { isTransient } from './transient.js';
import { waitForAbort } from './wait.js';

/** All new events of one kind in a batch, in order. Their inbox rows are already in the transaction. */
export type BatchHandler<D extends EventDefinition> = (
  tx: Tx,
  events: readonly Envelope<EventData<D>>[],
) => Promise<void>;

export interface Subscription {
  readonly event: EventDefinition;
  readonly handle: BatchHandler<EventDefinition>;
}

export function on<D extends EventDefinition>(event: D, handle: BatchHandler<D>): Subscription {
  return { event, handle: handle as BatchHandler<EventDefinition> };
}

export interface ConsumerDefinition {
  /** `<consuming service>-<what it does>`; the key of its position and of its inbox rows. */
  readonly name: string;
  /** Subject filter, within one producer's stream: `channels.>`. */
  readonly filter: string;
  /** Handled in this order within a batch. Other events of the filter are passed over. */
  readonly subscriptions: readonly Subscription[];
  /** Handled alone: after all that came before it, whatever it is, and before all that came after it. */
  readonly barrier?: EventDefinition | undefined;
  /**
   * The least milliseconds from one batch to the next, where nobody waits for each effect: what a batch costs is paid
   * less often. Not after a full batch, and not after a rest. 10 by default.
   */
  readonly paceMs?: number;
}

/** One consumer reads one stream; write a definition per file and list them in `consumers.ts`. */
export function defineConsumer(definition: ConsumerDefinition): ConsumerDefinition {
  return definition;
}

export interface ConsumerOptions {
  definition: ConsumerDefinition;
  database: Database;
  connection: NatsConnection;
  now: Clock;
  log: Logger;
  wakeRelay: Ctx['wakeRelay'];
}

export interface Consumer {
  start(): void;
  stop(): Promise<void>;
}

const MAX_MESSAGES = 200;
const PACE_MS = 10;
const RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;

/**
 * Exactly one effect: the batch's effects, its inbox rows and the new position commit together, so a crash leaves
 * either all or nothing of it and reading goes on where the commit ended. Faults of the infrastructure are tried
 * again without moving on; an event that itself cannot be handled goes to `dead_letter` and lets the rest pass.
 */
export function createConsumer({ definition, database, connection, now, log, wakeRelay }: ConsumerOptions): Consumer {
  const stopped = new AbortController();
  const stream = streamOf(definition.filter);
  const ctx: Omit<Ctx, 'origin'> = { database, now, log, wakeRelay };
  // What comes meanwhile shares a transaction; alone, an event costs twenty times as much as among many.
  const pace = createPace(definition.paceMs ?? PACE_MS);
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    let delay = RETRY_MS;
    while (!stopped.signal.aborted) {
      try {
        await ensureStream(connection, stream);
        const { created, last } = await streamState(connection, stream);
        const position = await loadPosition(database, definition.name, created, last);
        const renewed = whenRenewed(connection, stream, created);
        try {
          for await (const messages of readStream(connection, {
            stream,
            filter: definition.filter,
            start: { after: position },
            maxBatch: MAX_MESSAGES,
            signal: AbortSignal.any([stopped.signal, renewed.signal]),
          })) {
            await handleMessages(ctx, definition, created, messages);
            delay = RETRY_MS;
            if (messages.length < MAX_MESSAGES) await pace();
          }
        } finally {
          renewed.stop();
        }
      } catch (error) {
        if (stopped.signal.aborted) return;
        log.warn({ err: error, consumer: definition.name }, 'consumer will try again');
      }
      await waitForAbort(stopped.signal, delay);
      delay = Math.min(delay * 2, MAX_RETRY_MS);
    }
  }

  return {
    start() {
      running ??= run();
    },
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

/** A stream that was made anew, or lost its end, is read from its beginning; the inbox sorts out what is known. */
async function loadPosition(database: Database, consumer: string, created: string, last: number): Promise<number> {
  const { rows } = await sql<{ stream_created: string; position: string }>`
    select stream_created, position from consumer_position where consumer = ${consumer}
  `.execute(database.system().getKysely());
  const row = rows[0];
  return row && row.stream_created === created && Number(row.position) <= last ? Number(row.position) : 0;
}

type Parsed = { ok: true; envelope: Envelope } | { ok: false; payload: string; reason: string };

async function handleMessages(
  ctx: Omit<Ctx, 'origin'>,
  definition: ConsumerDefinition,
  created: string,
  messages: readonly StreamMessage[],
): Promise<void> {
  const position = messages.at(-1)!.position;
  const parsed = messages.flatMap((message) => parseMessage(message.data, definition));
  try {
    const links = parsed.map((item) => (item.ok ? item.envelope.traceparent : undefined));
    await traced(definition.name, { kind: 'consumer', links }, async () => {
      const parts = splitAt(parsed, definition.barrier);
      for (const [index, part] of parts.entries()) {
        const isLast = index === parts.length - 1;
        await handleBatch(ctx, definition, part, { created, position: isLast ? position : undefined });
      }
    });
  } catch (error) {
    if (isTransient(error)) throw error;
    // Somewhere in the batch is a poison event: one transaction each finds it.
    for (const [index, item] of parsed.entries()) {
      const isLast = index === parsed.length - 1;
      await handleAlone(ctx, definition, item, { created, position: isLast ? position : undefined });
    }
  }
}

/** One part, also of nothing, unless there is a barrier in it. */
function splitAt(items: readonly Parsed[], barrier: EventDefinition | undefined): Parsed[][] {
  const parts: Parsed[][] = [[]];
  for (const item of items) {
    const isBarrier = item.ok && barrier !== undefined && item.envelope.name === barrier.name;
    if (isBarrier) parts.push([item], []);
    else parts.at(-1)!.push(item);
  }
  return parts;
}

async function handleAlone(
  ctx: Omit<Ctx, 'origin'>,
  definition: ConsumerDefinition,
  item: Parsed,
  at: { created: string; position: number | undefined },
): Promise<void> {
  try {
    await handleBatch(ctx, definition, [item], at);
  } catch (error) {
    if (isTransient(error) || !item.ok) throw error;
    ctx.log.error(
      { err: error, consumer: definition.name, eventId: item.envelope.id },
      'event goes to the dead letters',
    );
    const reason =
      error instanceof Error
        ? `${error.name}: ${(error as { code?: string }).code ?? 'could not be handled'}`
        : 'unknown';
    await handleBatch(ctx, definition, [{ ok: false, payload: JSON.stringify(item.envelope), reason }], at);
  }
}

async function handleBatch(
  ctx: Omit<Ctx, 'origin'>,
  definition: ConsumerDefinition,
  items: readonly Parsed[],
  at: { created: string; position: number | undefined },
): Promise<void> {
  await transact(
    { ...ctx, origin: { actor: { kind: 'system', id: definition.name }, correlationId: definition.name } },
    async (tx) => {
      if (at.position !== undefined) await savePosition(tx, definition.name, at.created, at.position);
      await storeDeadLetters(tx, definition.name, items);
      const envelopes = items.filter((item) => item.ok).map((item) => item.envelope);
      const fresh = await enterInbox(tx, definition.name, envelopes);
      for (const { event, handle } of definition.subscriptions) {
        const events = fresh.filter((received) => received.name === event.name && received.version === event.version);
        if (events.length > 0) await handle(tx, events);
      }
    },
  );
}

function parseMessage(data: Uint8Array, definition: ConsumerDefinition): Parsed[] {
  const text = Buffer.from(data).toString();
  let elements: unknown;
  try {
    elements = JSON.parse(text);
  } catch {
    return [{ ok: false, payload: text, reason: 'not JSON' }];
  }
  return (Array.isArray(elements) ? elements : [elements]).flatMap((element): Parsed[] => {
    // Most of a wide filter is for others: what is passed over is not worth a look inside.
    const { name } = (element ?? {}) as { name?: unknown };
    if (typeof name === 'string' && !definition.subscriptions.some(({ event }) => event.name === name)) return [];
    try {
      const received = parseEnvelope(element);
      const wanted = definition.subscriptions.find(
        ({ event }) => event.name === received.name && event.version === received.version,
      );
      if (!wanted) return [];
      received.data = wanted.event.schema.parse(received.data);
      return [{ ok: true, envelope: received }];
    } catch {
      return [{ ok: false, payload: JSON.stringify(element), reason: 'does not fit the schema of its event' }];
    }
  });
}

/**
 * Takes the row lock that makes instances of one consumer take turns. Each reads everything in order, and the
 * inbox leaves an event to whoever commits it first, so order holds with any number of them.
 */
async function savePosition(tx: Tx, consumer: string, created: string, position: number): Promise<void> {
  await sql`/* prepared */ /* ahead */
    insert into consumer_position (consumer, stream_created, position) values (${consumer}, ${created}, ${position})
    on conflict (consumer) do update set stream_created = excluded.stream_created, position = case
      when consumer_position.stream_created = excluded.stream_created
      then greatest(consumer_position.position, excluded.position) else excluded.position end
  `.execute(tx.sql);
}

async function enterInbox(tx: Tx, consumer: string, envelopes: readonly Envelope[]): Promise<Envelope[]> {
  if (envelopes.length === 0) return [];
  const { rows } = await sql<{ event_id: string }>`/* prepared */
    insert into inbox (consumer, event_id)
    select ${consumer}, id from unnest(${array('uuid', envelopes, (received) => received.id)}) as id
    on conflict do nothing returning event_id
  `.execute(tx.sql);
  const fresh = new Set(rows.map((row) => row.event_id));
  // `delete` makes a second copy within the same batch count as known.
  return envelopes.filter((received) => fresh.delete(received.id));
}

async function storeDeadLetters(tx: Tx, consumer: string, items: readonly Parsed[]): Promise<void> {
  for (const item of items) {
    if (item.ok) continue;
    const known = /"workspaceId":"([0-9a-f-]{36})"/.exec(item.payload)?.[1] ?? null;
    await sql`
      insert into dead_letter (id, workspace_id, source, payload, reason)
      values (${newId()}, ${known}::uuid, ${consumer}, ${item.payload}, ${item.reason})
    `.execute(tx.sql);
  }
}

/** The origin of what a handler emits because of `received`. */
export function causedBy(received: Envelope, consumer: string): Origin {
  return { actor: { kind: 'system', id: consumer }, correlationId: received.correlationId, causationId: received.id };
}
