import {
  eraseEvent,
  PERSONAL_EVENTS,
  personErased,
  streamOf,
  type Envelope,
  type ErasingService,
} from '@fenster/contracts';
import { eraseMessages, publishUnordered, readStored, streamState, type NatsConnection } from '@fenster/messaging';
import { array } from '../array-parameter.js';
import { sql, type Database, type Sql } from '../database.js';
import { parseEnvelope } from '../event-log.js';
import { completeEnvelope } from '../outbox.js';
import { unnest } from '../unnest.js';
import { countCleaned, type ErasureKey } from './erasure-task.js';

const CHUNK = 500;

/** Of whom an event is, in which of a service's logs. */
export interface LogErasure extends ErasureKey {
  service: ErasingService;
  isAbout(data: unknown): boolean;
  /** What is younger is of somebody else. */
  upTo: Date | null;
}

/** Up to where the log may be about the person: there the service said that its rows are gone. */
async function endOf(db: Sql, { service, workspaceId, erasureId }: LogErasure): Promise<number> {
  const { rows } = await sql<{ seq: string | null }>`
    select max(seq) as seq from outbox
    where workspace_id = ${workspaceId} and name = ${personErased.get(service)!.name} and entity_id = ${erasureId}
  `.execute(db);
  return Number(rows[0]?.seq ?? 0);
}

function erased(received: Envelope, { isAbout, upTo }: LogErasure, end: number): Envelope | undefined {
  if (received.seq >= end || (upTo && new Date(received.recordedAt) > upTo) || !isAbout(received.data))
    return undefined;
  const left = eraseEvent(received);
  return left && JSON.stringify(left.data) !== JSON.stringify(received.data) ? left : undefined;
}

/**
 * Puts what stays in the place of each event about the person. `seq` has no hole afterwards, so no subscriber takes it
 * for a loss. The whole log is read: what leads to a person stands in the data.
 */
export async function eraseFromOutbox(database: Database, erasure: LogErasure): Promise<void> {
  const db = database.system().getKysely();
  const end = await endOf(db, erasure);
  const names = PERSONAL_EVENTS.map(({ name }) => name).filter((name) => streamOf(name) === erasure.service);
  const { workspaceId } = erasure;
  for (let after = 0; ;) {
    const { rows } = await sql<{ seq: string; envelope: string }>`
      select seq, envelope from outbox
      where workspace_id = ${workspaceId} and seq > ${after} and seq < ${end} and name = any(${array('text', names)})
      order by seq limit ${CHUNK}
    `.execute(db);
    const changed = rows.flatMap((row) => {
      const left = erased(parseEnvelope(JSON.parse(completeEnvelope(row.envelope, Number(row.seq)))), erasure, end);
      if (!left) return [];
      const { seq, ...envelope } = left;
      return [{ seq, name: left.name, version: left.version, envelope: JSON.stringify(envelope) }];
    });
    if (changed.length > 0) {
      await sql`
        with changed as (
          update outbox set name = input.name, version = input.version, envelope = input.envelope
          from ${unnest('input', { seq: 'bigint', name: 'text', version: 'int', envelope: 'text' }, changed)}
          where outbox.workspace_id = ${workspaceId} and outbox.seq = input.seq returning outbox.seq
        )
        ${countCleaned(erasure, 'events')}
      `.execute(db);
    }
    if (rows.length < CHUNK) return;
    after = Number(rows.at(-1)!.seq);
  }
}

/**
 * Overwrites the stream's messages that have events about the person. What else they have is published again before, so
 * that nobody who reads slowly misses it; whoever knows it already knows it by its id.
 */
export async function eraseFromStream(
  database: Database,
  connection: NatsConnection,
  erasure: LogErasure,
): Promise<void> {
  const { service, workspaceId } = erasure;
  const db = database.system().getKysely();
  const end = await endOf(db, erasure);
  const { created } = await streamState(connection, service);
  const filter = `${service}.*.*.*.${workspaceId}`;
  const positions: number[] = [];
  for await (const { position, subject, data } of readStored(connection, { stream: service, filter })) {
    const events = (JSON.parse(Buffer.from(data).toString()) as unknown[]).map(parseEnvelope);
    const left = events.map((event) => erased(event, erasure, end));
    if (left.every((each) => each === undefined)) continue;
    const others = events.flatMap((event, index) =>
      left[index] && left[index].name !== event.name ? [] : [left[index] ?? event],
    );
    if (others.length > 0) {
      const id = `erased ${created} ${position}`;
      await publishUnordered(connection, [{ id, subject, data: Buffer.from(JSON.stringify(others)) }]);
    }
    positions.push(position);
  }
  await eraseMessages(connection, service, positions);
  await sql`
    with changed as (select from unnest(${array('bigint', positions)})) ${countCleaned(erasure, 'stream_messages')}
  `.execute(db);
}
