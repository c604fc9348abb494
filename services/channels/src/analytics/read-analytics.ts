import { pricingAnalyticsRead, type AnalyticsGranularity, type PricingAnalyticsRead } from '@fenster/contracts';
import { sql, transact, type Ctx, type Tx } from '@fenster/database';
import { createPoller, newId, type Poller } from '@fenster/runtime';
import { openCredentials, SEALED_CREDENTIALS, type SealedCredentials } from '../channels/credentials.js';
import type { ChannelsApp } from '../context.js';
import { CHANNEL_KINDS, type ChannelKind } from '../providers/channel-kind.js';
import type { AnalyticsPoint } from '../providers/provider.js';

const CHECK_MS = 60_000;
const AGAIN_AFTER_MS = 10 * 60_000;
const READ_AFTER_MS = 24 * 3_600_000;
/** Statuses come for seven days (whatsapp.md §A3), so the figures of a month may change for as long. */
const SETTLED_AFTER_MS = 8 * 24 * 3_600_000;
const AT_ONCE = 4;
const POINTS_AT_ONCE = 1_000;

/** Of `channel c`: what its account counted can be asked for, and means something. */
export const IS_READABLE = sql`c.state = 'ACTIVE' and c.account is not null and c.currency is not null
  and c.time_zone is not null`;
const isOfKind = (kinds: readonly ChannelKind[]) => sql`c.kind = any(${[...kinds]}::text[])`;

/**
 * Reads what providers counted: daily the days of the month that is, and of the one before as long as its figures may
 * change; any month, by half hours, days or as a whole, as soon as somebody wants it.
 */
export function createAnalyticsReader(ctx: Ctx, app: Pick<ChannelsApp, 'providers' | 'secretKey'>): Poller {
  return createPoller({
    async work(isStopped) {
      for (let wasFull = true; wasFull && !isStopped();) wasFull = (await readSome(ctx, app)) === AT_ONCE;
    },
    everyMs: CHECK_MS,
    name: 'reading what providers counted',
    log: ctx.log,
  });
}

/** Returns how many months of accounts there were. */
export async function readSome(ctx: Ctx, app: Pick<ChannelsApp, 'providers' | 'secretKey'>): Promise<number> {
  const kinds = CHANNEL_KINDS.filter((kind) => app.providers[kind].analytics);
  const rows = await transact(ctx, async (tx) => {
    await wantByCalendar(tx, kinds);
    return takeDue(tx, kinds);
  });
  await Promise.all(
    rows.map(async (row) => {
      const { channelId } = row;
      try {
        const reason = await readMonth(ctx, app, row);
        if (reason !== undefined) ctx.log.warn({ channelId, reason }, 'what a provider counted cannot be read');
      } catch (error) {
        ctx.log.error({ err: error, channelId }, 'what a provider counted cannot be told');
      }
    }),
  );
  return rows.length;
}

interface Due extends SealedCredentials {
  workspaceId: string;
  accountId: string;
  month: string;
  granularity: AnalyticsGranularity;
  currency: string;
  timeZone: string;
  from: Date;
  to: Date;
}

/** The months that are read by themselves, unless somebody wanted them in other periods. */
async function wantByCalendar(tx: Tx, kinds: readonly ChannelKind[]): Promise<void> {
  const now = tx.now();
  const months = [now, new Date(now.getTime() - SETTLED_AFTER_MS)].map((at) => at.toISOString().slice(0, 7));
  await sql`
    insert into analytics_reading as known (workspace_id, account_id, month, granularity, wanted_at)
    select distinct c.workspace_id, c.account, month, 'DAILY', ${now}::timestamptz
    from channel c cross join unnest(${[...new Set(months)]}::text[]) as month
    where ${IS_READABLE} and ${isOfKind(kinds)}
    order by 1, 2, 3
    on conflict (workspace_id, account_id, month) do update set wanted_at = excluded.wanted_at
    where known.read_at < ${new Date(now.getTime() - READ_AFTER_MS)} and known.wanted_at <= known.read_at
  `.execute(tx.sql);
}

