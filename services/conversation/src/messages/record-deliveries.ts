import {
  failureClass,
  messageReactionChanged,
  messageStatusChanged,
  type ChannelMessageAccepted,
  type ChannelMessageFailed,
  type ChannelStatusReceived,
  type DeliveryError,
  type Envelope,
  type FailureReason,
} from '@fenster/contracts';
import { causedBy, sql, unnest, type Origin, type Tx } from '@fenster/database';
import { endUndelivered } from '../consent-requests/end-requests.js';
import { tellNewsletter } from '../newsletters/send-newsletters.js';
import { takeRefusals } from '../threads/take-refusals.js';
import type { Reaction } from './message-changes.rule.js';
import { applyParkedChanges, type Target } from './record-changes.js';
import { advance, type DeliveryStatus, type MessageStatus } from './message.status.js';

/** One thing that the provider side says about a message of ours. */
interface Report {
  workspaceId: string;
  channelId: string;
  messageId: string | undefined;
  providerMessageId: string | undefined;
  status: DeliveryStatus;
  occurredAt: Date;
  error: DeliveryError | undefined;
  origin: Origin;
}

interface MessageRow {
  workspace_id: string;
  id: string;
  channel_id: string;
  thread_id: string;
  conversation_id: string;
  seq: number;
  status: MessageStatus;
  provider_message_id: string | null;
  newsletter_id: string | null;
  changed?: { error?: DeliveryError | undefined };
}

export async function recordStatuses(
  tx: Tx,
  events: readonly Envelope<ChannelStatusReceived>[],
  consumer: string,
): Promise<void> {
  await apply(
    tx,
    events.map((event) => ({
      workspaceId: event.workspaceId,
      channelId: event.data.channelId,
      messageId: event.data.messageId,
      providerMessageId: event.data.providerMessageId,
      status: event.data.status.toUpperCase() as DeliveryStatus,
      occurredAt: new Date(event.data.occurredAt),
      error: event.data.errors[0],
      origin: causedBy(event, consumer),
    })),
  );
}

/** The provider took the message. That is not "sent" yet, but from now on its id is known. */
export async function recordAcceptances(
  tx: Tx,
  events: readonly Envelope<ChannelMessageAccepted>[],
  consumer: string,
): Promise<void> {
  const accepted = events.map((event) => ({
    workspaceId: event.workspaceId,
    channelId: event.data.channelId,
    messageId: event.data.messageId,
    providerMessageId: event.data.providerMessageId,
    status: 'QUEUED' as const,
    occurredAt: new Date(event.data.acceptedAt),
    error: undefined,
    origin: causedBy(event, consumer),
  }));
  const { statuses, changed } = await takeParked(tx, accepted);
  await apply(tx, [...accepted, ...statuses]);
  if (changed.length > 0) await applyParkedChanges(tx, changed);
}

export async function recordFailures(
  tx: Tx,
  events: readonly Envelope<ChannelMessageFailed>[],
  consumer: string,
): Promise<void> {
  await apply(
    tx,
    events.map((event) => ({
      workspaceId: event.workspaceId,
      channelId: event.data.channelId,
      messageId: event.data.messageId,
      providerMessageId: undefined,
      status: event.data.outcome === 'rejected' ? 'FAILED' : 'UNCONFIRMED',
      occurredAt: new Date(event.data.failedAt),
      error: event.data.error,
      origin: causedBy(event, consumer),
    })),
  );
}

async function apply(tx: Tx, reports: readonly Report[]): Promise<void> {
  // First, because it locks threads.
  await takeRefusals(
    tx,
    reports.flatMap((report) => {
      const kind = report.error?.reason && failureClass(report.error.reason);
      const isFailed = report.status === 'FAILED';
      return isFailed && (kind === 'window_closed' || kind === 'opt_out') ? [{ ...report, kind }] : [];
    }),
  );
  await endUndelivered(
    tx,
    reports.filter(({ status }) => status === 'FAILED'),
  );
  const messages = await lockMessages(tx, reports);
  const byId = new Map(messages.map((message) => [message.id, message]));
  const byProviderId = new Map(
    messages.map((message) => [`${message.channel_id} ${message.provider_message_id}`, message]),
  );
  const unknown: Report[] = [];
  for (const report of reports) {
    const message =
      (report.messageId && byId.get(report.messageId)) ||
      byProviderId.get(`${report.channelId} ${report.providerMessageId}`);
    // An id that a provider echoes is no proof: it must belong to the workspace and channel of the report.
    if (!message || message.workspace_id !== report.workspaceId || message.channel_id !== report.channelId) {
      unknown.push(report);
      continue;
    }
    if (report.providerMessageId && message.provider_message_id === null) {
      message.provider_message_id = report.providerMessageId;
      message.changed ??= {};
    }
    const status = advance(message.status, report.status);
    if (status === message.status) continue;
    message.status = status;
    message.changed = { error: report.error };
    tx.emit(messageStatusChanged, {
      entityId: message.id,
      workspaceId: message.workspace_id,
      occurredAt: report.occurredAt,
      origin: report.origin,
      data: {
        messageId: message.id,
        conversationId: message.conversation_id,
        threadId: message.thread_id,
        seq: message.seq,
        status: status as DeliveryStatus,
        error: report.error,
      },
    });
    if (message.newsletter_id !== null) tellNewsletterStatus(tx, message.id, status, report);
  }
  await saveMessages(
    tx,
    messages.filter((message) => message.changed),
  );
  const ofReactions = unknown.filter((report) => report.messageId !== undefined);
  if (ofReactions.length > 0) await applyToReactions(tx, ofReactions);
  // Ids of ours are known before anything is sent: what is about none of them is about nothing.
  await park(
    tx,
    unknown.filter((report) => report.messageId === undefined),
  );
}

