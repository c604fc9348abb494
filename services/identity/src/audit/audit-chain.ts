import type { AuditEntryRecorded, Envelope } from '@fenster/contracts';
import { defineChain, type Chained } from '@fenster/database';

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

export type ChainedEntry = Chained<AuditEntryContent>;

/** What happened, in the order in which it came. */
export const auditChain = defineChain({
  toContent,
  hashed({ workspaceId, seq, id, service, action, actorKind, actorId, sessionId, ...entry }: AuditEntryContent) {
    const { objectType, objectIds, changes, clientAddress, userAgent, correlationId, occurredAt, recordedAt } = entry;
    const named = { workspaceId, seq, id, service, action, actorKind, actorId, sessionId, objectType, objectIds };
    return { ...named, changes, clientAddress, userAgent, correlationId, occurredAt, recordedAt };
  },
});

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
