import { sql, verifyChains, type Database, type EntityManager, type VerifiedChain } from '@fenster/database';
import { auditChain, type ChainedEntry } from './audit-chain.js';

export type VerifiedLog = VerifiedChain;

/** Walks the audit logs, from where retention left them: see {@link verifyChains}. */
export function verifyAuditLogs(
  database: Database,
  options: { workspaceId?: string | undefined; batch?: number } = {},
): AsyncGenerator<VerifiedLog, void> {
  const { brokenLink } = auditChain;
  return verifyChains(
    database,
    { entries: 'audit_entry', heads: 'audit_head', anchors: 'audit_anchor', read: readEntries, brokenLink },
    options,
  );
}

type EntryRow = Omit<ChainedEntry, 'seq'> & { seq: string };

async function readEntries(
  em: EntityManager,
  workspaceId: string,
  after: number,
  limit: number,
): Promise<ChainedEntry[]> {
  const { rows } = await sql<EntryRow>`
    select workspace_id as "workspaceId", seq, id, service, action, actor_kind as "actorKind", actor_id as "actorId",
      session_id as "sessionId", object_type as "objectType", object_ids as "objectIds", changes,
      client_address as "clientAddress", user_agent as "userAgent", correlation_id as "correlationId",
      occurred_at as "occurredAt", recorded_at as "recordedAt", previous_hash as "previousHash", hash
    from audit_entry where workspace_id = ${workspaceId} and seq > ${after} order by seq limit ${limit}
  `.execute(em.getKysely());
  return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
}
