import { allows } from '@fenster/auth';
import {
  labelCatalogueChanged,
  viewChanged,
  viewClockTicked,
  type Envelope,
  type EventDefinition,
  type LabelCatalogueChanged,
} from '@fenster/contracts';
import { array, sql } from '@fenster/database';
import { invalidInput } from '@fenster/runtime';
import { abilityOf, type ConversationContext } from '../context.js';
import { accessibleSql } from '../conversations/accessible-sql.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { MAX_COUNT } from '../conversations/conversation.queries.js';
import { at } from '../inbox/at-cursor.js';
import { LiveStarted, ReplayGap } from '../inbox/inbox-markers.types.js';
import { toldOf } from '../inbox/tellings.js';
import { compileFilter, type CompiledFilter, type Filter } from './filter.rule.js';
import { findView } from './view.commands.js';
import { askForTick } from './view-clock.timer.js';
import { ViewChanged, type ViewEvent } from './view-event.types.js';
import { factsOf, factsOfThread, factsWhere, readSeqs, type SharedFacts } from './view-facts.js';

/** Whose events have more behind them than this are told to load the view again. */
const MAX_REPLAYED = 5_000;

/** What is followed: a saved view, or a filter of one's own. */
export type Followed = { viewId: string } | { filter: Filter };

/**
 * What happens to a view after `position`; without one, what happens from now on. Its conversations are known by their
 * ids, so that the server can say which came, changed and went; that is what {@link MAX_COUNT} bounds.
 *
 * A replay is told in one event: what was touched and is in the view has entered, what was touched and is not has left.
 * @throws DomainError NOT_FOUND, INVALID_INPUT for a filter that too many conversations pass.
 */
export async function followView(
  ctx: ConversationContext,
  followed: Followed,
  position: number | undefined,
): Promise<(signal: AbortSignal) => AsyncGenerator<ViewEvent[], void>> {
  const view = await Membership.load(ctx, followed);
  return (signal) => changesOf(ctx, view, position, signal);
}

