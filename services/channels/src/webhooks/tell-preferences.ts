import { channelPreferenceReceived } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';
import type { ReceivedWebhook } from './received-webhook.js';

/** Who has stopped marketing in the provider's app, or allows it again: conversation minds it, contacts keeps the proof. */
export async function tellPreferences(tx: Tx, group: readonly ReceivedWebhook[]): Promise<void> {
  const told = group.flatMap((webhook) =>
    webhook.others.flatMap(({ address, preferences }) =>
      address === undefined || !preferences ? [] : [{ webhook, address, preferences }],
    ),
  );
  if (told.length === 0) return;
  const { rows } = await sql<{ ordinal: number; workspace_id: string; channel_id: string }>`
    select input.ordinal, c.workspace_id, c.id as channel_id
    from ${unnest(
      'input',
      { ordinal: 'int', app_id: 'text', address: 'text' },
      told.map(({ webhook, address }, ordinal) => ({ ordinal, app_id: webhook.app.appId, address })),
    )}
    join channel c on c.app_id = input.app_id and c.address = input.address
  `.execute(tx.sql);
  for (const { ordinal, workspace_id: workspaceId, channel_id: channelId } of rows) {
    const { webhook, preferences } = told[ordinal]!;
    for (const { identity, value, changedAt } of preferences) {
      tx.emit(channelPreferenceReceived, {
        entityId: channelId,
        workspaceId,
        occurredAt: changedAt,
        origin: { actor: { kind: 'provider' }, correlationId: webhook.bodyHash },
        data: { channelId, identity, purpose: 'MARKETING', value, changedAt: changedAt.toISOString() },
      });
    }
  }
}
