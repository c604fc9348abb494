import { newsletterMessageDue, type ConsentIdentityKind } from '@fenster/contracts';
import { array, sql, transact, unnest, type Ctx, type Tx } from '@fenster/database';
import type { Unreachable } from '../segments/reach.js';
import { addressOf, audienceRefusal, placeableAttributes } from './audience.js';
import { setState, type Newsletter } from './newsletter.js';
import { allowancesOf, OVERTAKEN_S, type ChannelPace, type NewsletterPace } from './pace.rule.js';
import { valuesOf, type KnownValues } from './placeholder.rule.js';

const DAY_MS = 86_400_000;
/** Longer than channels tries: what has not left by then is lost, and must not stop all that comes after. */
const UNDER_WAY_MS = 25 * 3_600_000;

/** Channels with newsletters that have somebody due. For work across tenants. */
export async function dueChannels(ctx: Ctx): Promise<{ workspaceId: string; channelId: string }[]> {
  const { rows } = await sql<{ workspaceId: string; channelId: string }>`
    select distinct workspace_id as "workspaceId", channel_id as "channelId" from newsletter
    where state = 'RUNNING' and exists (
      select from newsletter_recipient recipient where recipient.workspace_id = newsletter.workspace_id
        and recipient.newsletter_id = newsletter.id and recipient.state = 'PENDING'
        and recipient.due_at <= ${ctx.now()}
    )
  `.execute(ctx.database.system().getKysely());
  return rows;
}

/**
 * Hands over as many messages as the pace of the channel allows, the earliest due first. What is told of them and that
 * they were handed over are one transaction, so a crash neither loses one nor tells it twice. Whoever holds the channel's
 * row does it alone, of any number of processes.
 */
export async function handOver(
  ctx: Ctx,
  { workspaceId, channelId }: { workspaceId: string; channelId: string },
): Promise<number> {
  return transact(ctx, async (tx) => {
    const pace = await readPace(tx, workspaceId, channelId);
    if (!pace) return 0;
    const newsletters = await lockNewsletters(tx, workspaceId, channelId);
    const shares = allowancesOf(pace, newsletters);
    let handed = 0;
    for (const [index, newsletter] of newsletters.entries()) {
      handed += await handOverSome(tx, { workspaceId, channelId, ...newsletter }, shares[index]!);
    }
    if (handed === 0) return 0;
    await sql`
      update sending_channel set handed_at = ${tx.now()} where workspace_id = ${workspaceId} and id = ${channelId}
    `.execute(tx.sql);
    return handed;
  });
}

type DueNewsletter = NewsletterPace & Pick<Newsletter, 'id' | 'purpose' | 'placeholders'>;

/** Those with somebody due, who has waited longest first. A pause or a cancellation waits for what is handed over now, and then stops the rest. */
async function lockNewsletters(tx: Tx, workspaceId: string, channelId: string): Promise<DueNewsletter[]> {
  const now = tx.now();
  const { rows } = await sql<DueNewsletter>`
    select id, purpose, placeholders, handed_at as "handedAt", (
        select count(*)::int from newsletter_recipient recipient
        where recipient.workspace_id = ${workspaceId} and recipient.channel_id = ${channelId}
          and recipient.newsletter_id = newsletter.id and ${UNDER_WAY(now)}
          and recipient.handed_at > coalesce(newsletter.left_up_to, '-infinity') - make_interval(secs => ${OVERTAKEN_S}::int)
      ) as "underWay"
    from newsletter where workspace_id = ${workspaceId} and channel_id = ${channelId} and state = 'RUNNING' and exists (
      select from newsletter_recipient due where due.workspace_id = ${workspaceId}
        and due.newsletter_id = newsletter.id and due.state = 'PENDING' and due.due_at <= ${now}
    )
    order by handed_at nulls first, id for no key update of newsletter skip locked
  `.execute(tx.sql);
  return rows;
}

/** Of recipients `recipient`. */
const UNDER_WAY = (now: Date) => sql`(
  recipient.state in ('HANDED_OVER', 'QUEUED') and recipient.handed_at > ${new Date(now.getTime() - UNDER_WAY_MS)}
)`;

/** Undefined if somebody else hands over now. */
async function readPace(tx: Tx, workspaceId: string, channelId: string): Promise<ChannelPace | undefined> {
  const now = tx.now();
  const { rows } = await sql<{
    account_id: string | null;
    messages_per_second: number | null;
    recipients_per_day: number | null;
    handed_at: Date | null;
  }>`
    select account_id, messages_per_second, recipients_per_day, handed_at from sending_channel
    where workspace_id = ${workspaceId} and id = ${channelId} for update skip locked
  `.execute(tx.sql);
  const [channel] = rows;
  if (!channel) return undefined;
  // A day has many rows, and nobody asks for them where there is no limit to it.
  const handedInDay =
    channel.recipients_per_day === null
      ? sql`0`
      : sql`(
          select count(*)::int from sending_channel sending join newsletter_recipient recipient
            on recipient.workspace_id = sending.workspace_id and recipient.channel_id = sending.id
          where sending.workspace_id = ${workspaceId}
            and (sending.id = ${channelId} or sending.account_id = ${channel.account_id})
            and recipient.handed_at > ${new Date(now.getTime() - UNDER_WAY_MS)} and recipient.state <> 'REFUSED'
            and (recipient.handed_at > ${new Date(now.getTime() - DAY_MS)} or recipient.state in ('HANDED_OVER', 'QUEUED'))
        )`;
  const { rows: used } = await sql<{ handed: number }>`select ${handedInDay} as handed`.execute(tx.sql);
  return {
    now,
    handedAt: channel.handed_at,
    messagesPerSecond: channel.messages_per_second,
    recipientsPerDay: channel.recipients_per_day,
    handedInDay: used[0]!.handed,
  };
}

