import { accessibleWhere, allows } from '@fenster/auth';
import { once, transact, type Tx } from '@fenster/database';
import { checkText, isId, newId, notFound } from '@fenster/runtime';
import { manageRequired, placeShared } from '../canned-responses/sharing.js';
import { abilityOf, type ConversationContext } from '../context.js';
import { Macro } from './macro.entity.js';
import { checkSteps } from './macro-steps.rule.js';
import { MAX_NAME_LENGTH, type CreateMacroInput, type UpdateMacroInput } from './macro.types.js';

/** @throws DomainError INVALID_INPUT, NOT_FOUND, MANAGE_REQUIRED, IDEMPOTENCY_CONFLICT */
export async function createMacro(ctx: ConversationContext, input: CreateMacroInput): Promise<Macro> {
  const actor = ctx.requireActor();
  const { sharing, teamId, idempotencyKey: key } = input;
  const [name, steps] = [checkName(input.name), checkSteps(input.steps)];
  return transact(ctx, async (tx) => {
    const request = { key, operation: 'createMacro', input: { sharing, teamId, name, steps } };
    const id = await once(tx, request, newId(), async (id) => {
      const place = await placeShared(tx, actor, { sharing, teamId });
      const dates = { createdAt: tx.now(), updatedAt: tx.now() };
      tx.em.create(Macro, { id, workspaceId: actor.workspaceId, ...place, name, steps, ...dates });
      tx.audit({ action: 'macro.create', object: { type: 'macro', id } });
      await tx.em.flush();
    });
    return findMacro(ctx, tx, id);
  });
}

/** @throws DomainError INVALID_INPUT, NOT_FOUND, MANAGE_REQUIRED */
export async function updateMacro(ctx: ConversationContext, { id, name, steps }: UpdateMacroInput): Promise<Macro> {
  const after = {
    ...(name != null && { name: checkName(name) }),
    ...(steps != null && { steps: checkSteps(steps) }),
  };
  return transact(ctx, async (tx) => {
    const macro = await findChangeable(ctx, tx, id);
    Object.assign(macro, after, { updatedAt: tx.now() });
    tx.audit({ action: 'macro.update', object: { type: 'macro', id } });
    return macro;
  });
}

/** @throws DomainError NOT_FOUND, MANAGE_REQUIRED */
export async function deleteMacro(ctx: ConversationContext, id: string): Promise<{ id: string }> {
  return transact(ctx, async (tx) => {
    tx.em.remove(await findChangeable(ctx, tx, id));
    tx.audit({ action: 'macro.delete', object: { type: 'macro', id } });
    return { id };
  });
}

/** One that the actor may use. @throws DomainError NOT_FOUND */
export async function findMacro(ctx: ConversationContext, { em }: Pick<Tx, 'em'>, id: string): Promise<Macro> {
  const readable = accessibleWhere(abilityOf(ctx), 'read', 'Macro');
  const macro = isId(id) ? await em.findOne(Macro, { $and: [readable, { id }] }) : null;
  if (!macro) throw notFound('Macro');
  return macro;
}

async function findChangeable(ctx: ConversationContext, tx: Tx, id: string): Promise<Macro> {
  const macro = await findMacro(ctx, tx, id);
  if (!allows(abilityOf(ctx), 'change', 'Macro', macro)) throw manageRequired();
  return macro;
}

const checkName = (text: string) => checkText(text, 'name', { max: MAX_NAME_LENGTH });
