import { array, sql, transact, unnest, type Ctx, type Tx } from '@fenster/database';
import { SEALED_CREDENTIALS, type SealedCredentials } from '../channels/credentials.js';
import { allot, type Allotment, type DueMessage, type NumberState, type PortfolioState } from '../limits/allot.rule.js';
import { isProbing } from '../limits/circuit-breaker.rule.js';
import {
  afterTaking,
  messagesPerSecond,
  nextTokenAt,
  numberRule,
  peoplePerDay,
  tokensLeft,
} from '../limits/token-bucket.rule.js';
import type { ChannelKind } from '../providers/channel-kind.js';
import { ADAPTERS } from '../providers/providers.js';
import { rejectStopped } from '../newsletters/reject-stopped.js';
import { rejectOptedOut } from '../opt-outs/reject-opted-out.js';
import { emitDelayed, isWorthTelling } from './tell-delayed.js';

/** A message that this process, and no other, may send now. */
export interface ClaimedMessage extends SealedCredentials {
  workspaceId: string;
  id: string;
  attempts: number;
  queuedAt: Date;
  attemptedAt: Date;
  correlationId: string;
  causationId: string;
  request: Buffer;
  /** Finds out whether the provider is back. */
  isProbe: boolean;
}

export interface Claim {
  messages: ClaimedMessage[];
  /** When more may leave, if that is known. */
  againAt: Date | undefined;
}

/** Of so many numbers at a time, those that sent least lately. */
const MAX_NUMBERS = 64;
/** Where a workspace's id stands before something. */
const UUID_LENGTH = 36;
const DAY_MS = 86_400_000;

/**
 * Takes up to `limit` messages that are due, each the first of its thread that has not left yet, and notes the
 * attempt before it is made: after a crash nobody can mistake them for messages that were never sent. While one may
 * be in flight, or waits for another attempt, the rest of its thread waits behind it.
 *
 * Any number of processes together keep the limits of numbers, of pairs and of portfolios: whoever takes messages of a
 * channel holds its row of `channel_delivery`, and whoever counts for a portfolio its lock.
 */
export async function claimDue(ctx: Ctx, limit: number, leaseMs: number): Promise<Claim> {
  return transact(ctx, async (tx) => {
    const numbers = await lockNumbers(tx);
    if (numbers.length === 0) return { messages: [], againAt: undefined };
    const now = tx.now().getTime();
    const open = numbers.filter((number) => tokensLeft(number.rule, number.fullAt, now) > 0);
    const due = await withoutStopped(tx, await readDue(tx, open, limit));
    const { portfolios, idOf } = await readPortfolios(tx, due);
    const pairs = new Map(due.flatMap(({ pair, pairFullAt }) => (pairFullAt === null ? [] : [[pair, pairFullAt]])));
    const allotment = allot(due, {
      now,
      limit,
      numbers: open.map((number) => ({ ...number, portfolioId: idOf.get(number.channelId) })),
      pairs,
      portfolios,
    });
    const messages = await takeOut(tx, allotment, open, leaseMs);
    await holdBack(tx, allotment);
    await saveLimits(tx, allotment, open, leaseMs);
    return { messages, againAt: againAt(allotment, numbers, now) };
  });
}

interface LockedNumber extends NumberState {
  workspaceId: string;
}

interface NumberRow {
  workspace_id: string;
  channel_id: string;
  kind: ChannelKind;
  full_at: number;
  failures: number;
  messages_per_second: number | null;
  throughput: string | null;
}

