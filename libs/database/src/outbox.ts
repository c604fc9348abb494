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

/**
 * Appends to the workspaces' logs. `seq` is gapless and in commit order, because the counter row stays locked
 * until the transaction ends; a reader that has seen n therefore has seen everything before n. Counters are taken
 * in workspace order, so that two writers cannot wait for each other.
 */
export async function appendToOutbox(connection: Sql, rows: readonly OutboxRow[]): Promise<void> {
  await sql`/* prepared */
    with input as materialized (
      select * from unnest(
        ${array('uuid', rows, (row) => row.id)}, ${array('uuid', rows, (row) => row.workspaceId)},
        ${array('text', rows, (row) => row.name)}, ${array('int', rows, (row) => row.version)},
        ${array('uuid', rows, (row) => row.entityId)}, ${array('text', rows, (row) => row.envelope)}
      ) with ordinality as t(id, workspace_id, name, version, entity_id, envelope, ordinal)
    ), amount as (
      select workspace_id, count(*) as added from input group by workspace_id
    ), counter as (
      insert into outbox_counter as c (workspace_id, last_seq)
      select workspace_id, added from amount order by workspace_id
      on conflict (workspace_id) do update set last_seq = c.last_seq + excluded.last_seq
      returning workspace_id, last_seq
    ), numbered as (
      select input.*, counter.last_seq - amount.added
             + row_number() over (partition by input.workspace_id order by ordinal) as seq
      from input join counter using (workspace_id) join amount using (workspace_id)
    ), logged as (
      insert into outbox (workspace_id, seq, id, name, version, entity_id, envelope)
      select workspace_id, seq, id, name, version, entity_id, envelope from numbered
    )
    insert into outbox_pending (workspace_id, seq) select workspace_id, seq from numbered order by ordinal
  `.execute(connection);
}