/** Each by one process at a time, and what failed not at once again. What nobody can read yet keeps nothing else waiting. */
async function takeDue(tx: Tx, kinds: readonly ChannelKind[]): Promise<Due[]> {
  const now = tx.now();
  const nextTryAt = new Date(now.getTime() + AGAIN_AFTER_MS);
  const { rows } = await sql<Omit<Due, 'from' | 'to'> & { from: string; to: string }>`
    with due as (
      select workspace_id, account_id, month from analytics_reading reading
      where (read_at is null or wanted_at > read_at) and (next_try_at is null or next_try_at <= ${now}) and exists (
          select from channel c where c.workspace_id = reading.workspace_id and c.account = reading.account_id
            and ${IS_READABLE} and ${isOfKind(kinds)} and (reading.month || '-01')::timestamp at time zone c.time_zone < ${now}
        )
      order by wanted_at, workspace_id, account_id, month limit ${AT_ONCE} for update of reading skip locked
    ), taken as (
      update analytics_reading r set next_try_at = ${nextTryAt} from due
      where r.workspace_id = due.workspace_id and r.account_id = due.account_id and r.month = due.month
      returning r.*
    )
    select distinct on (taken.workspace_id, taken.account_id, taken.month)
      taken.workspace_id as "workspaceId", taken.account_id as "accountId", taken.month, taken.granularity,
      c.id as "channelId", c.currency, c.time_zone as "timeZone",
      (taken.month || '-01')::timestamp at time zone c.time_zone as "from",
      ((taken.month || '-01')::timestamp + interval '1 month') at time zone c.time_zone as "to",
      ${SEALED_CREDENTIALS}
    from taken
    join channel c on c.workspace_id = taken.workspace_id and c.account = taken.account_id
      and ${IS_READABLE} and ${isOfKind(kinds)}
    order by taken.workspace_id, taken.account_id, taken.month, c.id
  `.execute(tx.sql);
  return rows.map(({ from, to, ...row }) => ({ ...row, from: new Date(from), to: new Date(to) }));
}

/** @returns why it could not be read. */
async function readMonth(
  ctx: Ctx,
  { providers, secretKey }: Pick<ChannelsApp, 'providers' | 'secretKey'>,
  row: Due,
): Promise<string | undefined> {
  const { workspaceId, accountId, month, granularity, currency, timeZone, from } = row;
  const readAt = ctx.now();
  const to = row.to < readAt ? row.to : readAt;
  if (to <= from) return undefined;
  const answer = await providers[row.channelKind].analytics!.read(
    { accountId, granularity, from, to },
    openCredentials(secretKey, row),
  );
  if (answer.kind === 'refused') return `refused with ${answer.code ?? 'no code'}`;
  if (answer.kind === 'unreachable') return answer.reason;
  await transact(ctx, async (tx) => {
    const channelOf = await channelsByPhone(tx, row);
    const points = answer.value.map((point) => toPoint(point, channelOf));
    const parts = Math.max(1, Math.ceil(points.length / POINTS_AT_ONCE));
    const readingId = newId();
    const about = { accountId, month, granularity, readingId, parts, readAt: readAt.toISOString(), currency, timeZone };
    for (let part = 1; part <= parts; part += 1) {
      const some = points.slice((part - 1) * POINTS_AT_ONCE, part * POINTS_AT_ONCE);
      tx.emit(pricingAnalyticsRead, { entityId: readingId, workspaceId, data: { ...about, part, points: some } });
    }
    await sql`
      update analytics_reading set read_at = ${readAt}, next_try_at = null
      where workspace_id = ${workspaceId} and account_id = ${accountId} and month = ${month}
    `.execute(tx.sql);
  });
  return undefined;
}

/** Numbers without sign, as analytics write them. */
async function channelsByPhone(tx: Tx, { workspaceId, accountId }: Due): Promise<Map<string, string>> {
  const { rows } = await sql<{ id: string; phone: string }>`
    select id, regexp_replace(display_phone_number, '[^0-9]', '', 'g') as phone from channel
    where workspace_id = ${workspaceId} and account = ${accountId} and display_phone_number is not null
  `.execute(tx.sql);
  return new Map(rows.map(({ id, phone }) => [phone, id]));
}

function toPoint(
  { phone, startsAt, endsAt, ...point }: AnalyticsPoint,
  channelOf: ReadonlyMap<string, string>,
): PricingAnalyticsRead['points'][number] {
  const channelId = phone === undefined ? undefined : channelOf.get(phone);
  return {
    ...point,
    startsAt: startsAt.toISOString(),
    endsAt: endsAt.toISOString(),
    ...(channelId !== undefined && { channelId }),
  };
}
