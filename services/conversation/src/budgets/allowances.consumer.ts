import { allowanceChanged, type AllowanceChanged, type Envelope } from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';

/** What the send gate asks where a budget is used up: which numbers have no free messages left. */
export const allowancesConsumer = defineConsumer({
  name: 'conversation-allowances',
  filter: 'billing.allowance.changed.>',
  subscriptions: [on(allowanceChanged, storeEnds)],
});

const END = {
  workspace_id: 'uuid',
  channel_id: 'uuid',
  month: 'text',
  until: 'timestamptz',
  is_used_up: 'boolean',
} as const;

async function storeEnds(tx: Tx, events: readonly Envelope<AllowanceChanged>[]): Promise<void> {
  // Each event says all of a number and month, so only the last one of a batch counts.
  const latest = new Map(
    events.map(({ workspaceId, data: { channelId, month, until, level } }) => [
      `${workspaceId} ${channelId} ${month}`,
      { workspace_id: workspaceId, channel_id: channelId, month, until, is_used_up: level === 'USED_UP' },
    ]),
  );
  const input = unnest('input', END, [...latest.values()]);
  // With it go those of months that are over.
  await sql`
    delete from allowance_end as known using ${input}
    where known.workspace_id = input.workspace_id and known.channel_id = input.channel_id
      and (known.until < ${tx.now()} or (known.month = input.month and not input.is_used_up))
  `.execute(tx.sql);
  await sql`
    insert into allowance_end (workspace_id, channel_id, month, until)
    select workspace_id, channel_id, month, until from ${input} where is_used_up
    on conflict (workspace_id, channel_id, month) do update set until = excluded.until
  `.execute(tx.sql);
}
