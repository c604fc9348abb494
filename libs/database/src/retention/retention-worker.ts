import {
  retentionRunReported,
  type RetainingService,
  type RetentionClass,
  type RetentionCount,
  type RetentionOutcome,
  type RetentionReported,
} from '@fenster/contracts';
import { createPace, createPoller, type Poller } from '@fenster/runtime';
import { transact, type Ctx, type Tx } from '../transact.js';
import {
  endRetentionTask,
  lockRetentionTask,
  postponeRetentionTask,
  saveRetentionTask,
  type RetentionTask,
  type TaskKey,
} from './retention-task.js';

/** What a rule lets go in a workspace. */
export interface Due {
  workspaceId: string;
  /** What nobody has touched since. */
  before: Date;
  heldContactIds: readonly string[];
}

/** By what it is: `messages`, `notes`, … */
export type RetentionCounts = Readonly<Record<string, number>>;

/** One walk through what a service has of a class. Both say the same of the same data. */
export interface RetentionStep {
  retentionClass: RetentionClass;
  /** Of one bounded part behind `position`, as `remove` does. */
  count(tx: Tx, due: Due, position: string | null): Promise<{ counted: RetentionCounts; position: string | null }>;
  /**
   * Removes one bounded part, behind `position`, and passes over what somebody is working on. Returns where the next part
   * begins; null at the end.
   */
  remove(tx: Tx, due: Due, position: string | null): Promise<{ removed: RetentionCounts; position: string | null }>;
}

export interface RetentionWorkerOptions {
  service: RetainingService;
  ctx: Ctx;
  steps: readonly RetentionStep[];
  /** Instead of telling contacts, which is who is told. */
  report?(tx: Tx, workspaceId: string, report: RetentionReported): Promise<void>;
}

const EVERY_MS = 5_000;
/** The least time from one part to the next: live traffic comes first. */
const PACE_MS = 20;

/** Does what runs of retention order, part by part: see {@link workOnRetention}. */
export function createRetentionWorker(options: RetentionWorkerOptions): Poller {
  const { service, ctx } = options;
  const pace = createPace(PACE_MS);
  return createPoller({
    name: `retention of ${service}`,
    everyMs: EVERY_MS,
    log: ctx.log,
    async work(isStopped) {
      while (!isStopped() && (await workOrPostpone(options))) await pace();
    },
  });
}

/** What cannot be removed in one workspace keeps nothing of the others back. */
async function workOrPostpone(options: RetentionWorkerOptions): Promise<boolean> {
  let begun: TaskKey | undefined;
  try {
    return await workOnRetention(options, (task) => (begun = task));
  } catch (error) {
    if (begun === undefined) throw error;
    const task = begun;
    options.ctx.log.warn({ err: error, runId: task.runId }, 'a run of retention failed, and will be tried again');
    await transact(options.ctx, (tx) => postponeRetentionTask(tx, task));
    return true;
  }
}

/**
 * One part of a run, in a transaction of its own, with the task's row locked: that it goes on, what it removes, and how
 * far it is commit together. So a run that is stopped removes nothing more, and one that broke off goes on where it was.
 * Returns whether there was something to do.
 */
export function workOnRetention(
  { service, ctx, steps, report }: RetentionWorkerOptions,
  onBegin?: (task: TaskKey) => void,
): Promise<boolean> {
  return transact(ctx, async (tx) => {
    const task = await lockRetentionTask(tx.sql, tx.now());
    if (!task) return false;
    const { workspaceId, runId, counts } = task;
    onBegin?.({ workspaceId, runId });
    const end = async (outcome: RetentionOutcome) => {
      await endRetentionTask(tx, task);
      const data = { runId, outcome, counts };
      if (report) await report(tx, workspaceId, data);
      else tx.emit(retentionRunReported.get(service)!, { entityId: runId, workspaceId, data });
      return true;
    };
    if (task.isStopped) return end('STOPPED');
    if (task.expiresAt <= tx.now()) return end('EXPIRED');
    const step = steps[task.stepsDone];
    if (!step) return end('DONE');
    await saveRetentionTask(tx, { ...task, ...(await take(tx, task, step)) });
    return true;
  });
}

async function take(
  tx: Tx,
  { workspaceId, isDryRun, rules, heldContactIds, stepsDone, position, counts }: RetentionTask,
  step: RetentionStep,
): Promise<Pick<RetentionTask, 'stepsDone' | 'position' | 'counts'>> {
  const { retentionClass } = step;
  const rule = rules.find((each) => each.retentionClass === retentionClass);
  const next = { stepsDone: stepsDone + 1, position: null };
  if (!rule) return { ...next, counts };
  const due: Due = { workspaceId, before: new Date(rule.before), heldContactIds };
  const part = isDryRun ? await step.count(tx, due, position) : await step.remove(tx, due, position);
  const sum = add(counts, retentionClass, 'counted' in part ? part.counted : part.removed);
  return part.position === null ? { ...next, counts: sum } : { stepsDone, position: part.position, counts: sum };
}

function add(counts: readonly RetentionCount[], retentionClass: RetentionClass, more: RetentionCounts) {
  const isOf = (what: string) => (each: RetentionCount) => each.retentionClass === retentionClass && each.what === what;
  const sums = Object.entries(more).map(([what, count]) => ({
    retentionClass,
    what,
    count: count + (counts.find(isOf(what))?.count ?? 0),
  }));
  const others = counts.filter((each) => !sums.some(({ what }) => isOf(what)(each)));
  return [...others, ...sums.filter(({ count }) => count > 0)];
}
