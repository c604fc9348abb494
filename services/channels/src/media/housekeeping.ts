import { sql, transact, type Ctx } from '@fenster/database';
import { createPoller, type Poller } from '@fenster/runtime';
import type { ObjectStore } from '@fenster/object-store';
import type { Providers } from '../providers/providers.js';
import { removeAtProvider } from './provider-removal.js';

export interface HousekeepingOptions {
  ctx: Ctx;
  store: ObjectStore;
  providers: Providers;
  secretKey: Buffer;
  pollMs: number;
}

const CHUNK = 100;
/** How long one process has a go at an object before another one may. */
const REMOVAL_LEASE_MS = 60_000;

/** Removes uploads that nobody finished or used, and what the store and providers still hold of deleted files. */
export function createHousekeeping(options: HousekeepingOptions): Poller {
  const { ctx, store, pollMs } = options;
  return createPoller({
    name: 'removing files',
    everyMs: pollMs,
    log: ctx.log,
    async work(isStopped) {
      await endUploads(ctx);
      while (!isStopped() && (await removeObjects(ctx, store)) === CHUNK);
      while (!isStopped() && (await removeAtProvider(ctx, options)));
    },
  });
}

/** Uploads whose time is over, and those that broke off where their process did: these may begin again. */
async function endUploads(ctx: Ctx): Promise<void> {
  await transact(ctx, async (tx) => {
    const now = tx.now();
    await sql`
      with due as (
        select workspace_id, id, object_key, state, expires_at <= ${now} as is_over from media
        where due_at <= ${now} and origin = 'UPLOADED'
        order by due_at limit ${CHUNK} for update skip locked
      ), removal as (
        insert into object_removal (object_key, due_at)
        select object_key, ${now}::timestamptz from due where object_key is not null
        on conflict do nothing
      ), gone as (
        delete from media using due
        where media.workspace_id = due.workspace_id and media.id = due.id and (due.state <> 'FETCHING' or due.is_over)
      )
      update media set state = 'PENDING', object_key = null, due_at = media.expires_at
      from due where media.workspace_id = due.workspace_id and media.id = due.id
        and due.state = 'FETCHING' and not due.is_over
    `.execute(tx.sql);
  });
}

async function removeObjects(ctx: Ctx, store: ObjectStore): Promise<number> {
  const now = ctx.now();
  const db = ctx.database.system().getKysely();
  const { rows } = await sql<{ object_key: string }>`
    update object_removal set due_at = ${new Date(now.getTime() + REMOVAL_LEASE_MS)}
    where object_key in (
      select object_key from object_removal where due_at <= ${now} order by due_at limit ${CHUNK} for update skip locked
    )
    returning object_key
  `.execute(db);
  for (const { object_key: key } of rows) {
    await store.delete(key);
    await sql`delete from object_removal where object_key = ${key}`.execute(db);
  }
  return rows.length;
}
