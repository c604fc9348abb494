import { auditChainExtended, type AuditEntryRecorded, type Envelope } from '@fenster/contracts';
import { lockHeads, moveHeads, sql, unnest, type Tx } from '@fenster/database';
import { auditChain, type ChainedEntry } from './audit-chain.js';

/**
 * Appends entries to the logs of their workspaces. The locks on the heads make consumers take turns; three statements,
 * whatever the number of entries and of workspaces.
 */
export async function appendEntries(tx: Tx, events: readonly Envelope<AuditEntryRecorded>[]): Promise<void> {
  const byWorkspace = Map.groupBy(events, (event) => event.workspaceId);
  const heads = await lockHeads(tx, 'audit_head', [...byWorkspace.keys()]);
  const chains = [...byWorkspace].map(([workspaceId, added]) => auditChain.extend(heads.get(workspaceId)!, added));
  await insertEntries(tx, chains.flat());
  const newHeads = chains.map((chain) => chain.at(-1)!);
  await moveHeads(tx, 'audit_head', newHeads);
  for (const { workspaceId, seq, hash } of newHeads) {
    const head = { seq, hash: hash.toString('hex') };
    tx.emit(auditChainExtended, { workspaceId, entityId: workspaceId, data: head });
    tx.afterCommit(() => tx.log.info({ workspaceId, ...head }, 'audit log extended'));
  }
}

const COLUMNS = {
  workspace_id: 'uuid',
  seq: 'bigint',
  id: 'uuid',
  service: 'text',
  action: 'text',
  actor_kind: 'text',
  actor_id: 'text',
  session_id: 'uuid',
  object_type: 'text',
  // An array of arrays would be taken apart to the last element.
  object_ids: 'text',
  changes: 'jsonb',
  client_address: 'text',
  user_agent: 'text',
  correlation_id: 'text',
  occurred_at: 'timestamptz',
  recorded_at: 'timestamptz',
  previous_hash: 'bytea',
  hash: 'bytea',
} as const;

async function insertEntries(tx: Tx, entries: readonly ChainedEntry[]): Promise<void> {
  const rows = entries.map((entry) => ({
    workspace_id: entry.workspaceId,
    seq: entry.seq,
    id: entry.id,
    service: entry.service,
    action: entry.action,
    actor_kind: entry.actorKind,
    actor_id: entry.actorId,
    session_id: entry.sessionId,
    object_type: entry.objectType,
    object_ids: `{${entry.objectIds.join()}}`,
    changes: entry.changes,
    client_address: entry.clientAddress,
    user_agent: entry.userAgent,
    correlation_id: entry.correlationId,
    occurred_at: entry.occurredAt,
    recorded_at: entry.recordedAt,
    previous_hash: entry.previousHash,
    hash: entry.hash,
  }));
  await sql`/* prepared */
    with entry as (
      insert into audit_entry (
        workspace_id, seq, id, service, action, actor_kind, actor_id, session_id, object_type, object_ids, changes,
        client_address, user_agent, correlation_id, occurred_at, recorded_at, previous_hash, hash
      )
      select
        workspace_id, seq, id, service, action, actor_kind, actor_id, session_id, object_type, object_ids::uuid[], changes,
        client_address, user_agent, correlation_id, occurred_at, recorded_at, previous_hash, hash
      from ${unnest('input', COLUMNS, rows)}
      returning workspace_id, object_ids, occurred_at, id
    )
    insert into audit_entry_object (workspace_id, object_id, occurred_at, entry_id)
    select distinct workspace_id, unnest(object_ids), occurred_at, id from entry
  `.execute(tx.sql);
}