/** The numbers that may send and have something to, but for those of which another process takes something just now. */
async function lockNumbers(tx: Tx): Promise<LockedNumber[]> {
  const now = tx.now();
  const { rows } = await sql<NumberRow>`/* prepared */
    with recursive queue as (
      (select workspace_id, channel_id from outbound_message where state = 'QUEUED'
       order by workspace_id, channel_id limit 1)
      union all
      select next.workspace_id, next.channel_id from queue cross join lateral (
        select workspace_id, channel_id from outbound_message
        where state = 'QUEUED' and (workspace_id, channel_id) > (queue.workspace_id, queue.channel_id)
        order by workspace_id, channel_id limit 1
      ) next
    )
    select d.workspace_id, d.channel_id, c.kind, d.full_at, d.failures, c.messages_per_second, f.value #>> '{}' as throughput
    from queue
    join channel c on c.workspace_id = queue.workspace_id and c.id = queue.channel_id
    join channel_delivery d on d.workspace_id = queue.workspace_id and d.channel_id = queue.channel_id
    left join channel_fact f on f.workspace_id = c.workspace_id and f.channel_id = c.id and f.name = 'throughput'
    where c.state = 'ACTIVE' and (d.paused_until is null or d.paused_until <= ${now}) and exists (
      select from outbound_message m
      where m.workspace_id = c.workspace_id and m.channel_id = c.id and m.state = 'QUEUED' and m.next_attempt_at <= ${now}
    )
    order by d.full_at limit ${MAX_NUMBERS}
    for update of d skip locked
  `.execute(tx.sql);
  return rows.map((row) => ({
    workspaceId: row.workspace_id,
    channelId: row.channel_id,
    rule: numberRule(messagesPerSecond(ADAPTERS[row.kind].limits, row.messages_per_second, row.throughput)),
    pairRule: ADAPTERS[row.kind].limits.pair,
    fullAt: row.full_at,
    isProbing: isProbing({ failures: row.failures, pausedUntil: null }, now),
  }));
}

interface DueRow extends DueMessage {
  workspaceId: string;
  correlationId: string;
  causationId: string;
  pairFullAt: number | null;
  isMarketing: boolean;
}

async function readDue(tx: Tx, numbers: readonly LockedNumber[], limit: number): Promise<DueRow[]> {
  if (numbers.length === 0) return [];
  const now = tx.now();
  const asked = numbers.map((number) => ({
    workspace_id: number.workspaceId,
    channel_id: number.channelId,
    wanted: Math.min(limit, tokensLeft(number.rule, number.fullAt, now.getTime())),
  }));
  const { rows } = await sql<DueRow>`/* prepared */
    select due.id, due.workspace_id as "workspaceId", due.channel_id as "channelId",
      due.channel_id || encode(due.recipient_hash, 'hex') as pair, encode(due.recipient_hash, 'hex') as person,
      due.window_expires_at is not null and due.window_expires_at <= ${now} as "isOutsideWindow",
      due.correlation_id as "correlationId", due.causation_id as "causationId", pair.full_at as "pairFullAt",
      due.is_marketing as "isMarketing"
    from ${unnest('number', { workspace_id: 'uuid', channel_id: 'uuid', wanted: 'int' }, asked)}
    cross join lateral (
      select m.* from outbound_message m
      where m.workspace_id = number.workspace_id and m.channel_id = number.channel_id
        and m.state = 'QUEUED' and m.next_attempt_at <= ${now} and not exists (
          select from outbound_message earlier
          where earlier.workspace_id = m.workspace_id and earlier.thread_id = m.thread_id and earlier.seq < m.seq
            and earlier.state in ('QUEUED', 'ATTEMPTED') and (
              earlier.state = 'QUEUED' or earlier.in_flight_until > ${now} or earlier.is_bringing_files
            )
        )
      order by m.next_attempt_at limit number.wanted
      for update of m skip locked
    ) due
    left join pair_limit pair on pair.workspace_id = due.workspace_id and pair.channel_id = due.channel_id
      and pair.recipient_hash = due.recipient_hash
  `.execute(tx.sql);
  return rows;
}

interface PortfolioRow {
  workspace_id: string;
  portfolio_id: string;
  /** Under these names persons were counted before anybody knew whose accounts they are. */
  account_ids: string[];
  channel_ids: string[];
  messaging_limit: string | null;
}

/**
 * The portfolios of the channels, each with all its numbers in the workspace, whether they send or not. What the provider
 * said of one number of an account holds for all of them, and of a limit its latest word does, of whatever number it was.
 */
