import { accessibleWhere } from '@fenster/auth';
import { MAX_SLOT_VALUE, writeNewsletterFacts } from '@fenster/contracts';
import { array, matching, sql, type RawBuilder, type Tx } from '@fenster/database';
import { checkPageSize, decodePage, pageOf, type BatchLoad } from '@fenster/graphql';
import { DomainError, invalidInput, isId, notFound } from '@fenster/runtime';
import { findPurpose } from '../consent/purpose.queries.js';
import { abilityOf, type ContactsContext } from '../context.js';
import { reachOf, type ReachOptions } from '../segments/reach.js';
import { segmentCondition } from '../segments/segment-condition.js';
import type { Segment } from '../segments/segment.entity.js';
import { COUNT_TIMEOUT_MS, countFilter, maySee, segmentsById } from '../segments/segment.queries.js';
import { NEWSLETTER_COLUMNS, type Newsletter } from './newsletter.js';
import { problemOf, toldTemplate } from './check-template.js';
import { checkPlaceholders, checkTemplate, type GivenPlaceholder } from './given-template.js';
import type {
  NewsletterMissingValue,
  NewsletterPlaceholderInput,
  NewsletterPreview,
  NewsletterRecipient,
  NewsletterReport,
  NewsletterTemplateInput,
} from './newsletter.types.js';
import { reportOf, STORED_WAITING, type CountedState, type RecipientState } from './report.rule.js';

export async function findNewsletter(
  tx: Pick<Tx, 'sql'>,
  workspaceId: string,
  id: string,
  { lock = false } = {},
): Promise<Newsletter | undefined> {
  const { rows } = await sql<Newsletter>`
    select ${NEWSLETTER_COLUMNS} from newsletter where workspace_id = ${workspaceId} and id = ${id}
    ${lock ? sql`for update` : sql``}
  `.execute(tx.sql);
  return rows[0];
}

/** Those that the actor may see. One query. */
export const newslettersById: BatchLoad<string, Newsletter> = async (ctx, ids) => {
  const { workspaceId } = ctx.requireActor();
  const wanted = ids.filter(isId);
  if (wanted.length === 0 || !abilityOf(ctx).can('read', 'Newsletter')) return new Map();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<Newsletter>`
      select ${NEWSLETTER_COLUMNS} from newsletter
      where ${matching(accessibleWhere(abilityOf(ctx), 'read', 'Newsletter'), 'newsletter')}
        and id = any(${array('uuid', wanted)})
    `,
  );
  return new Map(rows.map((row) => [row.id, row]));
};

export async function resolveNewsletter({ id }: { id: string }, ctx: ContactsContext): Promise<Newsletter | null> {
  return (await ctx.loader(newslettersById).load(id)) ?? null;
}

/** A page of newsletters, the newest first. */
export async function listNewsletters(
  ctx: ContactsContext,
  { first, after }: { first: number; after?: string | null | undefined },
): Promise<{ nodes: Newsletter[]; nextPage: string | null }> {
  const size = checkPageSize(first);
  const position = after == null ? undefined : decodePage(after, 'after');
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<Newsletter>`
      select ${NEWSLETTER_COLUMNS} from newsletter
      where ${matching(accessibleWhere(abilityOf(ctx), 'read', 'Newsletter'), 'newsletter')}
        ${position ? sql`and (created_at, id) < (${position.at}, ${position.id})` : sql``}
      order by created_at desc, id desc limit ${size + 1}
    `,
  );
  return pageOf(rows, size, ({ createdAt: at, id }) => ({ at, id }));
}

interface RecipientRow extends Omit<NewsletterRecipient, 'contact' | 'state'> {
  stored: string;
}

