import type { EventDefinition } from '@fenster/contracts';
import { currentTraceparent, newId } from '@fenster/runtime';
import { array } from './array-parameter.js';
import { sql, type Sql } from './database.js';
import type { Origin, Tx } from './transact.js';

export interface EmitOptions<Data> {
  entityId: string;
  data: Data;
  /** Required in work across tenants. */
  workspaceId?: string;
  /** When it happened, if earlier than now. */
  occurredAt?: Date;
  /** If the transaction handles events of several origins. */
  origin?: Origin;
}

export interface OutboxRow {
  id: string;
  workspaceId: string;
  name: string;
  version: number;
  entityId: string;
  /** The envelope as JSON text but for `seq`, which the database allocates. */
  envelope: string;
}

export function toOutboxRow<Data>(
  event: EventDefinition<string, Data>,
  options: EmitOptions<Data>,
  tx: Pick<Tx, 'workspaceId' | 'origin' | 'now'>,
): OutboxRow {
  const workspaceId = options.workspaceId ?? tx.workspaceId;
  if (workspaceId === undefined) throw new Error(`${event.name}: an event needs a workspace.`);
  const { actor, correlationId, causationId } = options.origin ?? tx.origin;
  const id = newId();
  const recordedAt = tx.now().toISOString();
  return {
    id,
    workspaceId,
    name: event.name,
    version: event.version,
    entityId: options.entityId,
    envelope: JSON.stringify({
      id,
      name: event.name,
      version: event.version,
      workspaceId,
      entityId: options.entityId,
      occurredAt: options.occurredAt?.toISOString() ?? recordedAt,
      recordedAt,
      actor,
      causationId,
      correlationId,
      traceparent: currentTraceparent(),
      dataClass: event.dataClass,
      data: event.schema.parse(options.data),
    }),
  };
}

/** The envelope as it is published and replayed. */
export function completeEnvelope(envelope: string, seq: number): string {
  return `{"seq":${seq},${envelope.slice(1)}`;
}

/** What one transaction appended to one workspace's log: a row of `outbox_pending` and the events that it stands for. */
export interface Appended {
  position: number;
  firstSeq: number;
  events: readonly OutboxRow[];
}

/**
 * Appends to the workspaces' logs. `seq` is gapless and in commit order, because the counter row stays locked
 * until the transaction ends; a reader that has seen n therefore has seen everything before n. Counters are taken
 * in workspace order, so that two writers cannot wait for each other. It is the transaction's last statement and
 * brings the commit with it: nobody waits for the counter longer than PostgreSQL takes for both.
 */
export async function appendToOutbox(connection: Sql, rows: readonly OutboxRow[]): Promise<Appended[]> {
  const byWorkspace = Map.groupBy(rows, (row) => row.workspaceId);
  const inOrder = [...byWorkspace].flatMap(([, events]) =>
    events.map((event, index) => ({ ...event, behind: events.length - 1 - index })),
  );
  const { rows: appended } = await sql<{
    position: string;
    workspace_id: string;
    first_seq: string;
  }>`/* prepared */ /* last */
    with workspace as materialized (
      select * from unnest(
        ${array('uuid', [...byWorkspace.keys()])}, ${array('int', [...byWorkspace.values()], (events) => events.length)}
      ) as t(workspace_id, added)
    ), counter as (
      insert into outbox_counter as c (workspace_id, last_seq)
      select workspace_id, added from workspace order by workspace_id
      on conflict (workspace_id) do update set last_seq = c.last_seq + excluded.last_seq
      returning workspace_id, last_seq
    ), logged as (
      insert into outbox (workspace_id, seq, id, name, version, entity_id, envelope)
      select workspace_id, last_seq - behind, id, name, version, entity_id, envelope
      from unnest(
        ${array('uuid', inOrder, (event) => event.workspaceId)}, ${array('int', inOrder, (event) => event.behind)},
        ${array('uuid', inOrder, (event) => event.id)}, ${array('text', inOrder, (event) => event.name)},
        ${array('int', inOrder, (event) => event.version)}, ${array('uuid', inOrder, (event) => event.entityId)},
        ${array('text', inOrder, (event) => event.envelope)}
      ) as input(workspace_id, behind, id, name, version, entity_id, envelope)
      join counter using (workspace_id)
    )
    insert into outbox_pending (workspace_id, first_seq, last_seq)
    select workspace_id, last_seq - added + 1, last_seq from counter join workspace using (workspace_id)
    returning position, workspace_id, first_seq
  `.execute(connection);
  return appended.map((row) => ({
    position: Number(row.position),
    firstSeq: Number(row.first_seq),
    events: byWorkspace.get(row.workspace_id)!,
  }));
}
