import { quotaWindow, type ActionGrant } from '@fenster/auth';
import { sql, type Tx } from '@fenster/database';
import { DomainError } from '@fenster/runtime';

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
  throw new DomainError(
    'QUOTA_EXCEEDED',
    `This API key may do this ${quota.count} times per ${quota.per.toLowerCase()}. Try again at ${resetsAt.toISOString()}.`,
    { details: { resetsAt } },
  );
}
