import { auditEntryRecorded, subjectOf, type AuditEntryRecorded, type Envelope } from '@fenster/contracts';
import { connectNats, createPublisher, ensureStream } from '@fenster/messaging';
import { createLogger, newId } from '@fenster/runtime';

export type AuditEvent = Envelope<AuditEntryRecorded>;

export function auditEvent(
  workspaceId: string,
  { service = 'conversation', ...event }: Partial<AuditEvent> & { service?: string } = {},
  data: Partial<AuditEntryRecorded> = {},
): AuditEvent {
  const definition = auditEntryRecorded.get(service)!;
  const objectIds = data.objectIds ?? [newId()];
  return {
    id: newId(),
    name: definition.name,
    version: definition.version,
    workspaceId,
    seq: 1,
    entityId: objectIds[0]!,
    occurredAt: '2026-11-22T10:00:00.000Z',
    recordedAt: '2026-11-22T10:00:00.000Z',
    actor: { kind: 'member', id: newId() },
    correlationId: 'test',
    dataClass: definition.dataClass,
    ...event,
    data: { action: 'message.send', objectType: 'message', objectIds, ...data },
  };
}

/** Publishes as the services' relays do: what follows one another in one message, each service in its own stream. */
export async function publishEvents(natsUrl: string, events: readonly Envelope[], perMessage = 7): Promise<void> {
  const connection = await connectNats({ url: natsUrl, name: 'test', log: createLogger('test', 'silent') });
  try {
    for (const [name, ofService] of Map.groupBy(events, (event) => event.name)) {
      await ensureStream(connection, name.slice(0, name.indexOf('.')));
      const publications = [...Map.groupBy(ofService, (event) => event.workspaceId)].flatMap(([workspaceId, own]) =>
        Array.from({ length: Math.ceil(own.length / perMessage) }, (_, index) => ({
          id: newId(),
          subject: subjectOf(own[0]!, workspaceId),
          data: Buffer.from(JSON.stringify(own.slice(index * perMessage, (index + 1) * perMessage))),
        })),
      );
      await createPublisher(connection).publish(publications);
    }
  } finally {
    await connection.close();
  }
}
