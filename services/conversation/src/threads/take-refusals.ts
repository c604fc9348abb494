import { serviceWindowClosed } from '@fenster/contracts';
import { sql, unnest, type Origin, type Tx } from '@fenster/database';
import { sayConsent } from '../opt-outs/stop-marketing.js';
import { clearTimers } from '../timers/timer.js';
import { closeEarly } from './service-window.js';
import { serviceWindowTimer } from './service-window.timers.js';

/** What a provider said no to, and what that says about the thread. */
export interface Refusal {
  workspaceId: string;
  channelId: string;
  messageId: string | undefined;
  providerMessageId: string | undefined;
  kind: 'window_closed' | 'opt_out';
  occurredAt: Date;
  origin: Origin;
}

interface Row {
  ordinal: number;
  workspace_id: string;
  thread_id: string;
  channel_id: string;
  contact_id: string;
  phone: string | null;
  bsuid: string | null;
  message_id: string;
  conversation_id: string;
  last_conversation_id: string;
  sent_at: Date;
  window_expires_at: Date | null;
  last_customer_message_at: Date | null;
  marketing_stopped_at: Date | null;
}

/**
 * Some refusals are about the thread and not about one message: its service window is over, whatever we thought, or the
 * person wants no marketing. Locks threads, so it comes before messages are locked. Refusals that are repeated, or
 * overtaken by what the customer wrote since, change nothing.
 */
export async function takeRefusals(tx: Tx, refusals: readonly Refusal[]): Promise<void> {
  if (refusals.length === 0) return;
  const rows = await lockThreads(tx, refusals);
  const threads = new Map(rows.map((row) => [`${row.workspace_id} ${row.thread_id}`, { ...row }]));
  const closed = new Set<Row>();
  const changed = new Set<Row>();
  for (const { ordinal, message_id: messageId, sent_at: sentAt, ...about } of rows) {
    const thread = threads.get(`${about.workspace_id} ${about.thread_id}`)!;
    const { kind, occurredAt, origin } = refusals[ordinal]!;
    const { workspace_id: workspaceId, thread_id: threadId } = thread;
    if (kind === 'opt_out') {
      if (thread.marketing_stopped_at !== null) continue;
      thread.marketing_stopped_at = occurredAt;
      sayConsent(tx, {
        workspaceId,
        threadId,
        conversationId: about.conversation_id,
        channelId: about.channel_id,
        contactId: about.contact_id,
        identity: { ...(about.phone && { phone: about.phone }), ...(about.bsuid && { bsuid: about.bsuid }) },
        kind: 'PLATFORM_STOPPED',
        source: 'PLATFORM',
        messageId,
        at: occurredAt,
        origin: { ...origin, actor: { kind: 'provider' } },
      });
    } else {
      const window = { expiresAt: thread.window_expires_at, lastCustomerMessageAt: thread.last_customer_message_at };
      const expiresAt = closeEarly(window, { sentAt, refusedAt: occurredAt }, tx.now());
      if (!expiresAt) continue;
      thread.window_expires_at = expiresAt;
      closed.add(thread);
      tx.emit(serviceWindowClosed, {
        entityId: threadId,
        workspaceId,
        origin,
        occurredAt: expiresAt,
        data: {
          threadId,
          conversationId: thread.last_conversation_id,
          kind: 'CUSTOMER_SERVICE',
          expiresAt: expiresAt.toISOString(),
        },
      });
    }
    changed.add(thread);
  }
  await storeThreads(tx, [...changed]);
  const subjects = [...closed].map(({ workspace_id: workspaceId, thread_id: subjectId }) => ({
    workspaceId,
    subjectId,
  }));
  await clearTimers(tx, serviceWindowTimer, subjects);
}

/** Of each refusal the thread, as far as its message, or the reaction that it was, is known. */
async function lockThreads(tx: Tx, refusals: readonly Refusal[]): Promise<Row[]> {
  const input = refusals.map(({ workspaceId, channelId, messageId, providerMessageId }, ordinal) => ({
    ordinal,
    workspace_id: workspaceId,
    channel_id: channelId,
    message_id: messageId,
    provider_message_id: providerMessageId,
  }));
  const { rows } = await sql<Row>`
    with input as materialized (select * from ${unnest(
      'input',
      { ordinal: 'int', workspace_id: 'uuid', channel_id: 'uuid', message_id: 'uuid', provider_message_id: 'text' },
      input,
    )}), refused as (
      select input.ordinal, m.* from input
      join message m on m.workspace_id = input.workspace_id and m.id = input.message_id
      union all
      select input.ordinal, m.* from input
      join message m on m.workspace_id = input.workspace_id and m.channel_id = input.channel_id
        and m.provider_message_id = input.provider_message_id
      where input.message_id is null and m.direction = 'OUTBOUND'
      union all
      select input.ordinal, m.* from input
      join message m on m.workspace_id = input.workspace_id
        and (m.reactions->'business'->>'id')::uuid = input.message_id and m.reactions is not null
    )
    select refused.ordinal, thread.workspace_id, thread.id as thread_id, thread.channel_id, thread.contact_id, thread.phone, thread.bsuid,
      refused.id as message_id, refused.conversation_id, last.conversation_id as last_conversation_id,
      case refused.direction when 'OUTBOUND' then refused.sent_at
        else (refused.reactions->'business'->>'reactedAt')::timestamptz end as sent_at,
      thread.window_expires_at, thread.last_customer_message_at, thread.marketing_stopped_at
    from refused
    join input on input.ordinal = refused.ordinal and input.channel_id = refused.channel_id
    join thread on thread.workspace_id = refused.workspace_id and thread.id = refused.thread_id
    cross join lateral (
      select conversation_id from message where message.workspace_id = thread.workspace_id and message.thread_id = thread.id
      order by seq desc limit 1
    ) last
    order by thread.id for update of thread
  `.execute(tx.sql);
  return rows.toSorted((one, other) => one.ordinal - other.ordinal);
}

async function storeThreads(tx: Tx, threads: readonly Row[]): Promise<void> {
  if (threads.length === 0) return;
  await sql`
    update thread set window_expires_at = input.window_expires_at, marketing_stopped_at = input.marketing_stopped_at
    from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        thread_id: 'uuid',
        window_expires_at: 'timestamptz',
        marketing_stopped_at: 'timestamptz',
      },
      threads.map(({ workspace_id, thread_id, window_expires_at, marketing_stopped_at }) => ({
        workspace_id,
        thread_id,
        window_expires_at,
        marketing_stopped_at,
      })),
    )}
    where thread.workspace_id = input.workspace_id and thread.id = input.thread_id
  `.execute(tx.sql);
}