function tellNewsletterStatus(
  tx: Tx,
  messageId: string,
  status: MessageStatus,
  { workspaceId, origin, occurredAt: at, error }: Report,
): void {
  if (status === 'QUEUED' || status === 'RECEIVED') return;
  if (error?.reason === 'newsletter_stopped') {
    tellNewsletter(tx, { workspaceId, origin }, { messageId, outcome: 'STOPPED', at });
    return;
  }
  const reason = status === 'FAILED' ? (error?.reason ?? 'refused') : undefined;
  const outcome = status === 'PLAYED' ? 'READ' : status;
  tellNewsletter(tx, { workspaceId, origin }, { messageId, outcome, at, ...(reason !== undefined && { reason }) });
}

/** Our reactions go the way of messages, without being any. What was replaced meanwhile is not told of. */
async function applyToReactions(tx: Tx, reports: readonly Report[]): Promise<void> {
  const { rows } = await sql<ReactionRow>`
    select message.workspace_id, message.id, message.channel_id, message.thread_id, message.conversation_id, message.seq,
      message.reactions->'business' as reaction
    from message join ${unnest(
      'input',
      { workspace_id: 'uuid', reaction_id: 'uuid' },
      reports.map((report) => ({ workspace_id: report.workspaceId, reaction_id: report.messageId })),
    )} on message.workspace_id = input.workspace_id and (message.reactions->'business'->>'id')::uuid = input.reaction_id
    where message.reactions is not null
    order by message.id for update of message
  `.execute(tx.sql);
  const byReaction = new Map(rows.map((row) => [`${row.channel_id} ${row.reaction.id}`, row]));
  const changed = new Set<ReactionRow>();
  for (const report of reports) {
    const row = byReaction.get(`${report.channelId} ${report.messageId}`);
    const status = row && advance(row.reaction.status, report.status);
    if (!row || !status || status === row.reaction.status) continue;
    const { error: _earlier, ...reaction } = row.reaction;
    row.reaction = { ...reaction, status, ...(report.error && { error: report.error }) };
    changed.add(row);
    tx.emit(messageReactionChanged, {
      entityId: row.id,
      workspaceId: row.workspace_id,
      occurredAt: report.occurredAt,
      origin: report.origin,
      data: { messageId: row.id, threadId: row.thread_id, conversationId: row.conversation_id, seq: row.seq },
    });
  }
  if (changed.size === 0) return;
  await sql`
    update message set reactions = jsonb_set(message.reactions, '{business}', input.reaction)
    from ${unnest(
      'input',
      { workspace_id: 'uuid', id: 'uuid', reaction: 'jsonb' },
      [...changed].map(({ workspace_id, id, reaction }) => ({ workspace_id, id, reaction })),
    )}
    where message.workspace_id = input.workspace_id and message.id = input.id
  `.execute(tx.sql);
}

interface ReactionRow extends Omit<MessageRow, 'status' | 'provider_message_id' | 'newsletter_id' | 'changed'> {
  reaction: Reaction;
}

async function lockMessages(tx: Tx, reports: readonly Report[]): Promise<MessageRow[]> {
  const ids = reports.flatMap((report) => report.messageId ?? []);
  const named = reports.filter((report) => report.messageId === undefined && report.providerMessageId !== undefined);
  const { rows } = await sql<MessageRow>`
    select workspace_id, id, channel_id, thread_id, conversation_id, seq, status, provider_message_id, newsletter_id from message
    where direction = 'OUTBOUND' and id in (
      select message.id from message join ${unnest(
        'input',
        { workspace_id: 'uuid', id: 'uuid' },
        reports
          .filter((report) => report.messageId)
          .map((report) => ({ workspace_id: report.workspaceId, id: report.messageId })),
      )} using (workspace_id, id)
      union
      select message.id from message join ${unnest(
        'named',
        { workspace_id: 'uuid', channel_id: 'uuid', provider_message_id: 'text' },
        named.map((report) => ({
          workspace_id: report.workspaceId,
          channel_id: report.channelId,
          provider_message_id: report.providerMessageId,
        })),
      )} using (workspace_id, channel_id, provider_message_id)
    )
    order by id for update
  `.execute(tx.sql);
  return ids.length + named.length === 0 ? [] : rows;
}

