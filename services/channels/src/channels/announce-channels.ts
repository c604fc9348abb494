import { channelChanged, type ChannelChanged, type ChannelState, type FailureReason } from '@fenster/contracts';
import { sql, type Renewal, type Tx } from '@fenster/database';
import type { ChannelKind } from '../providers/channel-kind.js';
import type { FactName } from '../providers/provider.js';
import { ADAPTERS, capabilitiesOf } from '../providers/providers.js';
import { messagesPerSecond, peoplePerDay } from '../limits/token-bucket.rule.js';

const MAX_AT_ONCE = 200;

/**
 * Tells other services these channels as they are now. To be called once the change is in the transaction: it locks their
 * rows, so that two changes are told in the order in which they were made.
 */
export async function announceChannels(tx: Tx, ids: readonly string[]): Promise<void> {
  const { rows } = await sql<AnnouncedRow>`
    update channel set announced_at = ${tx.now()} where id = any(${[...ids]}::uuid[])
    returning workspace_id, id, kind, name, account, currency, time_zone, state, state_reason,
      state_reason_code, messages_per_second, address, display_phone_number,
      ${factOf('throughput')} as throughput, ${factOf('messagingLimit')} as messaging_limit,
      coalesce(${factOf('portfolioId')}, account) as portfolio, ${factOf('storageRegion')} as storage_region
  `.execute(tx.sql);
  for (const {
    workspace_id: workspaceId,
    id,
    kind,
    name,
    account,
    currency,
    time_zone: timeZone,
    portfolio,
    state,
    ...more
  } of rows) {
    const { state_reason: stateReason, state_reason_code: stateReasonCode, ...others } = more;
    const { address, display_phone_number: displayPhoneNumber, storage_region: storageRegion, ...limits } = others;
    const { chatUrl, processors } = ADAPTERS[kind];
    const data = {
      channelId: id,
      name,
      state,
      capabilities: capabilitiesOf(kind),
      ...(account !== null && { accountId: account }),
      ...(currency !== null &&
        timeZone !== null && {
          account: { ...(portfolio !== null && { portfolioId: portfolio }), currency, timeZone },
        }),
      ...(stateReason !== null && { stateReason }),
      ...(stateReasonCode !== null && { stateReasonCode }),
      limits: limitsOf(kind, limits),
      chatUrl: chatUrl({ address, displayPhoneNumber }),
      processors,
      ...(storageRegion !== null && { storageRegion }),
    };
    tx.emit(channelChanged, { entityId: id, workspaceId, data });
  }
}

const factOf = (name: FactName) => sql`(
  select value #>> '{}' from channel_fact fact
  where fact.workspace_id = channel.workspace_id and fact.channel_id = channel.id and fact.name = ${name}
)`;

function limitsOf(
  kind: ChannelKind,
  row: Pick<AnnouncedRow, 'messages_per_second' | 'throughput' | 'messaging_limit'>,
): NonNullable<ChannelChanged['limits']> {
  const recipientsPerDay = peoplePerDay(row.messaging_limit);
  return {
    messagesPerSecond: messagesPerSecond(ADAPTERS[kind].limits, row.messages_per_second, row.throughput),
    ...(recipientsPerDay !== undefined && { recipientsPerDay }),
  };
}

interface AnnouncedRow {
  workspace_id: string;
  id: string;
  kind: ChannelKind;
  name: string;
  account: string | null;
  currency: string | null;
  time_zone: string | null;
  state: ChannelState;
  state_reason: string | null;
  state_reason_code: FailureReason | null;
  messages_per_second: number | null;
  throughput: string | null;
  messaging_limit: string | null;
  portfolio: string | null;
  address: string;
  display_phone_number: string | null;
  storage_region: string | null;
}

/** Keeps every channel in the stream. */
export const channelRenewal: Renewal = {
  name: 'announcing the channels',
  async workspaces({ database }, before) {
    const { rows } = await sql<{ id: string }>`
      select distinct workspace_id as id from channel where announced_at is null or announced_at < ${before}
    `.execute(database.system().getKysely());
    return rows.map(({ id }) => id);
  },
  async renew(tx, workspaceId, before) {
    const { rows } = await sql<{ id: string }>`
      select id from channel
      where workspace_id = ${workspaceId} and (announced_at is null or announced_at < ${before})
      order by id limit ${MAX_AT_ONCE} for update skip locked
    `.execute(tx.sql);
    const ids = rows.map(({ id }) => id);
    await announceChannels(tx, ids);
    return ids.length >= MAX_AT_ONCE;
  },
};
