import { sql, type Ctx } from '@fenster/database';
import { createPoller, type Poller } from '@fenster/runtime';

const CHECK_MS = 10 * 60_000;
const CHUNK = 2_000;
const DAY_MS = 86_400_000;
/**
 * How much longer than its body it is remembered that something was here. Providers repeat for seven days (whatsapp.md
 * §A3), and what is replayed on the last day must still be known.
 */
const REMEMBERED_DAYS = 14;

/** Erases bodies of webhooks when their time is over, and forgets what nobody will ask for any more. */
export function createRetention(ctx: Ctx, retentionDays: number): Poller {
  return createPoller({
    work: (isStopped) => eraseOld(ctx, retentionDays, isStopped),
    everyMs: CHECK_MS,
    name: 'erasing old webhooks',
    log: ctx.log,
  });
}

/** In small chunks, so that it never holds up live traffic. */
export async function eraseOld(ctx: Ctx, retentionDays: number, isStopped = () => false): Promise<void> {
  const now = ctx.now().getTime();
  const before = (days: number) => new Date(now - days * DAY_MS);
  const chunk = (table: string, condition: ReturnType<typeof sql>) =>
    sql`array(select ctid from ${sql.table(table)} where ${condition} limit ${CHUNK})`;
  const deletes = [
    { table: 'webhook_event', condition: sql`received_at < ${before(retentionDays + REMEMBERED_DAYS)}` },
    { table: 'inbound_item', condition: sql`received_at < ${before(retentionDays + REMEMBERED_DAYS)}` },
    // A full bucket, and whoever does not count any more, are as good as none.
    { table: 'pair_limit', condition: sql`full_at < ${now}::float8` },
    { table: 'portfolio_recipient', condition: sql`written_at < ${before(1)}` },
  ];
  const old = sql`received_at < ${before(retentionDays)} and body is not null`;
  const statements = [
    sql`update webhook_event set body = null where ctid = any(${chunk('webhook_event', old)})`,
    ...deletes.map(
      ({ table, condition }) => sql`delete from ${sql.table(table)} where ctid = any(${chunk(table, condition)})`,
    ),
  ];
  for (const statement of statements) {
    for (let count = CHUNK; count === CHUNK && !isStopped();) {
      const result = await statement.execute(ctx.database.system().getKysely());
      count = Number(result.numAffectedRows ?? 0);
    }
  }
}