/** Whom a newsletter goes to and what came of it, in the order in which they were written down. @throws DomainError NOT_FOUND */
export async function listRecipients(
  ctx: ContactsContext,
  { newsletterId, state, first, after }: RecipientsAsked,
): Promise<{ nodes: NewsletterRecipient[]; nextPage: string | null }> {
  const size = checkPageSize(first);
  const position = after == null ? undefined : decodePage(after, 'after');
  const newsletter = isId(newsletterId) ? await ctx.loader(newslettersById).load(newsletterId) : undefined;
  if (!newsletter) throw notFound('Newsletter', 'newsletterId');
  const { workspaceId, id, createdAt } = newsletter;
  const states = state === 'WAITING' ? STORED_WAITING : state == null ? undefined : [state];
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<RecipientRow>`
      select id, coalesce((
          select alias.contact_id from contact_alias alias
          where alias.workspace_id = ${workspaceId} and alias.id = newsletter_recipient.contact_id
        ), contact_id) as "contactId", state as stored, reason, due_at as "dueAt", queued_at as "queuedAt",
        replied_at as "repliedAt", opted_out_at as "optedOutAt"
      from newsletter_recipient where workspace_id = ${workspaceId} and newsletter_id = ${id}
        ${states ? sql`and state = any(${array('text', states)})` : sql``}
        ${position ? sql`and id > ${position.id}` : sql``}
      order by id limit ${size + 1}
    `,
  );
  const page = pageOf(rows, size, (row) => ({ at: createdAt, id: row.id }));
  const nodes = page.nodes.map(({ stored, ...row }) => ({
    ...row,
    state: STORED_WAITING.includes(stored) ? 'WAITING' : (stored as RecipientState),
  }));
  return { nodes, nextPage: page.nextPage };
}

export interface RecipientsAsked {
  newsletterId: string;
  state?: RecipientState | null | undefined;
  first: number;
  after?: string | null | undefined;
}

/** One query, whatever the number of newsletters and of their recipients: of sums that are kept. */
export const reportsOfNewsletters: BatchLoad<string, NewsletterReport> = async (ctx, ids) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<CountedState & { newsletterId: string }>`
      select newsletter_id as "newsletterId", state, reason, sum(count)::int as count, sum(queued)::int as queued,
        sum(replied)::int as replied, sum(opted_out)::int as "optedOut"
      from newsletter_tally
      where workspace_id = ${workspaceId} and newsletter_id = any(${array('uuid', ids)})
      group by newsletter_id, state, reason having sum(count) <> 0
    `,
  );
  const counted = Map.groupBy(rows, ({ newsletterId }) => newsletterId);
  return new Map(ids.map((id) => [id, reportOf(counted.get(id) ?? [])]));
};

/** A row if channels has told of it. */
export function knownChannel(workspaceId: string, channelId: string): RawBuilder<object> {
  return sql<object>`select from sending_channel where workspace_id = ${workspaceId} and id = ${channelId}`;
}

/** Who writes to everybody on a channel must be allowed to write on it. @throws DomainError NOT_FOUND */
export function requireUse(ctx: ContactsContext, channelId: string): void {
  const { permissions, channelIds } = ctx.requireActor();
  if (!permissions.includes('conversation:read_all') && !channelIds.includes(channelId)) {
    throw notFound('Channel', 'channelId');
  }
}

export interface PreviewAsked {
  channelId: string;
  segmentId: string;
  purpose?: string | null | undefined;
  placeholders?: readonly NewsletterPlaceholderInput[] | null | undefined;
  template?: NewsletterTemplateInput | null | undefined;
}