interface DueRow extends KnownValues {
  id: string;
  /** Whose address it is to the conversation service: after a merge, who it was told of. */
  origin_id: string | null;
  kind: ConsentIdentityKind | null;
  value: string | null;
  /** Two recipients turned out to be one person, who has got it as the other one, or is about to. */
  is_double: boolean;
  refusal: Unreachable | null;
}

async function handOverSome(
  tx: Tx,
  {
    workspaceId,
    channelId,
    id: newsletterId,
    purpose,
    placeholders,
  }: Pick<Newsletter, 'workspaceId' | 'channelId' | 'id' | 'purpose' | 'placeholders'>,
  count: number,
): Promise<number> {
  if (count === 0) return 0;
  const now = tx.now();
  const { rows: next } = await sql<{ id: string; contact_id: string | null }>`
    select id, contact_id from newsletter_recipient
    where workspace_id = ${workspaceId} and newsletter_id = ${newsletterId} and state = 'PENDING' and due_at <= ${now}
    order by due_at, id limit ${count}
  `.execute(tx.sql);
  // Whoever merges or erases them is waited for, and waits for this; before their rows here, as an erasure takes them.
  await sql`
    select from contact where workspace_id = ${workspaceId}
      and id = any(${array(
        'uuid',
        next.flatMap(({ contact_id }) => contact_id ?? []),
      )})
    order by id for key share
  `.execute(tx.sql);
  // By what the person is called now, and by what they say now: contacts may have become one since it was prepared.
  const { rows } = await sql<DueRow>`
    with due as materialized (
      select recipient.id, coalesce(alias.contact_id, recipient.contact_id) as contact_id
      from newsletter_recipient recipient
      left join contact_alias alias on alias.workspace_id = ${workspaceId} and alias.id = recipient.contact_id
      where recipient.workspace_id = ${workspaceId} and recipient.state = 'PENDING'
        and recipient.id = any(${array(
          'uuid',
          next.map(({ id }) => id),
        )})
      order by recipient.due_at, recipient.id for update of recipient
    )
    select due.id, address.origin_id, address.kind, address.value, exists (
        select from newsletter_recipient other where other.workspace_id = ${workspaceId}
          and other.newsletter_id = ${newsletterId} and other.id <> due.id
          and other.contact_id = any(array(
            select due.contact_id union all
            select known.id from contact_alias known
            where known.workspace_id = ${workspaceId} and known.contact_id = due.contact_id
          ))
          and (other.state not in ('PENDING', 'REFUSED') or (other.state = 'PENDING' and other.id < due.id))
      ) as is_double, ${audienceRefusal({ workspaceId, channelId, purpose })} as refusal,
      contact.name, ${placeableAttributes(workspaceId, placeholders)} as attributes
    from due left join contact on contact.workspace_id = ${workspaceId} and contact.id = due.contact_id
      ${addressOf(workspaceId, channelId, sql`due.contact_id`)}
  `.execute(tx.sql);
  const handed = rows.map((row) => {
    const values = valuesOf(placeholders, row);
    return {
      id: row.id,
      refusal: row.is_double ? 'DUPLICATE' : (row.refusal ?? (values ? null : 'VALUE_MISSING')),
      values: values ?? [],
    };
  });
  await sql`
    update newsletter_recipient recipient set handed_at = ${now},
      state = case when input.refusal is null then 'HANDED_OVER' else 'REFUSED' end, reason = input.refusal
    from ${unnest(
      'input',
      { id: 'uuid', refusal: 'text' },
      handed.map(({ id, refusal }) => ({ id, refusal })),
    )}
    where recipient.workspace_id = ${workspaceId} and recipient.id = input.id
  `.execute(tx.sql);
  if (rows.length > 0) await markHanded(tx, workspaceId, newsletterId);
  for (const [index, { id: messageId, origin_id: contactId, kind, value }] of rows.entries()) {
    const { refusal, values } = handed[index]!;
    if (refusal !== null) continue;
    tx.emit(newsletterMessageDue, {
      workspaceId,
      entityId: messageId,
      data: { newsletterId, messageId, contactId: contactId!, identity: { kind: kind!, value: value! }, values },
    });
  }
  return rows.length;
}

function markHanded(tx: Tx, workspaceId: string, id: string) {
  return sql`
    update newsletter set is_untold = true, handed_at = ${tx.now()} where workspace_id = ${workspaceId} and id = ${id}
  `.execute(tx.sql);
}

/** Those of which everybody’s message has left, or never will: until then it can be paused. For work across tenants. */
export async function completeDone(ctx: Ctx): Promise<void> {
  await transact(ctx, async (tx) => {
    const { rows } = await sql<Pick<Newsletter, 'workspaceId' | 'id'>>`
      select workspace_id as "workspaceId", id from newsletter
      where state = 'RUNNING' and not exists (
        select from newsletter_recipient recipient where recipient.workspace_id = newsletter.workspace_id
          and recipient.newsletter_id = newsletter.id and recipient.state = 'PENDING'
      ) and not exists (
        select from newsletter_recipient recipient where recipient.workspace_id = newsletter.workspace_id
          and recipient.newsletter_id = newsletter.id and recipient.state in ('HANDED_OVER', 'QUEUED')
          and recipient.handed_at > ${new Date(tx.now().getTime() - UNDER_WAY_MS)}
      )
      for update skip locked
    `.execute(tx.sql);
    for (const newsletter of rows) await setState(tx, newsletter, 'COMPLETED');
  });
}
