import type { Actor } from '@fenster/auth';
import { auditEntryRecorded, subjectOf, type AuditEntryRecorded, type Envelope } from '@fenster/contracts';
import { createPublisher, ensureStream, type NatsConnection } from '@fenster/messaging';
import { newId, type Clock, type Logger } from '@fenster/runtime';

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
  const publisher = createPublisher(connection);
  let waiting: Envelope<AuditEntryRecorded>[] = [];
  let timer: NodeJS.Timeout | undefined;
  let publishing: Promise<boolean> | undefined;
  let hasStream = false;

  function collect(ms: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void publishWaiting();
    }, ms);
  }

  function publishWaiting(): Promise<boolean> {
    publishing ??= publishAll().finally(() => (publishing = undefined));
    return publishing;
  }

  async function publishAll(): Promise<boolean> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        if (!hasStream) await ensureStream(connection, 'gateway');
        hasStream = true;
        // What is published twice after a failure, identity knows by the events' ids.
        await publisher.publish(toPublications(batch));
      } catch (error) {
        hasStream = false;
        const all = [...batch, ...waiting];
        waiting = all.slice(-MAX_WAITING);
        const lost = all.length - waiting.length;
        log.warn({ err: error, waiting: waiting.length, lost }, 'opened subscriptions will be audited later');
        collect(RETRY_MS);
        return false;
      }
    }
    return true;
  }

  return {
    opened(field, actor, from) {
      waiting.push(toEnvelope(field, actor, from, now()));
      collect(COLLECT_MS);
    },
    async stop() {
      clearTimeout(timer);
      await publishing;
      if (!(await publishWaiting())) log.error({ lost: waiting.length }, 'opened subscriptions were not audited');
      clearTimeout(timer);
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
