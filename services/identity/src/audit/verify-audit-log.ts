import { sql, type Database, type EntityManager } from '@fenster/database';
import { IsolationLevel } from '@mikro-orm/core';
import { brokenLink, NO_HEAD, type BrokenLinkCheck, type ChainedEntry, type ChainHead } from './audit-chain.js';

export interface VerifiedLog {
  workspaceId: string;
  /** The end that was found; compare it with one that was kept elsewhere. */
  head: ChainHead;
  /** The first link that does not hold. `seq` is where an entry should be and is not, or is and should not. */
  broken: { seq: number; check: BrokenLinkCheck } | undefined;
}

const BATCH = 1_000;

/**
 * Walks the audit logs, each in one snapshot of the database, so that entries may be appended meanwhile. Memory does
 * not grow with their length. Stops in each log at the first broken link.
 */
export async function* verifyAuditLogs(
  database: Database,
  options: { workspaceId?: string | undefined; batch?: number } = {},
): AsyncGenerator<VerifiedLog, void> {
  const { workspaceId, batch = BATCH } = options;
  if (workspaceId !== undefined) return yield await verifyLog(database, workspaceId, batch);
  let last: string | undefined;
  while ((last = await nextWorkspace(database, last)) !== undefined) yield await verifyLog(database, last, batch);
}

/** Workspaces that have a head, entries or both: one of them may have been removed. */
async function nextWorkspace(database: Database, after: string | undefined): Promise<string | undefined> {
  const condition = after === undefined ? sql`true` : sql`workspace_id > ${after}`;
  const { rows } = await sql<{ next: string | null }>`
    select least(
      (select workspace_id from audit_head where ${condition} order by workspace_id limit 1),
      (select workspace_id from audit_entry where ${condition} order by workspace_id limit 1)
    ) as next
  `.execute(database.system().getKysely());
  return rows[0]?.next ?? undefined;
}

async function verifyLog(database: Database, workspaceId: string, batch: number): Promise<VerifiedLog> {
  return database.system().transactional(
    async (em) => {
      let last: ChainHead = NO_HEAD;
      for (let size = batch; size === batch;) {
        const entries = await readEntries(em as EntityManager, workspaceId, last.seq, batch);
        size = entries.length;
        for (const entry of entries) {
          const broken = brokenLink(last, entry);
          if (broken) return { workspaceId, head: last, broken };
          last = entry;
        }
      }
      const head = await readHead(em as EntityManager, workspaceId);
      return { workspaceId, head: { seq: last.seq, hash: last.hash }, broken: brokenEnd(last, head) };
    },
    { isolationLevel: IsolationLevel.REPEATABLE_READ, readOnly: true },
  );
}

/** Entries that are missing at the end, or that nobody appended there. */
function brokenEnd(last: ChainHead, head: ChainHead): VerifiedLog['broken'] {
  if (head.seq > last.seq) return { seq: last.seq + 1, check: 'head' };
  if (head.seq < last.seq) return { seq: head.seq + 1, check: 'head' };
  return head.hash.equals(last.hash) ? undefined : { seq: last.seq, check: 'head' };
}

async function readHead(em: EntityManager, workspaceId: string): Promise<ChainHead> {
  const { rows } = await sql<{ seq: string; hash: Buffer }>`
    select seq, hash from audit_head where workspace_id = ${workspaceId}
  `.execute(em.getKysely());
  return rows[0] ? { seq: Number(rows[0].seq), hash: rows[0].hash } : NO_HEAD;
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
