import { createHash } from 'node:crypto';
import type { AuditEntryRecorded, Envelope } from '@fenster/contracts';

/** What an entry says; all of it is hashed, whether it came with the event or not. */
export interface AuditEntryContent {
  workspaceId: string;
  /** Place in the workspace's log: 1, 2, 3, … without gaps. */
  seq: number;
  /** Of the event that brought it. */
  id: string;
  service: string;
  action: string;
  actorKind: string;
  actorId: string | null;
  sessionId: string | null;
  objectType: string;
  objectIds: readonly string[];
  changes: AuditEntryRecorded['changes'] | null;
  clientAddress: string | null;
  userAgent: string | null;
  correlationId: string;
  occurredAt: Date;
  recordedAt: Date;
}

/** An entry as it is stored: tied to the one before it. */
export interface ChainedEntry extends AuditEntryContent {
  previousHash: Buffer;
  hash: Buffer;
}

/** The last entry of a workspace's log. */
export interface ChainHead {
  seq: number;
  hash: Buffer;
}

/** Before the first entry. */
export const NO_HEAD: ChainHead = { seq: 0, hash: Buffer.alloc(32) };

/** SHA-256 over the entry in canonical JSON (keys sorted, no white space, UTF-8), then the hash of the entry before it. */
export function hashEntry(content: AuditEntryContent, previousHash: Buffer): Buffer {
  const { workspaceId, seq, id, service, action, actorKind, actorId, sessionId, objectType, objectIds } = content;
  const { changes, clientAddress, userAgent, correlationId, occurredAt, recordedAt } = content;
  const named = { workspaceId, seq, id, service, action, actorKind, actorId, sessionId, objectType, objectIds };
  const hashed = { ...named, changes, clientAddress, userAgent, correlationId, occurredAt, recordedAt };
  return createHash('sha256').update(canonicalJson(hashed)).update(previousHash).digest();
}

/** The entries that events add to a log which ends with `head`. */
export function extendChain(head: ChainHead, events: readonly Envelope<AuditEntryRecorded>[]): ChainedEntry[] {
  let last = head;
  return events.map((event) => {
    const content = toContent(event, last.seq + 1);
    const entry = { ...content, previousHash: last.hash, hash: hashEntry(content, last.hash) };
    last = entry;
    return entry;
  });
}

export type BrokenLinkCheck = 'gap' | 'previous hash' | 'hash' | 'head';

/** Why `entry` cannot be the one that was appended after `last`; undefined if it can. */
export function brokenLink(last: ChainHead, entry: ChainedEntry): { seq: number; check: BrokenLinkCheck } | undefined {
  const seq = last.seq + 1;
  if (entry.seq !== seq) return { seq, check: 'gap' };
  if (!entry.previousHash.equals(last.hash)) return { seq, check: 'previous hash' };
  if (!entry.hash.equals(hashEntry(entry, entry.previousHash))) return { seq, check: 'hash' };
  return undefined;
}

/** PostgreSQL writes UUIDs in lower case, whatever came. */
function toContent({ data, ...event }: Envelope<AuditEntryRecorded>, seq: number): AuditEntryContent {
  return {
    workspaceId: event.workspaceId.toLowerCase(),
    seq,
    id: event.id.toLowerCase(),
    service: event.name.slice(0, event.name.indexOf('.')),
    action: data.action,
    actorKind: event.actor.kind,
    actorId: event.actor.id ?? null,
    sessionId: data.sessionId?.toLowerCase() ?? null,
    objectType: data.objectType,
    objectIds: data.objectIds.map((id) => id.toLowerCase()),
    changes: data.changes ?? null,
    clientAddress: data.clientAddress ?? null,
    userAgent: data.userAgent ?? null,
    correlationId: event.correlationId,
    occurredAt: new Date(event.occurredAt),
    recordedAt: new Date(event.recordedAt),
  };
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  );
}
