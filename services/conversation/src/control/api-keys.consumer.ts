import {
  apiKeyChanged,
  apiKeyRevoked,
  type ApiKeyChanged,
  type ApiKeyRevoked,
  type Envelope,
} from '@fenster/contracts';
import { causedBy, defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';
import { setTimers } from '../timers/timer.js';
import { API_KEY_END, endApiKeys } from './end-api-keys.js';

const NAME = 'conversation-api-keys';

/** Which programs there are, and that those that are gone keep nothing. */
export const apiKeysConsumer = defineConsumer({
  name: NAME,
  filter: 'identity.>',
  subscriptions: [on(apiKeyChanged, storeApiKeys), on(apiKeyRevoked, removeApiKeys)],
});

async function storeApiKeys(tx: Tx, events: readonly Envelope<ApiKeyChanged>[]): Promise<void> {
  const latest = new Map(events.map((event) => [`${event.workspaceId} ${event.data.apiKeyId}`, event]));
  const keys = [...latest.values()].map(({ workspaceId, data }) => ({
    workspaceId,
    subjectId: data.apiKeyId,
    dueAt: new Date(data.expiresAt),
  }));
  // First, because the timer locks the key while it holds its own row.
  await setTimers(tx, API_KEY_END, keys);
  await sql`
    insert into api_key (workspace_id, id, expires_at) select workspace_id, id, expires_at
    from ${unnest(
      'input',
      { workspace_id: 'uuid', id: 'uuid', expires_at: 'timestamptz' },
      keys.map(({ workspaceId, subjectId, dueAt }) => ({
        workspace_id: workspaceId,
        id: subjectId,
        expires_at: dueAt,
      })),
    )}
    on conflict (workspace_id, id) do update set expires_at = excluded.expires_at
  `.execute(tx.sql);
}

async function removeApiKeys(tx: Tx, events: readonly Envelope<ApiKeyRevoked>[]): Promise<void> {
  for (const event of events) {
    const ended = [{ workspaceId: event.workspaceId, id: event.data.apiKeyId }];
    await endApiKeys(tx, ended, { reason: 'The API key was revoked.', origin: causedBy(event, NAME) });
  }
}
