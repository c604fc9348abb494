import { labelCatalogueChanged, type LabelCatalogueChanged } from '@fenster/contracts';
import { once, transact, violatedConstraint, type Tx } from '@fenster/database';
import {
  checkColour,
  checkLabelName,
  DomainError,
  invalidInput,
  isId,
  MAX_LABELS,
  newId,
  notFound,
} from '@fenster/runtime';
import type { ConversationContext } from '../context.js';
import { Label } from './label.entity.js';

/** @throws DomainError INVALID_INPUT, LABEL_NAME_TAKEN, IDEMPOTENCY_CONFLICT */
export async function createLabel(
  ctx: ConversationContext,
  input: { name: string; colour: string; idempotencyKey: string },
): Promise<Label> {
  const name = checkLabelName(input.name);
  const colour = checkColour(input.colour);
  return changeLabels(ctx, async (tx) => {
    const { workspaceId } = ctx.requireActor();
    const request = { key: input.idempotencyKey, operation: 'createLabel', input: { name, colour } };
    const id = await once(tx, request, newId(), async (id) => {
      if ((await tx.em.count(Label)) >= MAX_LABELS) {
        throw invalidInput('name', `There are ${MAX_LABELS} labels. Delete one before you make another.`);
      }
      tx.em.create(Label, { id, workspaceId, name, colour, createdAt: tx.now() });
      tx.audit({ action: 'label.create', object: { type: 'label', id }, after: { name, colour } });
      announce(tx, id, 'created');
    });
    await tx.em.flush();
    return findLabel(tx, id);
  });
}

/** @throws DomainError NOT_FOUND, INVALID_INPUT, LABEL_NAME_TAKEN */
export async function updateLabel(
  ctx: ConversationContext,
  input: { id: string; name?: string | null | undefined; colour?: string | null | undefined },
): Promise<Label> {
  const name = input.name == null ? undefined : checkLabelName(input.name);
  const colour = input.colour == null ? undefined : checkColour(input.colour);
  return changeLabels(ctx, async (tx) => {
    const label = await findLabel(tx, input.id);
    const before = { name: label.name, colour: label.colour };
    const after = { name: name ?? label.name, colour: colour ?? label.colour };
    if (before.name === after.name && before.colour === after.colour) return label;
    Object.assign(label, after);
    tx.audit({ action: 'label.update', object: { type: 'label', id: label.id }, before, after });
    announce(tx, label.id, 'updated');
    return label;
  });
}

/** It is on no conversation any more. @throws DomainError NOT_FOUND */
export async function deleteLabel(ctx: ConversationContext, id: string): Promise<{ id: string }> {
  return changeLabels(ctx, async (tx) => {
    const { name, colour } = await findLabel(tx, id);
    await tx.em.nativeDelete(Label, { id });
    tx.audit({ action: 'label.delete', object: { type: 'label', id }, before: { name, colour } });
    announce(tx, id, 'deleted');
    return { id };
  });
}

async function changeLabels<T>(ctx: ConversationContext, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await transact(ctx, work);
  } catch (error) {
    if (violatedConstraint(error) !== 'label_name') throw error;
    throw new DomainError('LABEL_NAME_TAKEN', 'There is a label of this name. Choose another name.');
  }
}

function announce(tx: Tx, labelId: string, change: LabelCatalogueChanged['change']): void {
  tx.emit(labelCatalogueChanged, { entityId: labelId, data: { labelId, change } });
}

async function findLabel(tx: Tx, id: string): Promise<Label> {
  const label = isId(id) ? await tx.em.findOne(Label, { id }) : null;
  if (!label) throw notFound('Label');
  return label;
}
