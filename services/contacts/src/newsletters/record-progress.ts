import type { Envelope, NewsletterMessageProgressed } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { setState, type Newsletter } from './newsletter.js';
import { OVERTAKEN_S } from './pace.rule.js';

/** Who writes later than that writes about something else. */
const REPLY_WITHIN_HOURS = 72;

type Progress = Envelope<NewsletterMessageProgressed>;

/** What came of messages that were handed over. */
export async function recordProgress(tx: Tx, events: readonly Progress[]): Promise<void> {
  const held = events.filter(({ data }) => data.outcome === 'HELD');
  const touched = [...(await storeStates(tx, events)), ...(await storeReplies(tx, events))];
  const newsletters = Map.groupBy(touched, (row) => row.newsletter_id);
  // Whoever hands over passes by one that is locked: so that is done no more often than it has to be.
  await sql`
    update newsletter set is_untold = true, left_up_to = greatest(newsletter.left_up_to, input.left_up_to)
    from ${unnest(
      'input',
      { workspace_id: 'uuid', id: 'uuid', left_up_to: 'timestamptz' },
      [...newsletters].map(([id, rows]) => ({ workspace_id: rows[0]!.workspace_id, id, left_up_to: latestOf(rows) })),
    )}
    where newsletter.workspace_id = input.workspace_id and newsletter.id = input.id and (
      not newsletter.is_untold
      or input.left_up_to > coalesce(newsletter.left_up_to, '-infinity') + make_interval(secs => ${OVERTAKEN_S / 3}::int)
    )
  `.execute(tx.sql);
  if (held.length > 0) await pauseHeld(tx, held);
}

interface TouchedRow {
  workspace_id: string;
  newsletter_id: string;
  /** When it was handed over, if it is known what came of it. */
  left_at?: Date | null;
}

function latestOf(rows: readonly TouchedRow[]): Date | undefined {
  const times = rows.flatMap(({ left_at }) => left_at?.getTime() ?? []);
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}

/**
 * The conversation service decides the order of states, and tells each once; so of a batch the last one counts. What was
 * HELD is due again, unless the message went on its way or was refused meanwhile; so is what was STOPPED, as another
 * message, because this one exists and has not left.
 */
async function storeStates(tx: Tx, events: readonly Progress[]): Promise<TouchedRow[]> {
  const moved = events.filter(({ data }) => data.outcome !== 'REPLIED');
  if (moved.length === 0) return [];
  const queuedAt = new Map(
    moved.flatMap(({ data }) => (data.outcome === 'QUEUED' ? [[data.messageId, data.at] as const] : [])),
  );
  const latest = [...new Map(moved.map((event) => [event.data.messageId, event])).values()];
  const { rows } = await sql<TouchedRow>`
    update newsletter_recipient recipient set
      id = coalesce(input.next_id, recipient.id),
      state = case when input.outcome in ('HELD', 'STOPPED') then 'PENDING' else input.outcome end,
      handed_at = case when input.outcome in ('HELD', 'STOPPED') then null else recipient.handed_at end,
      queued_at = case when input.outcome = 'STOPPED' then null else coalesce(recipient.queued_at, input.queued_at) end,
      reason = case when input.outcome = 'HELD' then null else input.reason end
    from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        id: 'uuid',
        next_id: 'uuid',
        outcome: 'text',
        reason: 'text',
        queued_at: 'timestamptz',
      },
      latest.map(({ workspaceId, data }) => ({
        workspace_id: workspaceId,
        id: data.messageId,
        next_id: data.outcome === 'STOPPED' ? newId() : undefined,
        outcome: data.outcome,
        reason: data.reason,
        queued_at: queuedAt.get(data.messageId),
      })),
    )}
    where recipient.workspace_id = input.workspace_id and recipient.id = input.id
      and recipient.state not in ('PENDING', 'REFUSED')
      and (input.outcome not in ('HELD', 'REFUSED') or recipient.state = 'HANDED_OVER')
    returning recipient.workspace_id, recipient.newsletter_id,
      case when recipient.state not in ('PENDING', 'QUEUED') then recipient.handed_at end as left_at
  `.execute(tx.sql);
  return rows;
}

async function storeReplies(tx: Tx, events: readonly Progress[]): Promise<TouchedRow[]> {
  const replies = events.filter(({ data }) => data.outcome === 'REPLIED');
  if (replies.length === 0) return [];
  const { rows } = await sql<TouchedRow>`
    update newsletter_recipient recipient set replied_at = input.at
    from ${unnest(
      'input',
      { workspace_id: 'uuid', id: 'uuid', at: 'timestamptz' },
      replies.map(({ workspaceId, data }) => ({ workspace_id: workspaceId, id: data.messageId, at: data.at })),
    )}
    where recipient.workspace_id = input.workspace_id and recipient.id = input.id and recipient.replied_at is null
      and input.at < recipient.queued_at + make_interval(hours => ${REPLY_WITHIN_HOURS}::int)
    returning recipient.workspace_id, recipient.newsletter_id
  `.execute(tx.sql);
  return rows;
}

/**
 * What keeps one message back would keep back all: the newsletter waits until somebody has mended it. What a budget held
 * before somebody approved all of it is due again, and passes then.
 */
async function pauseHeld(tx: Tx, held: readonly Progress[]): Promise<void> {
  const reasonOf = new Map(held.map(({ data }) => [data.messageId, data]));
  const { rows } = await sql<Pick<Newsletter, 'workspaceId' | 'id'> & { message_id: string }>`
    select newsletter.workspace_id as "workspaceId", newsletter.id, first.id as message_id
    from newsletter cross join lateral (
      select recipient.id from newsletter_recipient recipient join ${unnest(
        'input',
        { workspace_id: 'uuid', id: 'uuid', reason: 'text' },
        held.map(({ workspaceId, data: { messageId: id, reason } }) => ({ workspace_id: workspaceId, id, reason })),
      )} using (workspace_id, id)
      where recipient.workspace_id = newsletter.workspace_id and recipient.newsletter_id = newsletter.id
        and (newsletter.approved_at is null or input.reason is distinct from 'BUDGET_HELD')
      order by recipient.id limit 1
    ) first
    where state = 'RUNNING'
    for update of newsletter
  `.execute(tx.sql);
  for (const newsletter of rows) {
    const { reason = 'UNKNOWN', message = '' } = reasonOf.get(newsletter.message_id)!;
    await setState(tx, newsletter, 'PAUSED', { because: reason, message });
  }
}
