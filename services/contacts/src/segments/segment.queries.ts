import { accessibleWhere } from '@fenster/auth';
import { matching, sql, type Database, type RawBuilder, type Tx } from '@fenster/database';
import { checkPageSize, type BatchLoad } from '@fenster/graphql';
import { DomainError, invalidInput, isId, notFound, type Clock } from '@fenster/runtime';
import { listAttributes } from '../attributes/attribute.queries.js';
import { listLinkNames } from '../click-to-chat/click-to-chat.queries.js';
import { findPurpose, listPurposes } from '../consent/purpose.queries.js';
import { abilityOf, type ContactsContext } from '../context.js';
import { listContactLabels } from '../labels/contact-label.queries.js';
import { reachOf, UNREACHABLE, type ReachOptions, type Unreachable } from './reach.js';
import { segmentCondition } from './segment-condition.js';
import { Segment } from './segment.entity.js';
import { checkFilter, unseenIn } from './segment-filter.rule.js';
import { labelsIn, type SegmentFilter } from './segment-filter.js';
import type { ContactFilterType } from './segment-filter.types.js';
import type { ContactCount, ReachInput, SegmentReach } from './segment.types.js';

/** A count that would outlive the request is of no use to anybody. */
export const COUNT_TIMEOUT_MS = 8_000;
/** In one statement. */
const COUNTED_AT_ONCE = 20;

/** By name: all of the workspace, or so many behind one of them. @throws DomainError INVALID_INPUT, NOT_FOUND */
export async function listSegments(
  ctx: ContactsContext,
  { first, after }: { first?: number | null | undefined; after?: string | null | undefined } = {},
): Promise<Segment[]> {
  const last = after == null ? undefined : await findSegment(ctx, after);
  const behind = last ? { $or: [{ name: { $gt: last.name } }, { name: last.name, id: { $gt: last.id } }] } : {};
  return ctx.em.find(
    Segment,
    { $and: [accessibleWhere(abilityOf(ctx), 'read', 'Segment'), behind] },
    { orderBy: { name: 'asc', id: 'asc' }, ...(first != null && { limit: checkPageSize(first) }) },
  );
}

/** The names of all that ask for a label. */
export async function segmentsWithLabel(tx: Tx, labelId: string): Promise<string[]> {
  const segments = await tx.em.find(Segment, {}, { orderBy: { name: 'asc' } });
  return segments.flatMap(({ name, filter }) => (labelsIn(filter).includes(labelId) ? [name] : []));
}

/** Those that the actor may see, by their ids. */
export const segmentsById: BatchLoad<string, Segment> = async (ctx, ids) => {
  const where = accessibleWhere(abilityOf(ctx), 'read', 'Segment');
  const segments = await ctx.em.find(Segment, { $and: [where, { id: { $in: ids.filter(isId) } }] });
  return new Map(segments.map((segment) => [segment.id, segment]));
};

/** @throws DomainError NOT_FOUND */
export async function findSegment(ctx: ContactsContext, id: string): Promise<Segment> {
  const segment = await ctx.loader(segmentsById).load(id);
  if (!segment) throw notFound('Segment');
  return segment;
}

/** What a client asks for, of what there is and what the actor may see. @throws DomainError INVALID_INPUT naming the path */
export async function checkAskedFilter(
  ctx: ContactsContext,
  input: ContactFilterType,
  field = 'filter',
): Promise<SegmentFilter> {
  const [attributes, labels, purposes] = [
    await listAttributes(ctx),
    await listContactLabels(ctx),
    await listPurposes(ctx.em),
  ];
  const links = await listLinkNames(ctx);
  const ground = {
    attributes: new Map(attributes.flatMap((each) => (each.archivedAt ? [] : [[each.key, each] as const]))),
    labelIds: new Set(labels.map(({ id }) => id)),
    purposes: new Set(purposes.map(({ key }) => key)),
    clickToChatLinkIds: new Set(links.map(({ id }) => id)),
    campaigns: new Set(links.flatMap(({ campaign }) => campaign ?? [])),
  };
  const filter = checkFilter(input, ground, field);
  const refusal = unseenIn(filter, (what) => abilityOf(ctx).can('read', what), field);
  if (refusal) throw refusal;
  return filter;
}

/** Whether the actor may see all that a filter asks about, which somebody else may have made. */
export function maySee(ctx: ContactsContext, filter: SegmentFilter): boolean {
  return unseenIn(filter, (what) => abilityOf(ctx).can('read', what)) === undefined;
}

