import type { ActorRef, EventData, EventDefinition } from '@fenster/contracts';
import type { Clock, Logger } from '@fenster/runtime';
import { recordAudit, type Audit, type ReadNotes } from './audit.js';
import type { Database, EntityManager, Sql } from './database.js';
import { appendToOutbox, toOutboxRow, type Appended, type EmitOptions, type OutboxRow } from './outbox.js';
import { isConflict } from './transient.js';

/** On whose behalf something happens, and what set it off. */
export interface Origin {
  actor: ActorRef;
  correlationId: string;
  causationId?: string;
  /** For the audit log, as far as known: under which session, and from where. */
  sessionId?: string;
  clientAddress?: string;
  userAgent?: string;
}

/** What a command needs; requests and consumers both have it. */
export interface Ctx {
  readonly database: Database;
  /** The tenant whose rows are visible; absent for work across tenants. */
  readonly workspaceId?: string;
  readonly origin: Origin;
  readonly now: Clock;
  readonly log: Logger;
  /** Called after a commit that emitted, so that the relay need not wait for its next poll nor read what is known. */
  readonly wakeRelay: (appended: readonly Appended[]) => void;
  /** Where `auditRead` writes; absent where nobody reads. */
  readonly reads?: ReadNotes | undefined;
}

/** For what tenants share, on behalf of who asks: rights are checked before, and rows are named by their workspace. */
export function acrossTenants({ database, origin, now, log, wakeRelay }: Ctx): Ctx {
  return { database, origin, now, log, wakeRelay };
}

/** Code that writes or emits takes a Tx, so that it cannot run outside a transaction. */
export interface Tx {
  readonly em: EntityManager;
  readonly sql: Sql;
  readonly workspaceId: string | undefined;
  readonly origin: Origin;
  readonly log: Logger;
  now(): Date;
  /** Validates now; stored with the transaction and published after it. @throws ZodError for data off the schema. */
  emit<D extends EventDefinition>(event: D, options: EmitOptions<EventData<D>>): void;
  /** For every change that somebody makes. Never for what the event path does by itself, such as an inbound webhook. */
  audit: Audit;
  /** Runs once the transaction is durable, and not at all if it fails: to wake what works on its rows. */
  afterCommit(wake: () => void): void;
}

const ATTEMPTS = 5;

/**
 * The only opener of transactions. State and events are stored together; the events get their place in the
 * workspace's log as the last statement, which brings the commit with it: the counter row is locked no longer.
 * A serialization failure or deadlock runs `work` again, up to five times.
 */
export async function transact<T>(ctx: Ctx, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptOnce(ctx, work);
    } catch (error) {
      if (attempt >= ATTEMPTS || !isConflict(error)) throw error;
    }
  }
}

async function attemptOnce<T>(ctx: Ctx, work: (tx: Tx) => Promise<T>): Promise<T> {
  const parent = ctx.workspaceId === undefined ? ctx.database.system() : ctx.database.forTenant(ctx.workspaceId);
  const emitted: OutboxRow[] = [];
  let appended: readonly Appended[] = [];
  const wakes: (() => void)[] = [];
  const result = await parent.transactional(async (em) => {
    const scoped = em as EntityManager;
    const tx: Tx = {
      em: scoped,
      sql: scoped.getKysely() as Sql,
      workspaceId: ctx.workspaceId,
      origin: ctx.origin,
      log: ctx.log,
      now: ctx.now,
      emit: (event, options) => emitted.push(toOutboxRow(event, options, tx)),
      audit: (input) => recordAudit(tx, ctx.database.service, input),
      afterCommit: (wake) => wakes.push(wake),
    };
    const value = await work(tx);
    await scoped.flush();
    if (emitted.length > 0) appended = await appendToOutbox(tx.sql, emitted);
    return value;
  });
  if (appended.length > 0) ctx.wakeRelay(appended);
  for (const wake of wakes) wake();
  return result;
}
