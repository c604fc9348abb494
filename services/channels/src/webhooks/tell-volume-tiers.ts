import { volumeTierReached } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';
import type { ReceivedWebhook } from './received-webhook.js';

/** From when on messages have the price of another volume: billing rates by it. Once for each portfolio of a workspace. */
export async function tellVolumeTiers(tx: Tx, group: readonly ReceivedWebhook[]): Promise<void> {
  const told = group.flatMap((webhook) =>
    webhook.others.flatMap(({ account, volumeTier }) =>
      account && volumeTier ? [{ webhook, account, volumeTier }] : [],
    ),
  );
  if (told.length === 0) return;
  const { rows } = await sql<{ ordinal: number; workspace_id: string; portfolio: string; channel_id: string }>`
    select input.ordinal, c.workspace_id, coalesce(f.value #>> '{}', c.account) as portfolio, min(c.id::text) as channel_id
    from ${unnest(
      'input',
      { ordinal: 'int', app_id: 'text', account: 'text' },
      told.map(({ webhook, account }, ordinal) => ({ ordinal, app_id: webhook.app.appId, account })),
    )}
    join channel c on c.app_id = input.app_id and c.account = input.account
    left join channel_fact f on f.workspace_id = c.workspace_id and f.channel_id = c.id and f.name = 'portfolioId'
    group by 1, 2, 3 order by 1, 2, 3
  `.execute(tx.sql);
  for (const { ordinal, workspace_id: workspaceId, portfolio: portfolioId, channel_id: entityId } of rows) {
    const { webhook, account: accountId, volumeTier } = told[ordinal]!;
    const { since, ...tier } = volumeTier;
    tx.emit(volumeTierReached, {
      entityId,
      workspaceId,
      occurredAt: since,
      origin: { actor: { kind: 'provider' }, correlationId: webhook.bodyHash },
      data: { accountId, portfolioId, ...tier, since: since.toISOString() },
    });
  }
}
