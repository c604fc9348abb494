import type { Envelope } from '@fenster/contracts';
import type { Ctx, Database } from '@fenster/database';

/** Who comes later is judged by what the conversation is then. */
const SHARED_FOR_MS = 1_000;

type Read<V> = (
  database: Database,
  workspaceId: string,
  envelopes: readonly Envelope[],
) => Promise<ReadonlyMap<Envelope, V>>;

/**
 * What stands behind events, for all subscriptions of this process: one query however many events they are, and none for
 * those that another subscription has just read. Rows are read after their event, so they are never older than it.
 */
export function shareReadings<V>(
  read: Read<V>,
): (
  ctx: Pick<Ctx, 'database' | 'now'>,
  workspaceId: string,
  envelopes: readonly Envelope[],
) => Promise<Map<Envelope, V>> {
  const readings = new WeakMap<Envelope, { at: number; values: Promise<ReadonlyMap<Envelope, V>> }>();
  return async ({ database, now }, workspaceId, envelopes) => {
    const at = now().getTime();
    const unread = envelopes.filter((envelope) => at - (readings.get(envelope)?.at ?? 0) >= SHARED_FOR_MS);
    if (unread.length > 0) {
      const reading = { at, values: read(database, workspaceId, unread) };
      for (const envelope of unread) readings.set(envelope, reading);
      reading.values.catch(() => unread.forEach((envelope) => readings.delete(envelope)));
    }
    const values = new Map<Envelope, V>();
    for (const envelope of envelopes) {
      const value = (await readings.get(envelope)?.values)?.get(envelope);
      if (value !== undefined) values.set(envelope, value);
    }
    return values;
  };
}
