import {
  messageStatusChanged,
  type ChannelMessageAccepted,
  type ChannelMessageFailed,
  type ChannelStatusReceived,
  type DeliveryError,
  type Envelope,
} from '@fenster/contracts';
import { causedBy, sql, unnest, type Origin, type Tx } from '@fenster/database';
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
  await apply(tx, [...accepted, ...(await takeParked(tx, accepted))]);
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
  }
  await saveMessages(
    tx,
    messages.filter((message) => message.changed),
  );
  await park(tx, unknown);
}

async function lockMessages(tx: Tx, reports: readonly Report[]): Promise<MessageRow[]> {
  const ids = reports.flatMap((report) => report.messageId ?? []);
  const named = reports.filter((report) => report.messageId === undefined && report.providerMessageId !== undefined);
  const { rows } = await sql<MessageRow>`
    select workspace_id, id, channel_id, thread_id, conversation_id, seq, status, provider_message_id from message
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
    update message set status = input.status, provider_message_id = input.provider_message_id,
      error_code = coalesce(input.error_code, message.error_code), error_title = coalesce(input.error_title, message.error_title)
    from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        id: 'uuid',
        status: 'text',
        provider_message_id: 'text',
        error_code: 'int',
        error_title: 'text',
      },
      messages.map((message) => ({
        workspace_id: message.workspace_id,
        id: message.id,
        status: message.status,
        provider_message_id: message.provider_message_id,
        error_code: message.changed?.error?.code,
        error_title: message.changed?.error?.title,
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
    insert into parked_status (workspace_id, channel_id, provider_message_id, status, occurred_at, error_code, error_title)
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
      },
      rows.map((report) => ({
        workspace_id: report.workspaceId,
        channel_id: report.channelId,
        provider_message_id: report.providerMessageId,
        status: report.status,
        occurred_at: report.occurredAt,
        error_code: report.error?.code,
        error_title: report.error?.title,
      })),
    )}
    on conflict do nothing
  `.execute(tx.sql);
}

async function takeParked(tx: Tx, accepted: readonly Report[]): Promise<Report[]> {
  const { rows } = await sql<{
    workspace_id: string;
    channel_id: string;
    provider_message_id: string;
    status: DeliveryStatus;
    occurred_at: Date;
    error_code: number | null;
    error_title: string | null;
  }>`
    delete from parked_status using ${unnest(
      'input',
      { workspace_id: 'uuid', channel_id: 'uuid', provider_message_id: 'text' },
      accepted.map((report) => ({
        workspace_id: report.workspaceId,
        channel_id: report.channelId,
        provider_message_id: report.providerMessageId,
      })),
    )}
    where parked_status.workspace_id = input.workspace_id and parked_status.channel_id = input.channel_id
      and parked_status.provider_message_id = input.provider_message_id
    returning parked_status.workspace_id, parked_status.channel_id, parked_status.provider_message_id, parked_status.status,
      parked_status.occurred_at, parked_status.error_code, parked_status.error_title
  `.execute(tx.sql);
  return rows.map((row) => {
    const report = accepted.find(
      ({ channelId, providerMessageId }) =>
        channelId === row.channel_id && providerMessageId === row.provider_message_id,
    )!;
    return {
      ...report,
      status: row.status,
      occurredAt: row.occurred_at,
      error: row.error_code === null ? undefined : { code: row.error_code, title: row.error_title ?? '' },
    };
  });
}