/** How many there are in each, some in a statement; nothing for those that ask what the actor may not see. */
export const countsOfSegments: BatchLoad<Segment, number> = async (ctx, segments) => {
  const { workspaceId } = ctx.requireActor();
  const seen = segments.filter(({ filter }) => maySee(ctx, filter));
  if (seen.length === 0) return new Map();
  const visible = matching(accessibleWhere(abilityOf(ctx), 'read', 'Contact'), 'contact');
  const byId = new Map<string, number>();
  const until = performance.now() + COUNT_TIMEOUT_MS;
  for (let from = 0; from < seen.length; from += COUNTED_AT_ONCE) {
    const counts = seen.slice(from, from + COUNTED_AT_ONCE).map(
      ({ id, filter }) => sql`
        select ${id}::text as id, count(*)::int as count from contact
        where ${visible} and ${segmentCondition(filter, { now: ctx.now() })}
      `,
    );
    const rows = await ctx.database.readForTenant(
      workspaceId,
      sql<{ id: string; count: number }>`${sql.join(counts, sql` union all `)}`,
      { timeoutMs: Math.max(1, Math.ceil(until - performance.now())) },
    );
    for (const { id, count } of rows) byId.set(id, count);
  }
  return new Map(seen.map((segment) => [segment, byId.get(segment.id)!]));
};

/** A segment, and for what and from where it is counted who can be reached. */
export interface AskedReach {
  segment: Segment;
  reach: ReachOptions;
}

/** Whom of each something can be sent to, some in a statement; nothing for those that ask what the actor may not see. */
export const reachOfSegments: BatchLoad<AskedReach, SegmentReach> = async (ctx, asked) => {
  const { workspaceId } = ctx.requireActor();
  const seen = asked.filter(({ segment }) => maySee(ctx, segment.filter));
  const found = new Map<AskedReach, SegmentReach>();
  const until = performance.now() + COUNT_TIMEOUT_MS;
  for (let from = 0; from < seen.length; from += COUNTED_AT_ONCE) {
    const some = seen.slice(from, from + COUNTED_AT_ONCE);
    const parts = some.map(({ segment: { filter }, reach }, ordinal) => {
      const counted = countByRefusal({ workspaceId, filter, reach, now: ctx.now() });
      return sql`select ${ordinal}::int as ordinal, counted.* from (${counted}) counted`;
    });
    const rows = await ctx.database.readForTenant(
      workspaceId,
      sql<RefusalCount & { ordinal: number }>`${sql.join(parts, sql` union all `)}`,
      { timeoutMs: Math.max(1, Math.ceil(until - performance.now())) },
    );
    const byOrdinal = Map.groupBy(rows, ({ ordinal }) => ordinal);
    for (const [ordinal, each] of some.entries()) found.set(each, countedOf(byOrdinal.get(ordinal) ?? []).reach);
  }
  return found;
};

/** As {@link checkReach}, once for all that ask for the same. @throws DomainError INVALID_INPUT */
export async function loadReach(ctx: ContactsContext, { purpose, channelId }: ReachInput): Promise<ReachOptions> {
  const checked = await ctx.loader(checkedReaches).load(JSON.stringify({ purpose, channelId }));
  if (checked instanceof DomainError) throw checked;
  return checked!;
}

const checkedReaches: BatchLoad<string, ReachOptions | DomainError> = async (ctx, asked) => {
  const checked = new Map<string, ReachOptions | DomainError>();
  for (const key of asked) {
    const reach = checkReach(ctx, JSON.parse(key) as ReachInput, 'for');
    // What is wrong with one is none of the others' business.
    checked.set(key, await reach.catch(asRefusal));
  }
  return checked;
};

function asRefusal(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  throw error;
}

/** For a purpose that there is and a channel. @throws DomainError INVALID_INPUT */
export async function checkReach(ctx: ContactsContext, input: ReachInput, field: string): Promise<ReachOptions> {
  const purpose = await findPurpose(ctx.em, input.purpose);
  if (!purpose) throw invalidInput(`${field}.purpose`, 'must be the key of a purpose.');
  const { workspaceId } = ctx.requireActor();
  if (!isId(input.channelId) || !(await isChannel(ctx, workspaceId, input.channelId))) {
    throw invalidInput(`${field}.channelId`, 'must be the id of a channel.');
  }
  return { workspaceId, channelId: input.channelId, purpose };
}