/** @throws DomainError NOT_FOUND, INVALID_INPUT */
export async function previewNewsletter(
  ctx: ContactsContext,
  { channelId, segmentId, purpose: key, placeholders, template }: PreviewAsked,
): Promise<NewsletterPreview> {
  const { workspaceId } = ctx.requireActor();
  requireUse(ctx, channelId);
  const channel = isId(channelId)
    ? await ctx.database.readForTenant(workspaceId, knownChannel(workspaceId, channelId))
    : [];
  if (channel.length === 0) throw notFound('Channel', 'channelId');
  const { filter } = await requireSegment(ctx, segmentId);
  const purpose = await requirePurpose(ctx, key, 'purpose');
  const given = template == null ? undefined : await checkTemplate(ctx, template);
  const problem =
    given &&
    problemOf(
      await ctx.database.readForTenant(workspaceId, toldTemplate({ workspaceId, channelId, ...given })),
      given,
      ctx.now(),
    );
  const asked = { workspaceId, filter, reach: { workspaceId, channelId, purpose }, byCountry: true };
  const { count, reach, countries } = await countFilter(ctx, asked);
  return {
    id: [segmentId, channelId, purpose.key].join(' '),
    quoteFacts: writeNewsletterFacts({ channelId, recipients: countries! }),
    channel: { id: channelId },
    contacts: count,
    reachable: reach!.reachable,
    refused: reach!.unreachable,
    missingValues: await countMissing(ctx, asked, [
      ...(await checkPlaceholders(ctx, placeholders ?? [], 'placeholders')),
      ...(given?.placeholders ?? []),
    ]),
    templateProblem: problem ? { reason: String(problem.details?.['reason']), message: problem.message } : null,
  };
}

/** Of those whom it would reach, by placeholder without fallback. One query. */
async function countMissing(
  ctx: ContactsContext,
  { workspaceId, filter, reach }: { workspaceId: string; filter: Segment['filter']; reach: ReachOptions },
  placeholders: readonly GivenPlaceholder[],
): Promise<NewsletterMissingValue[]> {
  const asked = [
    ...new Set(placeholders.flatMap(({ attribute, fallback }) => (fallback === undefined ? [attribute ?? null] : []))),
  ];
  if (asked.length === 0) return [];
  const { joins, refusal } = reachOf(reach);
  const lacks = asked.map((attribute) => {
    const value =
      attribute === null
        ? sql`contact.name`
        : sql`(
      select stored.value from contact_attribute_value stored where stored.workspace_id = ${workspaceId}
        and stored.contact_id = contact.id and stored.key = ${attribute}
    )`;
    const fit = sql`btrim(regexp_replace(${value}, '[[:space:][:cntrl:]]+', ' ', 'g'))`;
    return sql`count(*) filter (where coalesce(length(${fit}) not between 1 and ${MAX_SLOT_VALUE}, true))::int`;
  });
  const [row] = await ctx.database.readForTenant(
    workspaceId,
    sql<{ counts: number[] }>`
      select array[${sql.join(lacks)}] as counts from contact ${joins}
      where contact.workspace_id = ${workspaceId} and ${segmentCondition(filter, { now: ctx.now() })} and (${refusal}) is null
    `,
    { timeoutMs: COUNT_TIMEOUT_MS },
  );
  return asked.map((attribute, index) => ({ attribute, count: row!.counts[index]! }));
}

/** By what was asked for; null if that is not there any more. */
export async function resolveNewsletterPreview(
  { id }: { id: string },
  ctx: ContactsContext,
): Promise<NewsletterPreview | null> {
  const [segmentId = '', channelId = '', purpose = ''] = id.split(' ');
  try {
    return await previewNewsletter(ctx, { segmentId, channelId, purpose });
  } catch (error) {
    if (error instanceof DomainError) return null;
    throw error;
  }
}

/** One that the actor may see, with all that it asks about. @throws DomainError NOT_FOUND */
export async function requireSegment(ctx: ContactsContext, id: string): Promise<Segment> {
  const segment = isId(id) ? await ctx.loader(segmentsById).load(id) : undefined;
  if (!segment || !maySee(ctx, segment.filter)) throw notFound('Segment', 'segmentId');
  return segment;
}

/** What it is for, and needs a consent to; without a key, marketing. @throws DomainError INVALID_INPUT */
export async function requirePurpose(
  ctx: ContactsContext,
  key: string | null | undefined,
  field: string,
): Promise<ReachOptions['purpose']> {
  const purpose = await findPurpose(ctx.em, key ?? 'marketing');
  if (purpose?.kind !== 'MARKETING' || purpose.archivedAt) {
    throw invalidInput(field, 'must be the key of a purpose of the kind MARKETING that is not archived.');
  }
  return purpose;
}