async function saveMessages(tx: Tx, messages: readonly MessageRow[]): Promise<void> {
  if (messages.length === 0) return;
  await sql`
    update message set status = input.status, provider_message_id = input.provider_message_id, waiting_for = null,
      waiting_until = null,
      error_code = coalesce(input.error_code, message.error_code),
      error_title = coalesce(input.error_title, message.error_title),
      error_reason = case when input.error_code is null then message.error_reason else input.error_reason end
    from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        id: 'uuid',
        status: 'text',
        provider_message_id: 'text',
        error_code: 'int',
        error_title: 'text',
        error_reason: 'text',
      },
      messages.map((message) => ({
        workspace_id: message.workspace_id,
        id: message.id,
        status: message.status,
        provider_message_id: message.provider_message_id,
        error_code: message.changed?.error?.code,
        error_title: message.changed?.error?.title,
        error_reason: message.changed?.error?.reason,
      })),
    )}
    where message.workspace_id = input.workspace_id and message.id = input.id
  `.execute(tx.sql);
}

/** A status can beat the answer to the request that sent the message: it waits until the message is known. */
async function park(tx: Tx, reports: readonly Report[]): Promise<void> {
  const rows = reports.filter((report) => report.providerMessageId !== undefined && report.status !== 'QUEUED');
  if (rows.length === 0) return;
  await sql`
    insert into parked_status (
      workspace_id, channel_id, provider_message_id, status, occurred_at, error_code, error_title, error_reason
    )
    select * from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        channel_id: 'uuid',
        provider_message_id: 'text',
        status: 'text',
        occurred_at: 'timestamptz',
        error_code: 'int',
        error_title: 'text',
        error_reason: 'text',
      },
      rows.map((report) => ({
        workspace_id: report.workspaceId,
        channel_id: report.channelId,
        provider_message_id: report.providerMessageId,
        status: report.status,
        occurred_at: report.occurredAt,
        error_code: report.error?.code,
        error_title: report.error?.title,
        error_reason: report.error?.reason,
      })),
    )}
    on conflict do nothing
  `.execute(tx.sql);
}

/** What came before these messages were known to be the provider's: statuses, and those that were changed. */
async function takeParked(
  tx: Tx,
  accepted: readonly (Report & { providerMessageId: string })[],
): Promise<{ statuses: Report[]; changed: { target: Target; origin: Origin }[] }> {
  const { rows } = await sql<{
    workspace_id: string;
    channel_id: string;
    provider_message_id: string;
    /** Null where it is a change that waits. */
    status: DeliveryStatus | null;
    occurred_at: Date;
    error_code: number | null;
    error_title: string | null;
    error_reason: FailureReason | null;
  }>`
    with input as materialized (select * from ${unnest(
      'input',
      { workspace_id: 'uuid', channel_id: 'uuid', provider_message_id: 'text' },
      accepted.map((report) => ({
        workspace_id: report.workspaceId,
        channel_id: report.channelId,
        provider_message_id: report.providerMessageId,
      })),
    )}), status as (
      delete from parked_status using input
      where parked_status.workspace_id = input.workspace_id and parked_status.channel_id = input.channel_id
        and parked_status.provider_message_id = input.provider_message_id
      returning parked_status.workspace_id, parked_status.channel_id, parked_status.provider_message_id,
        parked_status.status, parked_status.occurred_at, parked_status.error_code, parked_status.error_title,
        parked_status.error_reason
    )
    select * from status
    union all
    select input.*, null, null, null, null, null from input
    cross join lateral (
      select from parked_change parked where parked.workspace_id = input.workspace_id
        and parked.channel_id = input.channel_id and parked.target_provider_message_id = input.provider_message_id limit 1
    ) change
    where exists (select from parked_change)
  `.execute(tx.sql);
  const statuses: Report[] = [];
  const changed: { target: Target; origin: Origin }[] = [];
  for (const row of rows) {
    const report = accepted.find(
      ({ channelId, providerMessageId }) =>
        channelId === row.channel_id && providerMessageId === row.provider_message_id,
    )!;
    if (row.status === null) changed.push({ target: report, origin: report.origin });
    else {
      const { error_code: code, error_title: title, error_reason: reason } = row;
      const error = code === null ? undefined : { code, title: title ?? '', ...(reason && { reason }) };
      statuses.push({ ...report, status: row.status, occurredAt: row.occurred_at, error });
    }
  }
  return { statuses, changed };
}
