import { createHash } from 'node:crypto';
import { DomainError, invalidInput } from '@fenster/runtime';
import { sql } from './database.js';
import type { Tx } from './transact.js';

const MAX_KEY_LENGTH = 200;

/**
 * Runs `create` once per key of this actor. The same key with the same input returns the id that the first call
 * made, also when both calls run at once (the second waits for the first one's commit).
 * `workspaceId` is said where the transaction is across tenants.
 * @throws DomainError IDEMPOTENCY_CONFLICT for the same key with another operation or input.
 */
export async function once(
  tx: Tx,
  {
    key,
    operation,
    input,
    workspaceId = tx.workspaceId,
  }: { key: string; operation: string; input: unknown; workspaceId?: string | undefined },
  newResultId: string,
  create: (resultId: string) => Promise<void>,
): Promise<string> {
  if (key.length === 0 || key.length > MAX_KEY_LENGTH) {
    throw invalidInput('idempotencyKey', `must have 1 to ${MAX_KEY_LENGTH} characters.`);
  }
  const inputHash = createHash('sha256').update(JSON.stringify(input)).digest('base64url');
  const actorId = tx.origin.actor.id ?? tx.origin.actor.kind;
  const { rows } = await sql<{ operation: string; input_hash: string; result_id: string; created: boolean }>`
    with inserted as (
      insert into idempotency_key (workspace_id, actor_id, key, operation, input_hash, result_id, created_at)
      values (${workspaceId}, ${actorId}, ${key}, ${operation}, ${inputHash}, ${newResultId}, ${tx.now()})
      on conflict (workspace_id, actor_id, key) do update set key = excluded.key
      returning operation, input_hash, result_id
    )
    select * from inserted
  `.execute(tx.sql);
  const first = rows[0]!;
  if (first.operation !== operation || first.input_hash !== inputHash) {
    throw new DomainError(
      'IDEMPOTENCY_CONFLICT',
      'This idempotency key was used before with other input. Use a new key.',
      {
        field: 'idempotencyKey',
      },
    );
  }
  if (first.result_id === newResultId) await create(newResultId);
  return first.result_id;
}