async function* changesOf(
  ctx: ConversationContext,
  first: Membership,
  position: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<ViewEvent[], void> {
  const { workspaceId } = ctx.requireActor();
  const since = position === undefined ? undefined : await recordedAt(ctx, position);
  let view = first;
  let missed: Envelope[] | undefined = position === undefined ? undefined : [];
  for await (const { kind, ...item } of logOf(ctx, workspaceId, position, signal)) {
    if (kind === 'gap') {
      missed = undefined;
      view = await view.reload();
      yield [at(new ReplayGap(), item.seq)];
    } else if (kind === 'live') {
      // Nothing before the marker may be newer than what is known of the view.
      if (view.seq < item.seq) view = await view.reload();
      const isAnother = missed?.some((envelope) => view.isChangedBy(envelope));
      const changed = isAnother ? new ReplayGap() : missed && since && (await view.missed(missed, since));
      missed = undefined;
      yield [...(changed ? [at(changed, item.seq)] : []), at(new LiveStarted(), item.seq)];
    } else if (missed && missed.length + item.envelopes.length <= MAX_REPLAYED) {
      missed.push(...item.envelopes);
    } else if (missed || item.envelopes.some((envelope) => view.isChangedBy(envelope))) {
      missed = undefined;
      view = await view.reload();
      yield [at(new ReplayGap(), item.seq)];
    } else {
      const changed = await view.take(item.envelopes);
      if (changed) yield [at(changed, item.seq)];
    }
  }
}

interface Item {
  kind: 'events' | 'live' | 'gap';
  /** Of the last event. */
  seq: number;
  envelopes: readonly Envelope[];
}

async function* logOf(
  ctx: ConversationContext,
  workspaceId: string,
  position: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<Item, void> {
  for await (const item of ctx.app.liveLog.follow(workspaceId, position, signal)) {
    if (item.kind === 'events') yield { ...item, seq: item.envelopes.at(-1)!.seq };
    else yield { ...item, envelopes: [] };
  }
}

async function filterOf(ctx: ConversationContext, followed: Followed): Promise<Filter> {
  return 'filter' in followed ? followed.filter : (await findView(ctx, followed.viewId)).filter;
}

const is = (envelope: Envelope, event: EventDefinition) =>
  envelope.name === event.name && envelope.version === event.version;

/** When the event at this position was recorded; long ago if the log does not have it. */
async function recordedAt(ctx: ConversationContext, seq: number): Promise<Date> {
  const { workspaceId } = ctx.requireActor();
  const [row] = await ctx.database.readForTenant(
    workspaceId,
    sql<{ at: string }>`
      select envelope::json ->> 'recordedAt' as at from outbox where workspace_id = ${workspaceId} and seq = ${seq}
    `,
  );
  return new Date(row?.at ?? 0);
}

/** Which conversations are in a view as one actor sees it. */
class Membership {
  readonly #ctx: ConversationContext;
  readonly #followed: Followed;
  readonly #filter: CompiledFilter;
  /** Everything up to here was known when it was read. */
  readonly seq: number;
  #ids: Set<string>;
  #tick: Date | undefined;

  private constructor(
    ctx: ConversationContext,
    followed: Followed,
    { filter, seq, ids }: { filter: CompiledFilter; seq: number; ids: Set<string> },
  ) {
    this.#ctx = ctx;
    this.#followed = followed;
    this.#filter = filter;
    this.seq = seq;
    this.#ids = ids;
  }

  static async load(ctx: ConversationContext, followed: Followed): Promise<Membership> {
    const filter = compileFilter(await filterOf(ctx, followed), ctx.requireActor());
    const { next, ...snapshot } = await readView(ctx, filter);
    const membership = new Membership(ctx, followed, { filter, ...snapshot });
    await membership.#tickAt(next);
    return membership;
  }

  /** As the view and its filter are now. */
  reload(): Promise<Membership> {
    return Membership.load(this.#ctx, this.#followed);
  }

  /** Whether somebody gave the saved view another filter, or deleted a label that it asks for: from all at once. */
  isChangedBy(envelope: Envelope): boolean {
    if (is(envelope, labelCatalogueChanged)) {
      const { labelId, change } = envelope.data as LabelCatalogueChanged;
      return change === 'deleted' && this.#filter.asksLabel(labelId);
    }
    if (!('viewId' in this.#followed) || !is(envelope, viewChanged)) return false;
    return (envelope.data as { viewId: string }).viewId === this.#followed.viewId;
  }

  /** What somebody who saw the view at `since` has to be told; undefined for nothing. */
  async missed(replayed: readonly Envelope[], since: Date): Promise<ViewChanged | undefined> {
    const touched = await this.#touchedBy(replayed);
    const moved = this.#filter.dependsOnTime ? await this.#movedByTime(since) : [];
    for (const facts of moved) touched.set(facts.conversation.id, { facts, wasSeen: false });
    const entered: Conversation[] = [];
    const left: string[] = [];
    for (const [id, { facts, wasSeen }] of touched) {
      if (this.#ids.has(id)) entered.push(facts.conversation);
      else if (wasSeen || this.#sees(facts.conversation)) left.push(id);
    }
    return this.#changed({ entered, updated: [], left });
  }

  /** What has become of the view through these events; undefined if they do not concern it. */
  async take(envelopes: readonly Envelope[]): Promise<ViewChanged | undefined> {
    const touched = await this.#touchedBy(envelopes);
    const [entered, updated, left] = [
      new Map<string, Conversation>(),
      new Map<string, Conversation>(),
      new Set<string>(),
    ];
    // What happened before the view was read is in it, and has not been told.
    const isTold = envelopes[0]!.seq > this.seq;
    const now = this.#ctx.now();
    let next: Date | null = null;
    const reads = await this.#readSeqsOf(touched);
    for (const [id, { facts, wasSeen }] of touched) {
      const isSeen = this.#sees(facts.conversation);
      const asked = { ...facts, readSeq: reads.get(facts.conversation.threadId) ?? 0 };
      const wasIn = this.#ids.has(id);
      if (isSeen && this.#filter.matches(asked, now)) {
        this.#ids.add(id);
        (wasIn && isTold ? updated : entered).set(id, facts.conversation);
      } else {
        this.#ids.delete(id);
        if (wasIn || (!isTold && (isSeen || wasSeen))) left.add(id);
      }
      const change = isSeen ? this.#filter.changesAt(asked, now) : null;
      if (change && (!next || change < next)) next = change;
    }
    await this.#tickAt(next);
    if (envelopes.some((envelope) => is(envelope, viewClockTicked)) && this.#filter.dependsOnTime) {
      this.#tick = undefined;
      const { ids, next } = await readView(this.#ctx, this.#filter);
      await this.#tickAt(next);
      for (const id of this.#ids) {
        if (ids.has(id)) continue;
        left.add(id);
        entered.delete(id);
        updated.delete(id);
      }
      const come = [...ids].filter((id) => !this.#ids.has(id));
      for (const { conversation } of await this.#factsOf(come)) {
        entered.set(conversation.id, conversation);
        left.delete(conversation.id);
      }
      this.#ids = ids;
    }
    return this.#changed({ entered: [...entered.values()], updated: [...updated.values()], left: [...left] });
  }

  #changed(changes: Pick<ViewChanged, 'entered' | 'updated' | 'left'>): ViewChanged | undefined {
    if (changes.entered.length + changes.updated.length + changes.left.length === 0) return undefined;
    return Object.assign(new ViewChanged(), changes, { count: this.#ids.size });
  }

  #sees(conversation: Conversation): boolean {
    return allows(abilityOf(this.#ctx), 'read', 'Conversation', conversation);
  }

  /** The conversations that the events are about, and whether the actor could see them where they were. */
  async #touchedBy(envelopes: readonly Envelope[]): Promise<Map<string, { facts: SharedFacts; wasSeen: boolean }>> {
    const { id: actorId, workspaceId } = this.#ctx.requireActor();
    const touched = new Map<string, { facts: SharedFacts; wasSeen: boolean }>();
    const told = envelopes.filter((envelope) => toldOf(envelope)?.onlyTo?.includes(actorId) ?? true);
    for (const [envelope, facts] of await factsOf(this.#ctx, workspaceId, told)) {
      const { leaves } = toldOf(envelope)!;
      const { conversation } = facts;
      const before = touched.get(conversation.id)?.wasSeen ?? false;
      const wasSeen = before || (leaves !== undefined && this.#sees({ ...conversation, ...leaves }));
      touched.set(conversation.id, { facts, wasSeen });
    }
    const ofThreads = told.filter((envelope) => {
      const ofThread = toldOf(envelope)?.ofThread;
      return ofThread && this.#filter.asksOfThread(ofThread.fact);
    });
    for (const [, siblings] of await factsOfThread(this.#ctx, workspaceId, ofThreads)) {
      for (const facts of siblings) {
        const { id } = facts.conversation;
        if (!touched.has(id)) touched.set(id, { facts, wasSeen: false });
      }
    }
    return touched;
  }

  async #readSeqsOf(touched: ReadonlyMap<string, { facts: SharedFacts }>): Promise<Map<string, number>> {
    if (!this.#filter.asksOfThread('readSeq')) return new Map();
    const threadIds = [...touched.values()].map(({ facts }) => facts.conversation.threadId);
    return readSeqs(this.#ctx, this.#ctx.requireActor(), threadIds);
  }

  #factsOf(ids: readonly string[]): Promise<SharedFacts[]> {
    const { workspaceId } = this.#ctx.requireActor();
    if (ids.length === 0) return Promise.resolve([]);
    const isOne = sql<boolean>`c.id = any(${array('uuid', ids)}) and ${accessibleSql(abilityOf(this.#ctx), 'read')}`;
    return factsWhere(this.#ctx.database, workspaceId, isOne);
  }

  /** Those that time alone may have moved since then. */
  #movedByTime(since: Date): Promise<SharedFacts[]> {
    const { workspaceId } = this.#ctx.requireActor();
    const now = this.#ctx.now();
    const { among, changesAt } = this.#filter.changesAtSql(since)!;
    const isMoved = sql<boolean>`
      ${accessibleSql(abilityOf(this.#ctx), 'read')} and ${among} and ${changesAt} <= ${now}
    `;
    return factsWhere(this.#ctx.database, workspaceId, isMoved);
  }

  async #tickAt(dueAt: Date | null): Promise<void> {
    if (!dueAt || (this.#tick && this.#tick <= dueAt)) return;
    this.#tick = dueAt;
    await askForTick(this.#ctx, dueAt);
  }
}

interface Snapshot {
  /** Everything up to here is in it. */
  seq: number;
  ids: Set<string>;
  /** When time will next move something. */
  next: Date | null;
}

async function readView(ctx: ConversationContext, filter: CompiledFilter): Promise<Snapshot> {
  const { workspaceId } = ctx.requireActor();
  const now = ctx.now();
  const rights = accessibleSql(abilityOf(ctx), 'read');
  const timed = filter.changesAtSql(now);
  const [row] = await ctx.database.readForTenant(
    workspaceId,
    sql<{ log_end: string; ids: string[]; next: Date | null }>`
      select coalesce((select last_seq from outbox_counter where workspace_id = ${workspaceId}), 0) as log_end,
        array(
          select c.id::text from conversation c where ${rights} and ${filter.sql(now)} limit ${MAX_COUNT + 1}
        ) as ids,
        ${
          timed
            ? sql`(select min(${timed.changesAt}) from conversation c where ${rights} and ${timed.among})`
            : sql`null::timestamptz`
        } as next
    `,
  );
  const { log_end: logEnd, ids, next } = row!;
  if (ids.length > MAX_COUNT) {
    throw invalidInput('filter', `lets more than ${MAX_COUNT} conversations pass. Follow a narrower one.`);
  }
  return { seq: Number(logEnd), ids: new Set(ids), next };
}
