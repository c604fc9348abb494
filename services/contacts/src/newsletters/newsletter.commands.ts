import { array, once, sql, transact, type Tx } from '@fenster/database';
import { canonicalTimeZone, checkText, invalidInput, isId, newId, notFound } from '@fenster/runtime';
import type { ContactsContext } from '../context.js';
import { findTemplateProblem } from './check-template.js';
import { checkTemplate } from './given-template.js';
import { checkApproval, nextState, type NewsletterCommand } from './newsletter-state.rule.js';
import { setState, tellProgress, tellStarted, tellStopped, type Newsletter } from './newsletter.js';
import { findNewsletter, knownChannel, requirePurpose, requireSegment, requireUse } from './newsletter.queries.js';
import type { CreateNewsletterInput, ScheduleNewsletterInput, UpdateNewsletterInput } from './newsletter.types.js';
import { checkLocalTime, firstInstantOf } from './recipient-time.rule.js';

const MAX_NAME = 100;
const YEAR_MS = 366 * 86_400_000;

/** @throws DomainError INVALID_INPUT, NOT_FOUND, IDEMPOTENCY_CONFLICT */
export async function createNewsletter(ctx: ContactsContext, input: CreateNewsletterInput): Promise<Newsletter> {
  const name = checkText(input.name, 'name', { max: MAX_NAME });
  const { content, placeholders } = await checkTemplate(ctx, input.template);
  const { channelId, segmentId, idempotencyKey: key } = input;
  const { workspaceId } = ctx.requireActor();
  requireUse(ctx, channelId);
  const { filter } = await requireSegment(ctx, segmentId);
  const { key: purpose } = await requirePurpose(ctx, input.purpose, 'purpose');
  return transact(ctx, async (tx) => {
    await requireChannel(tx, workspaceId, channelId);
    const request = {
      key,
      operation: 'createNewsletter',
      input: { name, channelId, segmentId, content, placeholders, purpose },
    };
    const id = await once(tx, request, newId(), async (newsletterId) => {
      const { actor } = tx.origin;
      await sql`
        insert into newsletter (workspace_id, id, name, channel_id, segment_id, filter, content, placeholders, purpose, state,
          created_by_kind, created_by_id, created_at)
        values (${workspaceId}, ${newsletterId}, ${name}, ${channelId}, ${segmentId}, ${JSON.stringify(filter)}::jsonb,
          ${JSON.stringify(content)}::jsonb, ${JSON.stringify(placeholders)}::jsonb, ${purpose}, 'DRAFT', ${actor.kind}, ${actor.id ?? ''}, ${tx.now()})
      `.execute(tx.sql);
      tellProgress(tx, { workspaceId, id: newsletterId, state: 'DRAFT' });
      const after = { name, channelId, segmentId, templateId: content.templateId, purpose };
      tx.audit({ action: 'newsletter.create', object: { type: 'newsletter', id: newsletterId }, after });
    });
    return (await findNewsletter(tx, workspaceId, id))!;
  });
}

/** Before it has begun. What is left out stays. @throws DomainError INVALID_INPUT, NOT_FOUND, NEWSLETTER_STATE */
export async function updateNewsletter(ctx: ContactsContext, input: UpdateNewsletterInput): Promise<Newsletter> {
  const name = input.name == null ? undefined : checkText(input.name, 'name', { max: MAX_NAME });
  const given = input.template == null ? undefined : await checkTemplate(ctx, input.template);
  const segment = input.segmentId == null ? undefined : await requireSegment(ctx, input.segmentId);
  const purpose = input.purpose == null ? undefined : await requirePurpose(ctx, input.purpose, 'purpose');
  return changeNewsletter(ctx, input.newsletterId, 'update', async (tx, before) => {
    const { workspaceId, id } = before;
    const settings = {
      name: name ?? before.name,
      segmentId: segment?.id ?? before.segmentId,
      templateId: (given?.content ?? before.content).templateId,
      purpose: purpose?.key ?? before.purpose,
    };
    await sql`
      update newsletter set name = ${settings.name}, segment_id = ${settings.segmentId}, purpose = ${settings.purpose},
        filter = ${JSON.stringify(segment?.filter ?? before.filter)}::jsonb,
        content = ${JSON.stringify(given?.content ?? before.content)}::jsonb,
        placeholders = ${JSON.stringify(given?.placeholders ?? before.placeholders)}::jsonb,
        edited_by_ids = ${editorsOf(tx, before)}
      where workspace_id = ${workspaceId} and id = ${id}
    `.execute(tx.sql);
    return settings;
  });
}