async function portfoliosOf(tx: Tx, channels: readonly DueRow[]): Promise<PortfolioRow[]> {
  const workspaceIds = [...new Set(channels.map(({ workspaceId }) => workspaceId))];
  const latestWord = sql.raw(
    `(array_agg(f.value #>> '{}' order by f.as_of desc) filter (where f.value is not null))[1]`,
  );
  const { rows } = await sql<PortfolioRow>`
    with number as (
      select workspace_id, id, coalesce('account ' || account, 'channel ' || id) as account_id from channel
      where workspace_id = any(${array('uuid', workspaceIds)})
    ), account as (
      select n.workspace_id, n.account_id, coalesce(${latestWord}, n.account_id) as portfolio_id
      from number n
      left join channel_fact f on f.workspace_id = n.workspace_id and f.channel_id = n.id and f.name = 'portfolioId'
      group by n.workspace_id, n.account_id
    )
    select a.workspace_id, a.portfolio_id, array_agg(distinct a.account_id) as account_ids,
      array_agg(n.id::text) as channel_ids, ${latestWord} as messaging_limit
    from account a
    join number n on n.workspace_id = a.workspace_id and n.account_id = a.account_id
    left join channel_fact f on f.workspace_id = n.workspace_id and f.channel_id = n.id and f.name = 'messagingLimit'
    group by a.workspace_id, a.portfolio_id
  `.execute(tx.sql);
  const sending = new Set(channels.map(({ channelId }) => channelId));
  return rows.filter((row) => row.channel_ids.some((id) => sending.has(id)));
}

const keyOf = (row: Pick<PortfolioRow, 'workspace_id' | 'portfolio_id'>) => `${row.workspace_id} ${row.portfolio_id}`;

/** Right before they leave, whatever was known when they came. No statement where nothing of it is marketing. */
async function withoutStopped(tx: Tx, due: DueRow[]): Promise<DueRow[]> {
  const marketing = due.filter(({ isMarketing }) => isMarketing);
  if (marketing.length === 0) return due;
  const { rows } = await sql<{ workspace_id: string; thread_id: string; newsletter_id: string | null }>`
    select distinct m.workspace_id, m.thread_id, m.newsletter_id from outbound_message m
    join ${unnest(
      'input',
      { workspace_id: 'uuid', id: 'uuid' },
      marketing.map(({ workspaceId, id }) => ({ workspace_id: workspaceId, id })),
    )} using (workspace_id, id)
  `.execute(tx.sql);
  const newsletters = rows.flatMap(({ workspace_id, newsletter_id }) =>
    newsletter_id === null ? [] : [{ workspace_id, newsletter_id }],
  );
  const rejected = new Set([...(await rejectOptedOut(tx, rows)), ...(await rejectStopped(tx, newsletters))]);
  return due.filter(({ id }) => !rejected.has(id));
}

