import { sql, transact, unnest, type Ctx, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import type { SegmentFilter } from '../segments/segment-filter.js';
import type { Unreachable } from '../segments/reach.js';
import { audienceOf, audienceRefusal } from './audience.js';
import { findTemplateProblem } from './check-template.js';
import { NEWSLETTER_COLUMNS, setState, tellStarted, type Newsletter } from './newsletter.js';
import { TIME_ZONE_ATTRIBUTE, timeZoneOf } from './recipient-time.rule.js';

const PAGE = 1_000;

/** Those whose time has come begin, but for those of which the template has changed so that nobody could get them. For work across tenants. */
export async function startDue(ctx: Ctx): Promise<void> {
  await transact(ctx, async (tx) => {
    const { rows } = await sql<Newsletter>`
      select ${NEWSLETTER_COLUMNS} from newsletter where state = 'SCHEDULED' and starts_at <= ${tx.now()}
      for update skip locked
    `.execute(tx.sql);
    for (const newsletter of rows) {
      const problem = await findTemplateProblem(tx, newsletter);
      if (problem) {
        const { message, details } = problem;
        await setState(tx, newsletter, 'PAUSED', { because: String(details?.['reason']), message });
        continue;
      }
      tellStarted(tx, newsletter);
      await setState(tx, newsletter, 'PREPARING');
    }
  });
}

/** Those of which it is to be written down whom they go to, the first one first. For work across tenants. */
export async function beingPrepared(ctx: Ctx): Promise<Pick<Newsletter, 'workspaceId' | 'id'>[]> {
  const { rows } = await sql<Pick<Newsletter, 'workspaceId' | 'id'>>`
    select workspace_id as "workspaceId", id from newsletter where state = 'PREPARING' order by started_at
  `.execute(ctx.database.system().getKysely());
  return rows;
}

/**
 * Writes down whom a newsletter goes to, page after page in the order of the contacts' ids, each page in a transaction of its
 * own: whoever takes it up after a crash goes on behind the last one. Returns whether there was something to do.
 */
export async function preparePage(
  ctx: Ctx,
  { workspaceId, id }: Pick<Newsletter, 'workspaceId' | 'id'>,
): Promise<boolean> {
  return transact(ctx, async (tx) => {
    const { rows } = await sql<Newsletter>`
      select ${NEWSLETTER_COLUMNS} from newsletter
      where workspace_id = ${workspaceId} and id = ${id} and state = 'PREPARING' for update skip locked
    `.execute(tx.sql);
    const [newsletter] = rows;
    if (!newsletter) return false;
    const filter = await presentFilter(tx, newsletter);
    const page = await readPage(tx, newsletter, filter);
    await insertRecipients(tx, newsletter, page);
    await sql`
      update newsletter set prepared_up_to = ${page.at(-1)?.id ?? newsletter.preparedUpTo},
        filter = ${JSON.stringify(filter)}::jsonb, is_untold = true
      where workspace_id = ${workspaceId} and id = ${id}
    `.execute(tx.sql);
    if (page.length < PAGE) await setState(tx, newsletter, 'RUNNING');
    return true;
  });
}

/** What cannot be prepared would fail again: it waits until somebody has mended it, and the others go on. */
export async function pauseFailed(
  ctx: Ctx,
  { workspaceId, id }: Pick<Newsletter, 'workspaceId' | 'id'>,
): Promise<void> {
  await transact(ctx, async (tx) => {
    const { rows } = await sql<Pick<Newsletter, 'workspaceId' | 'id'>>`
      select workspace_id as "workspaceId", id from newsletter
      where workspace_id = ${workspaceId} and id = ${id} and state = 'PREPARING' for update
    `.execute(tx.sql);
    const message = 'Something went wrong while its recipients were written down. The log has more, by its id.';
    for (const newsletter of rows) await setState(tx, newsletter, 'PAUSED', { because: 'INTERNAL', message });
  });
}

/**
 * As the segment is when the first page is read; of one that is gone, as it was. Locked: or an erasure could take a value out
 * of it, which the newsletter then had for ever.
 */
async function presentFilter(
  tx: Tx,
  { workspaceId, segmentId, filter, preparedUpTo }: Newsletter,
): Promise<SegmentFilter> {
  if (preparedUpTo !== null) return filter;
  const { rows } = await sql<{ filter: SegmentFilter }>`
    select filter from segment where workspace_id = ${workspaceId} and id = ${segmentId} for share
  `.execute(tx.sql);
  return rows[0]?.filter ?? filter;
}

interface AudienceRow {
  id: string;
  kind: string | null;
  value: string | null;
  country: string | null;
  time_zone: string | null;
  refusal: Unreachable | null;
}

async function readPage(tx: Tx, newsletter: Newsletter, filter: SegmentFilter): Promise<AudienceRow[]> {
  const { workspaceId, channelId, preparedUpTo, startedAt } = newsletter;
  const { rows } = await sql<AudienceRow>`
    select contact.id, address.kind, address.value, contact.address->>'country' as country, (
        select stored.value from contact_attribute_value stored where stored.workspace_id = ${workspaceId}
          and stored.contact_id = contact.id and stored.key = ${TIME_ZONE_ATTRIBUTE}
      ) as time_zone, ${audienceRefusal(newsletter)} as refusal
    from ${audienceOf(workspaceId, channelId, filter, startedAt!)}
      ${preparedUpTo === null ? sql`` : sql`and contact.id > ${preparedUpTo}`}
    order by contact.id limit ${PAGE}
  `.execute(tx.sql);
  return rows;
}

/**
 * Whoever is erased or merged meanwhile is waited for, and is not there any more.
 *
 * Who is past the local time already gets it at that time of the next day that comes: never in the night, and never at once,
 * also where it was paused for days before it began.
 */
async function insertRecipients(
  tx: Tx,
  { workspaceId, id, channelId, localTime, timeZone, startedAt }: Newsletter,
  page: readonly AudienceRow[],
): Promise<void> {
  const dueAt = localTime === null ? sql`${startedAt}::timestamptz` : localTimeAfter(localTime, startedAt!);
  await sql`
    insert into newsletter_recipient (workspace_id, id, newsletter_id, contact_id, channel_id, due_at, state, reason)
    select ${workspaceId}::uuid, input.id, ${id}::uuid, input.contact_id, ${channelId}::uuid, ${dueAt},
      case when input.refusal is null then 'PENDING' else 'REFUSED' end, input.refusal
    from ${unnest(
      'input',
      { id: 'uuid', contact_id: 'uuid', time_zone: 'text', refusal: 'text' },
      page.map(({ id: contactId, kind, value, country, time_zone, refusal }) => ({
        id: newId(),
        contact_id: contactId,
        time_zone:
          timeZoneOf({
            timeZone: time_zone,
            phone: kind === 'PHONE' ? value : null,
            bsuid: kind === 'BSUID' ? value : null,
            country,
          }) ??
          timeZone ??
          'UTC',
        refusal,
      })),
    )}
    join contact on contact.workspace_id = ${workspaceId} and contact.id = input.contact_id
    order by contact.id for key share of contact
    on conflict (workspace_id, newsletter_id, contact_id) do nothing
  `.execute(tx.sql);
}

const DAY_MS = 86_400_000;

/** The first time that clocks in `input.time_zone` show the time of day of `localTime`, on its day or a later one, when it has begun. */
function localTimeAfter(localTime: string, startedAt: Date): ReturnType<typeof sql> {
  const daysLate = Math.floor((startedAt.getTime() - Date.parse(`${localTime}Z`)) / DAY_MS);
  // Time zones are less than a day from UTC, on either side, and so is a change of clocks.
  const days = { from: Math.max(0, daysLate - 1), to: Math.max(0, daysLate + 2) };
  return sql`(
    select min(at) from generate_series(${days.from}::int, ${days.to}::int) day,
      lateral (select (${localTime}::timestamp + make_interval(days => day)) at time zone input.time_zone as at) local
    where at >= ${startedAt}::timestamptz
  )`;
}