/** Of what was sent, the proof stays. @throws DomainError NOT_FOUND, NEWSLETTER_STATE */
export async function deleteNewsletter(ctx: ContactsContext, id: string): Promise<{ id: string }> {
  const { workspaceId } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    const newsletter = await requireNewsletter(ctx, tx, id);
    nextState(newsletter, 'delete');
    await sql`delete from newsletter where workspace_id = ${workspaceId} and id = ${id}`.execute(tx.sql);
    tellProgress(tx, newsletter);
    const before = { name: newsletter.name };
    tx.audit({ action: 'newsletter.delete', object: { type: 'newsletter', id }, before });
    return { id };
  });
}

/** @throws DomainError INVALID_INPUT, NOT_FOUND, NEWSLETTER_STATE, NEWSLETTER_TEMPLATE */
export async function scheduleNewsletter(ctx: ContactsContext, input: ScheduleNewsletterInput): Promise<Newsletter> {
  const { startsAt, localTime, timeZone } = checkTime(input, ctx.now());
  return changeNewsletter(ctx, input.newsletterId, 'schedule', async (tx, newsletter) => {
    const { workspaceId, id } = newsletter;
    await requireTemplate(tx, newsletter);
    await sql`
      update newsletter set starts_at = ${startsAt}, local_time = ${localTime}::timestamp, time_zone = ${timeZone},
        edited_by_ids = ${editorsOf(tx, newsletter)}
      where workspace_id = ${workspaceId} and id = ${id}
    `.execute(tx.sql);
    return { startsAt: startsAt.toISOString(), localTime };
  });
}

/** Nothing leaves until it is resumed, neither what channels holds back. @throws DomainError NOT_FOUND, NEWSLETTER_STATE */
export function pauseNewsletter(ctx: ContactsContext, id: string): Promise<Newsletter> {
  return changeNewsletter(ctx, id, 'pause', stop);
}

/** @throws DomainError NOT_FOUND, NEWSLETTER_STATE */
export function resumeNewsletter(ctx: ContactsContext, id: string): Promise<Newsletter> {
  return changeNewsletter(ctx, id, 'resume', async (tx, newsletter) => {
    await requireTemplate(tx, newsletter);
    if (newsletter.startedAt) tellStarted(tx, newsletter);
  });
}

/**
 * All that is left of it may leave although a budget holds it; the gate asks everything else, and a budget that stops stops
 * it. @throws DomainError BEYOND_API_KEY, NOT_FOUND, NEWSLETTER_STATE, NOT_YOURS_TO_DECIDE
 */
export function approveNewsletter(ctx: ContactsContext, id: string): Promise<Newsletter> {
  const { kind, id: approvedById } = ctx.requireActor();
  return changeNewsletter(ctx, id, 'approve', async (tx, newsletter) => {
    const refusal = checkApproval(newsletter, { kind, id: approvedById });
    if (refusal) throw refusal;
    const approvedAt = tx.now();
    await sql`
      update newsletter set approved_by_id = ${approvedById}, approved_at = ${approvedAt}
      where workspace_id = ${newsletter.workspaceId} and id = ${id}
    `.execute(tx.sql);
    if (newsletter.startedAt) tellStarted(tx, { ...newsletter, approvedAt });
  });
}

/** For good; see {@link pauseNewsletter}. @throws DomainError NOT_FOUND, NEWSLETTER_STATE */
export function cancelNewsletter(ctx: ContactsContext, id: string): Promise<Newsletter> {
  return changeNewsletter(ctx, id, 'cancel', stop);
}