/** Counts only where it matters: for what goes to persons outside their windows, where there is a limit. */
async function readPortfolios(
  tx: Tx,
  due: readonly DueRow[],
): Promise<{ portfolios: Map<string, PortfolioState>; idOf: ReadonlyMap<string, string> }> {
  const outside = due.filter(({ isOutsideWindow }) => isOutsideWindow);
  if (outside.length === 0) return { portfolios: new Map(), idOf: new Map() };
  const rows = await portfoliosOf(tx, outside);
  const idOf = new Map(rows.flatMap((row) => row.channel_ids.map((id) => [id, keyOf(row)] as const)));
  const limited = rows
    .filter((row) => peoplePerDay(row.messaging_limit) !== undefined)
    .toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  if (limited.length === 0) return { portfolios: new Map(), idOf };
  await sql`
    select pg_advisory_xact_lock(hashtextextended(id, 0))
    from unnest(${array('text', limited, keyOf)}) with ordinality as t(id, n) order by n
  `.execute(tx.sql);
  const since = new Date(tx.now().getTime() - DAY_MS);
  const names = limited.flatMap((row) =>
    [row.portfolio_id, ...row.account_ids.filter((name) => name !== row.portfolio_id)].map((name, ordinal) => ({
      workspace_id: row.workspace_id,
      portfolio_id: row.portfolio_id,
      name,
      ordinal,
    })),
  );
  const named = unnest('named', { workspace_id: 'uuid', portfolio_id: 'text', name: 'text', ordinal: 'int' }, names);
  const counts = await sql<{ id: string; count: string; first: Date | null }>`
    with named as materialized (select * from ${named})
    select named.workspace_id || ' ' || named.portfolio_id as id, sum(counted.count) as count, min(counted.first) as first
    from named
    cross join lateral (
      select count(*) as count, min(r.written_at) as first from portfolio_recipient r
      where r.workspace_id = named.workspace_id and r.portfolio_id = named.name and r.written_at > ${since}
        and (named.ordinal = 0 or not exists (
          select from named other
          join portfolio_recipient same on same.workspace_id = other.workspace_id and same.portfolio_id = other.name
            and same.recipient_hash = r.recipient_hash and same.written_at > ${since}
          where other.workspace_id = named.workspace_id and other.portfolio_id = named.portfolio_id
            and other.ordinal < named.ordinal
        ))
    ) counted
    group by named.workspace_id, named.portfolio_id
  `.execute(tx.sql);
  const known = await sql<{ id: string; person: string }>`
    select distinct named.workspace_id || ' ' || named.portfolio_id as id, input.person
    from ${named}
    join ${unnest(
      'input',
      { workspace_id: 'uuid', portfolio_id: 'text', person: 'text' },
      outside.map(({ channelId, workspaceId, person }) => ({
        workspace_id: workspaceId,
        portfolio_id: idOf.get(channelId)!.slice(UUID_LENGTH + 1),
        person,
      })),
    )} using (workspace_id, portfolio_id)
    join portfolio_recipient r on r.workspace_id = named.workspace_id and r.portfolio_id = named.name
      and r.recipient_hash = decode(input.person, 'hex')
    where r.written_at > ${since}
  `.execute(tx.sql);
  const portfolios = new Map(
    counts.rows.map(({ id, count, first }) => [
      id,
      {
        limit: peoplePerDay(limited.find((row) => keyOf(row) === id)!.messaging_limit),
        count: Number(count),
        counted: new Set(known.rows.filter((row) => row.id === id).map(({ person }) => person)),
        nextPlaceAt: first === null ? undefined : first.getTime() + DAY_MS,
      },
    ]),
  );
  return { portfolios, idOf };
}

async function takeOut(
  tx: Tx,
  { leaving }: Allotment,
  numbers: readonly LockedNumber[],
  leaseMs: number,
): Promise<ClaimedMessage[]> {
  if (leaving.length === 0) return [];
  const now = tx.now();
  const byChannel = new Map(numbers.map((number) => [number.channelId, number]));
  const { rows } = await sql<ClaimedMessage>`/* prepared */
    update outbound_message m set
      state = 'ATTEMPTED', attempts = m.attempts + 1, attempted_at = ${now}, waiting_for = null,
      is_bringing_files = m.has_files,
      in_flight_until = ${new Date(now.getTime() + leaseMs)}
    from ${unnest(
      'leaving',
      { workspace_id: 'uuid', id: 'uuid' },
      leaving.map(({ id, channelId }) => ({ workspace_id: byChannel.get(channelId)!.workspaceId, id })),
    )}
    join channel c on c.workspace_id = leaving.workspace_id
    where m.workspace_id = leaving.workspace_id and m.id = leaving.id and c.id = m.channel_id
    returning m.workspace_id as "workspaceId", m.id, m.channel_id as "channelId", m.attempts, m.queued_at as "queuedAt",
      m.attempted_at as "attemptedAt", m.correlation_id as "correlationId", m.causation_id as "causationId", m.request,
      ${SEALED_CREDENTIALS}
  `.execute(tx.sql);
  return rows.map((row) => ({ ...row, isProbe: byChannel.get(row.channelId)!.isProbing }));
}

