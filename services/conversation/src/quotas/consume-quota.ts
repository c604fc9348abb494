import { quotaWindow, type ActionGrant, type Quota } from '@fenster/auth';
import { sql, type Tx } from '@fenster/database';
import { quotaExceeded } from './quota-exceeded.js';

/**
 * Uses up one of an API key's quota, in the transaction of what it is used for: what does not happen costs nothing.
 * Concurrent uses wait for each other, so take this lock last.
 * @throws DomainError QUOTA_EXCEEDED
 */
export async function consumeQuota(tx: Tx, apiKeyId: string, { action, resource, quota }: ActionGrant): Promise<void> {
  if (!quota) return;
  const { startsAt, resetsAt } = quotaWindow(quota, tx.now());
  // A process whose clock is behind counts in the window that another one has begun.
  const { rows } = await sql`
    insert into api_key_quota as used (workspace_id, api_key_id, action, resource, window_start, count)
    values (${tx.workspaceId}, ${apiKeyId}, ${action}, ${resource ?? ''}, ${startsAt}, 1)
    on conflict (workspace_id, api_key_id, action, resource) do update set
      count = case when used.window_start < excluded.window_start then 1 else used.count + 1 end,
      window_start = greatest(used.window_start, excluded.window_start)
    where used.window_start < excluded.window_start or used.count < ${quota.count}
    returning count
  `.execute(tx.sql);
  if (rows.length > 0) return;
  throw quotaExceeded(quota, resetsAt);
}

export interface QuotaLeft extends Quota {
  left: number;
  resetsAt: Date;
}

/** How much of it is left now; undefined if it has no limit. Uses up nothing. */
export async function quotaLeft(
  tx: Tx,
  apiKeyId: string,
  { action, resource, quota }: ActionGrant,
): Promise<QuotaLeft | undefined> {
  if (!quota) return undefined;
  const { startsAt, resetsAt } = quotaWindow(quota, tx.now());
  const { rows } = await sql<{ count: number }>`
    select count from api_key_quota
    where workspace_id = ${tx.workspaceId} and api_key_id = ${apiKeyId} and action = ${action}
      and resource = ${resource ?? ''} and window_start >= ${startsAt}
  `.execute(tx.sql);
  return { ...quota, left: Math.max(quota.count - (rows[0]?.count ?? 0), 0), resetsAt };
}
