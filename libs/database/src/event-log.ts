import { envelope as envelopeSchema, type Envelope } from '@fenster/contracts';
import { array } from './array-parameter.js';
import { sql, type EntityManager } from './database.js';
import { completeEnvelope } from './outbox.js';

interface LogRow {
  seq: string;
  envelope: string;
}

/** Events of one workspace after `seq`, in order, without holes. */
export async function readLog(em: EntityManager, after: number, limit: number): Promise<Envelope[]> {
  const rows = await em.execute<LogRow[]>('select seq, envelope from outbox where seq > ? order by seq limit ?', [
    after,
    limit,
  ]);
  return rows.map((row) => parseEnvelope(JSON.parse(completeEnvelope(row.envelope, Number(row.seq)))));
}

/** Where the log of the entity manager's workspace begins and ends. `first` is 0 when it is empty. */
export async function logBounds(em: EntityManager): Promise<{ first: number; last: number }> {
  const rows = await em.execute<{ first: string | null; last: string | null }[]>(
    'select (select min(seq) from outbox) as first, (select last_seq from outbox_counter) as last',
  );
  return { first: Number(rows[0]?.first ?? 0), last: Number(rows[0]?.last ?? 0) };
}

/** Ends of several workspaces' logs at once, for the event path. */
export async function lastSeqs(em: EntityManager, workspaceIds: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await sql<{ workspace_id: string; last_seq: string }>`
    select workspace_id, last_seq from outbox_counter where workspace_id = any(${array('uuid', workspaceIds)})
  `.execute(em.getKysely());
  return new Map(rows.map((row) => [row.workspace_id, Number(row.last_seq)]));
}

/** @throws ZodError for anything that is not an envelope. */
export function parseEnvelope(value: unknown): Envelope {
  return envelopeSchema.parse(value) as Envelope;
}