async function holdBack(tx: Tx, { waiting }: Allotment): Promise<void> {
  if (waiting.length === 0) return;
  const now = tx.now();
  const held = waiting.map(({ message, reason, until }) => ({
    message: message as DueRow,
    reason,
    until: new Date(until),
  }));
  const { rows } = await sql<{ id: string }>`
    update outbound_message m set
      next_attempt_at = hold.until, waiting_for = case when hold.is_told then hold.reason else m.waiting_for end
    from ${unnest(
      'hold',
      { workspace_id: 'uuid', id: 'uuid', reason: 'text', until: 'timestamptz', is_told: 'boolean' },
      held.map(({ message, reason, until }) => ({
        workspace_id: message.workspaceId,
        id: message.id,
        reason,
        until,
        is_told: isWorthTelling(until, now),
      })),
    )}
    where m.workspace_id = hold.workspace_id and m.id = hold.id
    returning m.id
  `.execute(tx.sql);
  const ids = new Set(rows.map(({ id }) => id));
  for (const { message, reason, until } of held) {
    if (ids.has(message.id) && isWorthTelling(until, now)) emitDelayed(tx, message, reason, until);
  }
}

async function saveLimits(
  tx: Tx,
  { taken, pairs, counted }: Allotment,
  numbers: readonly LockedNumber[],
  leaseMs: number,
): Promise<void> {
  if (taken.size === 0) return;
  const now = tx.now();
  const byChannel = new Map(numbers.map((number) => [number.channelId, number]));
  const users = [...taken].map(([channelId, count]) => {
    const { workspaceId, rule, fullAt, isProbing: probes } = byChannel.get(channelId)!;
    return {
      workspace_id: workspaceId,
      channel_id: channelId,
      full_at: afterTaking(rule, fullAt, now.getTime(), count),
      // While the one message is under way nothing else goes.
      paused_until: probes ? new Date(now.getTime() + leaseMs) : null,
    };
  });
  await sql`/* prepared */
    update channel_delivery d set full_at = greatest(d.full_at, used.full_at),
      paused_until = coalesce(used.paused_until, d.paused_until)
    from ${unnest('used', { workspace_id: 'uuid', channel_id: 'uuid', full_at: 'float8', paused_until: 'timestamptz' }, users)}
    where d.workspace_id = used.workspace_id and d.channel_id = used.channel_id
  `.execute(tx.sql);
  const pairRows = [...pairs].map(([pair, fullAt]) => {
    const channelId = pair.slice(0, UUID_LENGTH);
    return {
      workspace_id: byChannel.get(channelId)!.workspaceId,
      channel_id: channelId,
      recipient_hash: Buffer.from(pair.slice(UUID_LENGTH), 'hex'),
      full_at: fullAt,
    };
  });
  await sql`/* prepared */
    insert into pair_limit (workspace_id, channel_id, recipient_hash, full_at)
    select * from ${unnest('used', { workspace_id: 'uuid', channel_id: 'uuid', recipient_hash: 'bytea', full_at: 'float8' }, pairRows)}
    order by 1, 2, 3
    on conflict (workspace_id, channel_id, recipient_hash)
      do update set full_at = greatest(pair_limit.full_at, excluded.full_at)
  `.execute(tx.sql);
  const people = [...counted].flatMap(([portfolioId, persons]) =>
    [...persons].map((person) => ({
      workspace_id: portfolioId.slice(0, UUID_LENGTH),
      portfolio_id: portfolioId.slice(UUID_LENGTH + 1),
      recipient_hash: Buffer.from(person, 'hex'),
    })),
  );
  if (people.length === 0) return;
  await sql`
    insert into portfolio_recipient (workspace_id, portfolio_id, recipient_hash, written_at)
    select workspace_id, portfolio_id, recipient_hash, ${now}
    from ${unnest('used', { workspace_id: 'uuid', portfolio_id: 'text', recipient_hash: 'bytea' }, people)}
    order by 1, 2, 3
    on conflict (workspace_id, portfolio_id, recipient_hash) do update set written_at = excluded.written_at
  `.execute(tx.sql);
}

/** At once if something made way for others; else when a number that has no token left gets one. */
function againAt({ waiting, taken }: Allotment, numbers: readonly LockedNumber[], now: number): Date | undefined {
  if (waiting.length > 0) return new Date(now);
  const times = numbers.flatMap(({ rule, fullAt, channelId, isProbing: probes }) => {
    const left = afterTaking(rule, fullAt, now, taken.get(channelId) ?? 0);
    return probes || tokensLeft(rule, left, now) > 0 ? [] : [nextTokenAt(rule, left)];
  });
  return times.length > 0 ? new Date(Math.ceil(Math.min(...times))) : undefined;
}
