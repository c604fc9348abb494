import { sql, transact, type Ctx } from '@fenster/database';
import { createPoller, type Poller } from '@fenster/runtime';
import { openCredentials, SEALED_CREDENTIALS, type SealedCredentials } from '../channels/credentials.js';
import type { SendOutcome } from '../providers/provider.js';
import type { Providers } from '../providers/providers.js';

/** More at once would take the connections of messages. */
const MAX_IN_FLIGHT = 4;
/** Then it is not worth telling any more: the next message that is read says the same. */
const MAX_ATTEMPTS = 6;
const SECOND = 1_000;
const POLL_MS = SECOND;

export interface ReadReceiptSenderOptions {
  ctx: Ctx;
  providers: Providers;
  secretKey: Buffer;
  /** Longer than an attempt can take. */
  leaseMs: number;
}

interface Claimed extends SealedCredentials {
  workspaceId: string;
  threadId: string;
  seq: number;
  providerMessageId: string;
  attempts: number;
}

/** Tells customers that they were read: beside the messages, which never wait for it. Any number of processes may do so. */
export function createReadReceiptSender(options: ReadReceiptSenderOptions): Poller {
  const { ctx, providers, secretKey, leaseMs } = options;

  async function work(isStopped: () => boolean): Promise<void> {
    while (!isStopped()) {
      const due = await claimDue(ctx, leaseMs);
      if (due.length === 0) return;
      await Promise.all(due.map(async (receipt) => record(ctx, receipt, await tell(receipt))));
    }
  }

  async function tell(receipt: Claimed): Promise<SendOutcome> {
    try {
      return await providers[receipt.channelKind].markRead(
        receipt.providerMessageId,
        openCredentials(secretKey, receipt),
      );
    } catch (error) {
      ctx.log.error({ err: error, channelId: receipt.channelId }, 'cannot tell a customer that they were read');
      return { kind: 'not_sent', reason: 'failed here' };
    }
  }

  return createPoller({ work, everyMs: POLL_MS, name: 'read receipts', log: ctx.log });
}

/** Nobody else takes them until the attempt must be over: if its process dies, another one tells. */
function claimDue(ctx: Ctx, leaseMs: number): Promise<Claimed[]> {
  return transact(ctx, async (tx) => {
    const now = tx.now();
    const { rows } = await sql<Claimed>`
      with due as (
        select r.workspace_id, r.thread_id from read_receipt r
        join channel_delivery d on d.workspace_id = r.workspace_id and d.channel_id = r.channel_id
        -- Not where the circuit is open: whoever does not answer would keep all others waiting.
        where r.next_attempt_at <= ${now} and (d.paused_until is null or d.paused_until <= ${now})
        order by r.next_attempt_at limit ${MAX_IN_FLIGHT} for update of r skip locked
      )
      update read_receipt r set attempts = r.attempts + 1, next_attempt_at = ${new Date(now.getTime() + leaseMs)}
      from due join read_receipt known using (workspace_id, thread_id)
      join channel c on c.workspace_id = known.workspace_id and c.id = known.channel_id
      where r.workspace_id = due.workspace_id and r.thread_id = due.thread_id
      returning r.workspace_id as "workspaceId", r.thread_id as "threadId", r.channel_id as "channelId", r.seq,
        r.provider_message_id as "providerMessageId", r.attempts, ${SEALED_CREDENTIALS}
    `.execute(tx.sql);
    return rows;
  });
}

/** What was read further meanwhile is a receipt of its own, and stays. */
async function record(
  ctx: Ctx,
  { workspaceId, threadId, seq, attempts }: Claimed,
  outcome: SendOutcome,
): Promise<void> {
  const isSame = sql`workspace_id = ${workspaceId} and thread_id = ${threadId} and seq = ${seq}`;
  const mayHelp =
    outcome.kind === 'rejected' ? outcome.class === 'retry' || outcome.class === 'wait' : outcome.kind !== 'accepted';
  await transact(ctx, async (tx) => {
    if (!mayHelp || attempts >= MAX_ATTEMPTS) {
      await sql`delete from read_receipt where ${isSame}`.execute(tx.sql);
      return;
    }
    const at = new Date(tx.now().getTime() + SECOND * 4 ** (attempts - 1));
    await sql`update read_receipt set next_attempt_at = ${at} where ${isSame}`.execute(tx.sql);
  });
}
