import { deleteStream, ensureStream, type NatsConnection } from '@fenster/messaging';
import { sql, type Database } from './database.js';

const EVENTS_PER_ROW = 500;

/**
 * Makes a service's stream anew from its log in PostgreSQL: empties the stream and queues the whole log for the
 * relay, which must be running somewhere. Consumers notice the new stream, read it from the beginning, and their
 * inboxes keep known events without effect. Returns how many events were queued.
 */
export async function rebuildStream(service: string, database: Database, connection: NatsConnection): Promise<number> {
  return database.system().transactional(async (em) => {
    const kysely = em.getKysely();
    // Waits for the relay's batch and keeps writers out, so that nothing overtakes the older events.
    await sql`lock table outbox_pending in access exclusive mode`.execute(kysely);
    await deleteStream(connection, service).catch(() => undefined);
    await ensureStream(connection, service);
    await sql`delete from outbox_pending`.execute(kysely);
    const { rows } = await sql<{ queued: string }>`
      with queued as (
        insert into outbox_pending (workspace_id, first_seq, last_seq)
        select workspace_id, min(seq), max(seq) from outbox
        group by workspace_id, seq / ${EVENTS_PER_ROW} order by workspace_id, min(seq)
        returning last_seq - first_seq + 1 as events
      )
      select coalesce(sum(events), 0) as queued from queued
    `.execute(kysely);
    return Number(rows[0]?.queued ?? 0);
  });
}

/** How many events the relay has still to publish. */
export async function countPending(database: Database): Promise<number> {
  const { rows } = await sql<{ pending: string }>`
    select coalesce(sum(last_seq - first_seq + 1), 0) as pending from outbox_pending
  `.execute(database.system().getKysely());
  return Number(rows[0]?.pending ?? 0);
}
