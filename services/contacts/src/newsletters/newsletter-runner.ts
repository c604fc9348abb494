import { isTransient, sql, transact, unnest, type Ctx, type Tx } from '@fenster/database';
import { createPoller, type Poller } from '@fenster/runtime';
import type { NewsletterState } from '@fenster/contracts';
import { completeDone, dueChannels, handOver } from './hand-over.js';
import { tellProgress } from './newsletter.js';
import { beingPrepared, pauseFailed, preparePage, startDue } from './prepare-newsletters.js';

const EVERY_MS = 1_000;

/** Does what is due for newsletters. Any number of processes may do so at once: what one holds, the others pass over. */
export function createNewsletterRunner(ctx: Ctx): Poller {
  return createPoller({
    name: 'sending newsletters',
    everyMs: EVERY_MS,
    log: ctx.log,
    work: (isStopped) => runNewsletters(ctx, isStopped),
  });
}

/** One look at all of them. */
export async function runNewsletters(ctx: Ctx, isStopped: () => boolean = () => false): Promise<void> {
  await startDue(ctx);
  for (let isMore = true; isMore;) {
    isMore = false;
    // A page of each, then what is due: who has many recipients keeps nobody waiting.
    for (const newsletter of await beingPrepared(ctx)) {
      if (isStopped()) return;
      if (await prepare(ctx, newsletter)) isMore = true;
      await handOverDue(ctx, isStopped);
    }
  }
  await handOverDue(ctx, isStopped);
  if (isStopped()) return;
  await completeDone(ctx);
  await tellUntold(ctx);
}

/** What fails for one newsletter stops none of the others. */
async function prepare(ctx: Ctx, newsletter: { workspaceId: string; id: string }): Promise<boolean> {
  try {
    return await preparePage(ctx, newsletter);
  } catch (error) {
    const about = { err: error, workspaceId: newsletter.workspaceId, newsletterId: newsletter.id };
    if (isTransient(error)) {
      ctx.log.warn(about, 'preparing a newsletter: failed, and will be tried again');
    } else {
      ctx.log.error(about, 'preparing a newsletter: failed; it is paused');
      await pauseFailed(ctx, newsletter);
    }
    return false;
  }
}

/** What fails for one channel stops none of the others. */
async function handOverDue(ctx: Ctx, isStopped: () => boolean): Promise<void> {
  for (const channel of await dueChannels(ctx)) {
    if (isStopped()) return;
    try {
      await handOver(ctx, channel);
    } catch (error) {
      ctx.log.error({ err: error, ...channel }, 'handing over newsletters: failed, and will be tried again');
    }
  }
}

/** How far they are: of whatever happened since the last look, once. */
async function tellUntold(ctx: Ctx): Promise<void> {
  await transact(ctx, async (tx) => {
    const { rows } = await sql<{ workspaceId: string; id: string; state: NewsletterState }>`
      update newsletter set is_untold = false where (workspace_id, id) in (
        select workspace_id, id from newsletter where is_untold for update skip locked
      )
      returning workspace_id as "workspaceId", id, state
    `.execute(tx.sql);
    await foldTallies(tx, rows);
    for (const newsletter of rows) tellProgress(tx, newsletter);
  });
}

/** What was added since becomes one row for each state and reason; whoever reads meanwhile finds the same sums. */
async function foldTallies(tx: Tx, newsletters: readonly { workspaceId: string; id: string }[]): Promise<void> {
  if (newsletters.length === 0) return;
  await sql`
    with folded as (
      delete from newsletter_tally using ${unnest(
        'input',
        { workspace_id: 'uuid', id: 'uuid' },
        newsletters.map(({ workspaceId, id }) => ({ workspace_id: workspaceId, id })),
      )}
      where newsletter_tally.workspace_id = input.workspace_id and newsletter_tally.newsletter_id = input.id
      returning newsletter_tally.*
    )
    insert into newsletter_tally (workspace_id, newsletter_id, id, state, reason, count, queued, replied, opted_out)
    select workspace_id, newsletter_id, gen_random_uuid(), state, reason, sum(count), sum(queued), sum(replied), sum(opted_out)
    from folded group by workspace_id, newsletter_id, state, reason
    having sum(count) <> 0 or sum(queued) <> 0 or sum(replied) <> 0 or sum(opted_out) <> 0
  `.execute(tx.sql);
}