/** What nobody could get does not begin, and does not go on. @throws DomainError NEWSLETTER_TEMPLATE */
async function requireTemplate(tx: Tx, newsletter: Newsletter): Promise<void> {
  const problem = await findTemplateProblem(tx, newsletter);
  if (problem) throw problem;
}

async function stop(tx: Tx, newsletter: Newsletter): Promise<void> {
  if (newsletter.startedAt) tellStopped(tx, newsletter);
}

/** One on a channel that the actor may use, locked. @throws DomainError NOT_FOUND */
async function requireNewsletter(ctx: ContactsContext, tx: Tx, id: string): Promise<Newsletter> {
  const { workspaceId } = ctx.requireActor();
  const newsletter = isId(id) ? await findNewsletter(tx, workspaceId, id, { lock: true }) : undefined;
  if (!newsletter) throw notFound('Newsletter');
  requireUse(ctx, newsletter.channelId);
  return newsletter;
}

/** The row is locked: whoever hands some of it over is done by then, and the next one sees the new state. */
async function changeNewsletter(
  ctx: ContactsContext,
  id: string,
  command: Exclude<NewsletterCommand, 'delete'>,
  work?: (tx: Tx, newsletter: Newsletter) => Promise<object | void>,
): Promise<Newsletter> {
  const { workspaceId } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    const newsletter = await requireNewsletter(ctx, tx, id);
    const state = nextState(newsletter, command);
    const after = await work?.(tx, newsletter);
    // Changed while it is paused, it is so for the same reason.
    const { pausedBecause: because, pausedMessage } = newsletter;
    const isKept = state === 'PAUSED' && newsletter.state === 'PAUSED' && because !== null;
    await setState(tx, newsletter, state, isKept ? { because, message: pausedMessage ?? '' } : undefined);
    tx.audit({ action: `newsletter.${command}`, object: { type: 'newsletter', id }, ...(after && { after }) });
    tx.afterCommit(ctx.app.wakeNewsletters);
    return (await findNewsletter(tx, workspaceId, id))!;
  });
}

/** Programs do not approve, so it does not matter what they change. */
function editorsOf({ origin: { actor } }: Tx, { editedByIds }: Newsletter): ReturnType<typeof array> {
  return array('uuid', actor.kind === 'member' ? [...new Set([...editedByIds, actor.id!])] : editedByIds);
}

function checkTime(
  { at, localTime, timeZone }: ScheduleNewsletterInput,
  now: Date,
): { startsAt: Date; localTime: string | null; timeZone: string | null } {
  if (localTime == null) {
    if (timeZone != null) throw invalidInput('timeZone', 'must not be given without localTime.');
    const startsAt = at ?? now;
    if (startsAt < now || startsAt.getTime() > now.getTime() + YEAR_MS) {
      throw invalidInput('at', 'must be in the future, and within a year.');
    }
    return { startsAt, localTime: null, timeZone: null };
  }
  if (at != null) throw invalidInput('at', 'must not be given together with localTime.');
  const zone = timeZone == null ? undefined : canonicalTimeZone(timeZone);
  if (zone === undefined) {
    throw invalidInput('timeZone', 'must be given with localTime: an IANA name, such as Europe/Berlin.');
  }
  const first = firstInstantOf(checkLocalTime(localTime));
  // Nowhere is it that time any more.
  const isPast = first.getTime() + 26 * 3_600_000 <= now.getTime();
  if (isPast || first.getTime() > now.getTime() + YEAR_MS) {
    throw invalidInput('localTime', 'must be in the future for somebody on earth, and within a year.');
  }
  return { startsAt: first > now ? first : now, localTime, timeZone: zone };
}

async function requireChannel(tx: Tx, workspaceId: string, channelId: string): Promise<void> {
  const { rows } = isId(channelId) ? await knownChannel(workspaceId, channelId).execute(tx.sql) : { rows: [] };
  if (rows.length === 0) throw notFound('Channel', 'channelId');
}
