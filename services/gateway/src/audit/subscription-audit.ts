import type { Actor } from '@fenster/auth';
import { auditEntryRecorded, subjectOf, type AuditEntryRecorded, type Envelope } from '@fenster/contracts';
import { ensureStream, publishUnordered, type NatsConnection } from '@fenster/messaging';
import { createCollector, newId, type Clock, type Logger } from '@fenster/runtime';

export interface SubscriptionAudit {
  /** Somebody was let into a subscription. */
  opened(
    field: string,
    actor: Actor,
    from: { clientAddress?: string | undefined; userAgent?: string | undefined },
  ): void;
  /** Publishes what is there. */
  stop(): Promise<void>;
}

const DEFINITION = auditEntryRecorded.get('gateway')!;
const COLLECT_MS = 100;
const RETRY_MS = 1_000;
const MAX_WAITING = 20_000;
const MAX_MESSAGE_EVENTS = 64;

/**
 * Tells the audit log who opened a subscription: subgraphs cannot, because those with equal rights share one. Sent to
 * NATS soon after the first event; while NATS is away they wait, the latest 20,000 of them.
 */
export function createSubscriptionAudit({
  connection,
  now,
  log,
}: {
  connection: NatsConnection;
  now: Clock;
  log: Logger;
}): SubscriptionAudit {
  let hasStream = false;
  const opened = createCollector<Envelope<AuditEntryRecorded>>({
    collectMs: COLLECT_MS,
    retryMs: RETRY_MS,
    async store(envelopes) {
      if (!hasStream) await ensureStream(connection, 'gateway');
      hasStream = true;
      // What is published twice after a failure, identity knows by the events' ids.
      await publishUnordered(connection, toPublications(envelopes));
    },
    onFailure(error, waiting) {
      hasStream = false;
      const kept = waiting.slice(-MAX_WAITING);
      const lost = waiting.length - kept.length;
      log.warn({ err: error, waiting: kept.length, lost }, 'opened subscriptions will be audited later');
      return kept;
    },
  });

  return {
    opened: (field, actor, from) => opened.add(toEnvelope(field, actor, from, now())),
    async stop() {
      if (!(await opened.stop())) log.error({ lost: opened.size }, 'opened subscriptions were not audited');
    },
  };
}

function toEnvelope(
  field: string,
  { kind, id: actorId, workspaceId, sessionId }: Actor,
  { clientAddress, userAgent }: { clientAddress?: string | undefined; userAgent?: string | undefined },
  now: Date,
): Envelope<AuditEntryRecorded> {
  return {
    id: newId(),
    name: DEFINITION.name,
    version: DEFINITION.version,
    workspaceId,
    seq: 1,
    entityId: workspaceId,
    occurredAt: now.toISOString(),
    recordedAt: now.toISOString(),
    actor: { kind, id: actorId },
    correlationId: newId(),
    dataClass: DEFINITION.dataClass,
    data: {
      action: 'subscription.open',
      objectType: 'subscription',
      objectIds: [workspaceId],
      changes: { field: { before: null, after: field } },
      sessionId,
      clientAddress,
      userAgent: userAgent?.slice(0, 512),
    },
  };
}

function toPublications(envelopes: readonly Envelope<AuditEntryRecorded>[]) {
  return [...Map.groupBy(envelopes, (envelope) => envelope.workspaceId)].flatMap(([workspaceId, own]) =>
    Array.from({ length: Math.ceil(own.length / MAX_MESSAGE_EVENTS) }, (_, index) => {
      const part = own.slice(index * MAX_MESSAGE_EVENTS, (index + 1) * MAX_MESSAGE_EVENTS);
      return {
        id: `${part[0]!.id}+${part.length}`,
        subject: subjectOf(DEFINITION, workspaceId),
        data: Buffer.from(JSON.stringify(part)),
      };
    }),
  );
}
