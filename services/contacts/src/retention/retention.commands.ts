import { once, transact, type Tx } from '@fenster/database';
import { checkText, DomainError, invalidInput, newId } from '@fenster/runtime';
import type { ContactsContext } from '../context.js';
import { RETENTION_BOUNDS, isWithinBounds } from './retention-rule.rule.js';
import { lockRetention, orderRun, stopRuns, VALID_MS } from './retention-run.js';
import { RetentionPause, RetentionRule, RetentionRun } from './retention.entity.js';
import type { SetRetentionRuleInput, StartRetentionRunInput } from './retention.types.js';

const MAX_REASON = 500;
/** At once in a workspace. */
const MAX_DRY_RUNS = 10;

/** From the next run on; one that is under way stops. @throws DomainError INVALID_INPUT */
export async function setRetentionRule(ctx: ContactsContext, input: SetRetentionRuleInput): Promise<void> {
  const { dataClass: retentionClass, months = null } = input;
  if (months !== null && !isWithinBounds(retentionClass, months)) {
    const { minMonths, maxMonths } = RETENTION_BOUNDS[retentionClass];
    throw invalidInput('months', `must be ${minMonths} to ${maxMonths}, or left out to keep.`);
  }
  const { workspaceId } = ctx.requireActor();
  await change(ctx, async (tx) => {
    const before = await tx.em.findOne(RetentionRule, { workspaceId, retentionClass });
    if ((before?.months ?? null) === months) return;
    if (months === null) await tx.em.nativeDelete(RetentionRule, { workspaceId, retentionClass });
    else {
      const { actor } = tx.origin;
      await tx.em.upsert(RetentionRule, {
        workspaceId,
        retentionClass,
        months,
        setAt: tx.now(),
        setByKind: actor.kind,
        setById: actor.id ?? null,
      });
    }
    await stopRuns(tx, workspaceId);
    tx.audit({
      action: 'retention.rule_set',
      object: { type: 'retention', id: workspaceId },
      before: { months: before?.months ?? null },
      after: { months, retentionClass },
    });
  });
}

/** The kill switch. @throws DomainError INVALID_INPUT */
export async function pauseRetention(ctx: ContactsContext, given: string): Promise<RetentionPause> {
  const reason = checkText(given, 'reason', { max: MAX_REASON });
  const { workspaceId } = ctx.requireActor();
  return change(ctx, async (tx) => {
    const already = await tx.em.findOne(RetentionPause, { workspaceId });
    if (already) return already;
    const { actor } = tx.origin;
    const pause = tx.em.create(RetentionPause, {
      workspaceId,
      reason,
      pausedAt: tx.now(),
      pausedByKind: actor.kind,
      pausedById: actor.id ?? null,
    });
    await stopRuns(tx, workspaceId);
    tx.audit({ action: 'retention.pause', object: { type: 'retention', id: workspaceId }, after: { reason } });
    return pause;
  });
}

/** @throws DomainError INVALID_INPUT */
export async function resumeRetention(ctx: ContactsContext, given: string): Promise<void> {
  const reason = checkText(given, 'reason', { max: MAX_REASON });
  const { workspaceId } = ctx.requireActor();
  await change(ctx, async (tx) => {
    if ((await tx.em.nativeDelete(RetentionPause, { workspaceId })) === 0) return;
    tx.audit({ action: 'retention.resume', object: { type: 'retention', id: workspaceId }, after: { reason } });
  });
}

/**
 * A dry run counts, a few at a time; a run removes, and is one at a time.
 * @throws DomainError RETENTION_PAUSED, RETENTION_RUN_UNDER_WAY, IDEMPOTENCY_CONFLICT
 */
export async function startRetentionRun(
  ctx: ContactsContext,
  { isDryRun, idempotencyKey: key }: StartRetentionRunInput,
): Promise<RetentionRun> {
  const { workspaceId } = ctx.requireActor();
  return change(ctx, async (tx) => {
    const id = await once(tx, { key, operation: 'startRetentionRun', input: { isDryRun } }, newId(), async (runId) => {
      if (isDryRun) await refuseDryRun(tx, workspaceId);
      else await refuseRun(tx, workspaceId);
      await orderRun(tx, workspaceId, { runId, isDryRun, wake: ctx.app.wakeRetention });
    });
    return tx.em.findOneOrFail(RetentionRun, { id });
  });
}

/** Each walks through everything. Of those whose order has expired nobody works on any. */
async function refuseDryRun(tx: Tx, workspaceId: string): Promise<void> {
  const startedAt = { $gt: new Date(tx.now().getTime() - VALID_MS) };
  const underWay = { workspaceId, isDryRun: true, state: 'RUNNING', startedAt } as const;
  if ((await tx.em.count(RetentionRun, underWay)) < MAX_DRY_RUNS) return;
  throw new DomainError('RETENTION_RUN_UNDER_WAY', `${MAX_DRY_RUNS} dry runs are under way. Wait for one of them.`);
}

async function refuseRun(tx: Tx, workspaceId: string): Promise<void> {
  if ((await tx.em.count(RetentionPause, { workspaceId })) > 0) {
    throw new DomainError('RETENTION_PAUSED', 'Somebody paused retention: nothing is removed until it is resumed.');
  }
  const underWay = { workspaceId, isDryRun: false, state: { $in: ['RUNNING', 'STOPPING'] } } as const;
  if ((await tx.em.count(RetentionRun, underWay)) > 0) {
    throw new DomainError('RETENTION_RUN_UNDER_WAY', 'A run is under way. It is one at a time.');
  }
}

/** Whoever may manage retention, one after the other. */
function change<T>(ctx: ContactsContext, work: (tx: Tx) => Promise<T>): Promise<T> {
  const { workspaceId } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    await lockRetention(tx, workspaceId);
    return work(tx);
  });
}
