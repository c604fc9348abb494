import { sql } from '@fenster/database';
import { DomainError } from '@fenster/runtime';
import type { Standing } from '../charges/standing.js';
import type { BillingContext } from '../context.js';
import { isInFreeEntryPoint, portfolioOf } from '../messages/billable-message.js';
import { BILLABLE_MESSAGE, toBillableMessage, type BillableMessageRow } from '../messages/facts.js';
import { firstDayAfter } from '../ratings/local-date.js';
import { LOOK_BACK_MS, type DeliveredMessage } from '../ratings/recalculate.js';

export const MAX_RECALCULATED = 200_000;
/** The widest that a month of any time zone reaches beyond that of Greenwich. */
const ZONES_MS = 14 * 3_600_000;

export interface ChargedMessage extends DeliveredMessage {
  /** The provider's price of it, as the ledger has it; undefined where it has none. */
  charged: Standing | undefined;
}

/**
 * The delivered messages of a month in any time zone, and those of before to which conversations may reach back.
 * @throws DomainError TOO_MANY_MESSAGES
 */
export async function deliveredIn(ctx: BillingContext, month: string): Promise<ChargedMessage[]> {
  const { workspaceId } = ctx.requireActor();
  const from = new Date(Date.parse(`${month}-01T00:00:00Z`) - ZONES_MS - LOOK_BACK_MS);
  const to = new Date(Date.parse(`${firstDayAfter(month)}T00:00:00Z`) + ZONES_MS);
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<BillableMessageRow & { account: string | null }>`
      select ${BILLABLE_MESSAGE},
        (select account from charged_channel c where c.workspace_id = m.workspace_id and c.id = m.channel_id) as account
      from billable_message m
      where workspace_id = ${workspaceId} and delivered_at >= ${from} and delivered_at < ${to}
        and currency is not null and time_zone is not null
      limit ${MAX_RECALCULATED + 1}
    `,
  );
  if (rows.length > MAX_RECALCULATED) {
    throw new DomainError('TOO_MANY_MESSAGES', `More than ${MAX_RECALCULATED} messages were delivered in this month.`);
  }
  return rows.map(({ account, ...row }) => {
    const message = toBillableMessage(row);
    const portfolioId = portfolioOf(message);
    return {
      messageId: message.message_id,
      deliveredAt: message.delivered_at!,
      channelId: message.channel_id ?? message.thread_id ?? message.message_id,
      threadId: message.thread_id ?? message.message_id,
      accountId: account ?? portfolioId,
      portfolioId,
      category: message.planned_category ?? 'service',
      isInWindow:
        message.window_expires_at !== null &&
        message.queued_at !== null &&
        message.window_expires_at > message.queued_at,
      isInEntryPoint: message.pricing
        ? message.pricing.type === 'free_entry_point' || message.pricing.category === 'referral_conversion'
        : isInFreeEntryPoint(message),
      recipientCountry: message.recipient_country ?? message.planned_country ?? undefined,
      currency: message.currency!,
      accountTimeZone: message.time_zone!,
      pricing: message.pricing ?? undefined,
      conversationKey: message.conversation_key ?? undefined,
      charged: message.standing.find(({ line, messages }) => line === 'MESSAGE' && messages > 0),
    };
  });
}