/** As channels has told, or somebody is known on it. */
async function isChannel(ctx: ContactsContext, workspaceId: string, channelId: string): Promise<boolean> {
  const [row] = await ctx.database.readForTenant(
    workspaceId,
    sql<{ isKnown: boolean }>`
      select exists (select from sending_channel where workspace_id = ${workspaceId} and id = ${channelId})
        or exists (select from contact_identity where workspace_id = ${workspaceId} and channel_id = ${channelId}) as "isKnown"
    `,
  );
  return row!.isKnown;
}

export interface Counted {
  count: number;
  reach: SegmentReach | null;
  /** Where those can be reached whom something can be sent to, if that is asked. */
  countries?: { country: string | null; count: number }[];
}

/** All contacts of the workspace that meet the filter, and whom of them something can be sent to, if that is asked. */
export async function countFilter(
  { database, now: clock }: { database: Database; now: Clock },
  {
    workspaceId,
    filter,
    reach,
    byCountry = false,
    timeoutMs = COUNT_TIMEOUT_MS,
  }: {
    workspaceId: string;
    filter: SegmentFilter;
    reach: ReachOptions | undefined;
    byCountry?: boolean;
    timeoutMs?: number;
  },
): Promise<Counted> {
  const now = clock();
  if (!reach) {
    const counted = sql<{ count: number }>`
      select count(*)::int as count from contact
      where contact.workspace_id = ${workspaceId} and ${segmentCondition(filter, { now })}
    `;
    const [row] = await database.readForTenant(workspaceId, counted, { timeoutMs });
    return { count: row!.count, reach: null };
  }
  const rows = await database.readForTenant(
    workspaceId,
    countByRefusal({ workspaceId, filter, reach, now, byCountry }),
    { timeoutMs },
  );
  const { countries, ...counted } = countedOf(rows);
  return { ...counted, ...(byCountry && { countries }) };
}

interface RefusalCount {
  refusal: Unreachable | null;
  country: string | null;
  count: number;
  inWindow: number;
}

interface AskedCount {
  workspaceId: string;
  filter: SegmentFilter;
  reach: ReachOptions;
  now: Date;
  byCountry?: boolean;
}

function countByRefusal({ workspaceId, filter, reach, now, byCountry }: AskedCount): RawBuilder<RefusalCount> {
  const { joins, refusal } = reachOf(reach);
  const inWindow = segmentCondition({ window: { isOpen: true, channelIds: [reach.channelId] } }, { now });
  const country = byCountry
    ? sql`case when (${refusal}) is null then nullif(address.country, 'ZZ') end`
    : sql`null::text`;
  return sql<RefusalCount>`
    select refusal, country, count(*)::int as count, count(*) filter (where in_window)::int as "inWindow"
    from (
      select ${refusal} as refusal, ${country} as country, ${inWindow} as in_window from contact ${joins}
      where contact.workspace_id = ${workspaceId} and ${segmentCondition(filter, { now })}
    ) each
    group by refusal, country order by count desc, country
  `;
}

function countedOf(rows: readonly RefusalCount[]): Required<Counted> & { reach: SegmentReach } {
  const reachable = rows.filter((row) => row.refusal === null);
  const sum = (of: readonly { count: number }[]) => of.reduce((total, { count }) => total + count, 0);
  const unreachable = UNREACHABLE.flatMap((reason) => rows.filter((row) => row.refusal === reason));
  return {
    count: sum(rows),
    reach: {
      reachable: sum(reachable),
      inServiceWindow: reachable.reduce((total, { inWindow }) => total + inWindow, 0),
      unreachable: unreachable.map((row) => ({ reason: row.refusal!, count: row.count })),
    },
    countries: reachable.map(({ country: of, count }) => ({ country: of, count })),
  };
}

/** Without what the actor may not see. */
export function shownCount(
  ctx: ContactsContext,
  { count, reach, countedAt = ctx.now() }: Counted & { countedAt?: Date },
): ContactCount {
  return { count, reach: reach && shownReach(ctx, reach), countedAt };
}

/** Without what the actor may not see. */
export function shownReach(ctx: ContactsContext, reach: SegmentReach): SegmentReach {
  return abilityOf(ctx).can('read', 'ContactActivity') ? reach : { ...reach, inServiceWindow: null };
}
