import { createPace, createPoller, type Poller } from '@fenster/runtime';
import { transact, type Ctx, type Tx } from './transact.js';

const DAY_MS = 86_400_000;
/** Well within the seven days that streams keep events. */
export const RENEWED_AFTER_MS = 3 * DAY_MS;
const CHECK_MS = 10 * 60_000;
/** The least time from one batch to the next: what is new must not wait long behind what is told again. */
const PACE_MS = 100;

/** What a service keeps in its stream for those who come later. */
export interface Renewal {
  /** What the log calls it. */
  name: string;
  /** Workspaces with something that was last told before then, or never. */
  workspaces(ctx: Ctx, before: Date): Promise<readonly string[]>;
  /** Tells some of it, in a transaction of the workspace. Returns whether there may be more. */
  renew(tx: Tx, workspaceId: string, before: Date): Promise<boolean>;
}

/**
 * Tells again, through the log, what was last told days ago or never. So a service that starts later, or has lost its
 * database, finds all of it by reading the stream from its beginning. Any number of processes may do so at once, if `renew`
 * lets each take what no other has.
 */
export function createRenewal(ctx: Ctx, renewal: Renewal): Poller {
  return createPoller({
    work: (isStopped) => renewAll(ctx, renewal, isStopped),
    everyMs: CHECK_MS,
    name: renewal.name,
    log: ctx.log,
  });
}

/** What cannot be told in one workspace keeps nothing of the others back. */
export async function renewAll(
  ctx: Ctx,
  { name, workspaces, renew }: Renewal,
  isStopped: () => boolean = () => false,
): Promise<void> {
  const before = new Date(ctx.now().getTime() - RENEWED_AFTER_MS);
  const pace = createPace(PACE_MS);
  for (const workspaceId of await workspaces(ctx, before)) {
    try {
      do {
        await pace();
        if (isStopped()) return;
      } while (await transact({ ...ctx, workspaceId }, (tx) => renew(tx, workspaceId, before)));
    } catch (error) {
      ctx.log.warn({ err: error, workspaceId }, `${name}: failed for one workspace, and will be tried again`);
    }
  }
}
