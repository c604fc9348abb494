import { sql, unnest, type Tx } from '@fenster/database';

/** Who says STOP is asked no longer: a later yes to that question counts for nothing. None for none. */
export async function endRequests(
  tx: Tx,
  threads: readonly { workspaceId: string; threadId: string }[],
): Promise<void> {
  if (threads.length === 0) return;
  await sql`
    with input as (select * from ${unnest(
      'input',
      { workspace_id: 'uuid', thread_id: 'uuid' },
      threads.map(({ workspaceId, threadId }) => ({ workspace_id: workspaceId, thread_id: threadId })),
    )}), ended as (
      update consent_request request set answer = 'STOPPED', answered_at = ${tx.now()} from input
      where request.workspace_id = input.workspace_id and request.thread_id = input.thread_id and request.answer is null
      returning request.workspace_id, request.thread_id
    )
    update thread set consent_asked_until = null from ended
    where thread.workspace_id = ended.workspace_id and thread.id = ended.thread_id
  `.execute(tx.sql);
}

/** What is said of a message of ours: it is known by our id, or by the provider's. */
export interface Undelivered {
  workspaceId: string;
  channelId: string;
  messageId: string | undefined;
  providerMessageId: string | undefined;
}

/**
 * A question that never arrived is over: a yes that is written then is one to something else. Locks threads, so it comes
 * before messages are locked. What was delivered in spite of a failure stays. None for none.
 */
export async function endUndelivered(tx: Tx, failed: readonly Undelivered[]): Promise<void> {
  if (failed.length === 0) return;
  await sql`
    with input as materialized (select * from ${unnest(
      'input',
      { workspace_id: 'uuid', channel_id: 'uuid', message_id: 'uuid', provider_message_id: 'text' },
      failed.map(({ workspaceId, channelId, messageId, providerMessageId }) => ({
        workspace_id: workspaceId,
        channel_id: channelId,
        message_id: messageId,
        provider_message_id: providerMessageId,
      })),
    )}), failed as (
      select asked.workspace_id, asked.id from input
      join message asked on asked.workspace_id = input.workspace_id and asked.id = input.message_id
        and asked.channel_id = input.channel_id and asked.status in ('QUEUED', 'SENT', 'UNCONFIRMED')
      union
      select asked.workspace_id, asked.id from input
      join message asked on asked.workspace_id = input.workspace_id and asked.channel_id = input.channel_id
        and asked.provider_message_id = input.provider_message_id and asked.status in ('QUEUED', 'SENT', 'UNCONFIRMED')
    ), locked as materialized (
      select thread.workspace_id, thread.id, failed.id as message_id from failed
      join consent_request request on request.workspace_id = failed.workspace_id and request.message_id = failed.id
        and request.answer is null
      join thread on thread.workspace_id = request.workspace_id and thread.id = request.thread_id
      order by thread.id for update of thread
    ), ended as (
      update consent_request request set answer = 'UNDELIVERED', answered_at = ${tx.now()} from locked
      where request.workspace_id = locked.workspace_id and request.message_id = locked.message_id
        and request.answer is null
      returning request.workspace_id, request.thread_id
    )
    update thread set consent_asked_until = null from ended
    where thread.workspace_id = ended.workspace_id and thread.id = ended.thread_id
  `.execute(tx.sql);
}
