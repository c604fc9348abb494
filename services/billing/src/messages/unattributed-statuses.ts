import { sql, unnest, type Tx } from '@fenster/database';
import type { Status } from './status.js';

type PairKey = Pick<Status, 'workspace_id' | 'provider_message_key'>;

const PAIR_KEY = { workspace_id: 'uuid', provider_message_key: 'text' } as const;
const STATUS = {
  ...PAIR_KEY,
  event_id: 'uuid',
  channel_id: 'uuid',
  status: 'text',
  occurred_at: 'timestamptz',
  pricing: 'jsonb',
  recipient_country: 'text',
  currency: 'text',
  time_zone: 'text',
  portfolio: 'text',
  conversation_key: 'text',
} as const;

/**
 * Whoever parks a status because its message is unknown, and whoever makes a message known without being the
 * status consumer, take turns: side by side, neither would see what the other has not committed yet.
 */
export async function lockPairs(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('fenster billing pairs'))`.execute(tx.sql);
}

/** Our message ids of provider messages that an earlier event has named. */
export async function findMessageIds(tx: Tx, keys: readonly PairKey[]): Promise<(PairKey & { message_id: string })[]> {
  const { rows } = await sql<PairKey & { message_id: string }>`
    select workspace_id, provider_message_key, message_id from billable_message
    join ${unnest('input', PAIR_KEY, keys)} using (workspace_id, provider_message_key)
  `.execute(tx.sql);
  return rows;
}

export async function parkStatuses(tx: Tx, statuses: readonly Status[]): Promise<void> {
  if (statuses.length === 0) return;
  const names = sql.join(Object.keys(STATUS).map((name) => sql.ref(name)));
  await sql`
    insert into unattributed_status (${names}, recorded_at)
    select ${names}, ${tx.now()} from ${unnest('input', STATUS, statuses)}
    order by workspace_id, provider_message_key, event_id
    on conflict do nothing
  `.execute(tx.sql);
}

/** Takes out the statuses of these provider messages, oldest first, because their messages are known now. */
export async function takeParkedStatuses(tx: Tx, keys: readonly PairKey[]): Promise<Status[]> {
  if (keys.length === 0) return [];
  const { rows } = await sql<Omit<Status, 'occurred_at'> & { occurred_at: string }>`
    with parked as (
      select workspace_id, provider_message_key, event_id
      from unattributed_status join ${unnest('input', PAIR_KEY, keys)} using (workspace_id, provider_message_key)
      order by workspace_id, provider_message_key, event_id
      for update of unattributed_status
    )
    delete from unattributed_status as status using parked
    where status.workspace_id = parked.workspace_id
      and status.provider_message_key = parked.provider_message_key
      and status.event_id = parked.event_id
    returning status.*
  `.execute(tx.sql);
  return rows
    .map((row) => ({ ...row, occurred_at: new Date(row.occurred_at) }))
    .toSorted((a, b) => (a.event_id < b.event_id ? -1 : 1));
}
