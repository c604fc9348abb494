import { accessibleWhere, authorize } from '@fenster/auth';
import { viewChanged } from '@fenster/contracts';
import { once, transact } from '@fenster/database';
import { checkText, invalidInput, isId, newId, notFound } from '@fenster/runtime';
import { abilityOf, type ConversationContext } from '../context.js';
import { checkFilter } from './filter.input.js';
import { View } from './view.entity.js';
import { MAX_VIEW_NAME, type CreateViewInput, type UpdateViewInput, type ViewDeleted } from './view.types.js';

const MAX_VIEWS = 200;

/** One's own, then everybody's, each by name. */
export function listViews(ctx: ConversationContext): Promise<View[]> {
  return ctx.em.find(View, accessibleWhere(abilityOf(ctx), 'read', 'View'), {
    orderBy: { ownerId: 'asc nulls last', name: 'asc', id: 'asc' },
  });
}

/** @throws DomainError NOT_FOUND */
export async function findView(ctx: ConversationContext, id: string): Promise<View> {
  const em = ctx.database.forTenant(ctx.requireActor().workspaceId);
  const view = isId(id) ? await em.findOne(View, { id }) : null;
  authorize(abilityOf(ctx), 'read', 'View', view);
  return view;
}

/** @throws DomainError INVALID_INPUT, IDEMPOTENCY_CONFLICT */
export async function createView(ctx: ConversationContext, input: CreateViewInput): Promise<View> {
  const { isShared, idempotencyKey: key } = input;
  const { id: actorId, workspaceId, permissions } = ctx.requireActor();
  const name = checkText(input.name, 'name', { max: MAX_VIEW_NAME });
  const filter = checkFilter(input.filter);
  if (isShared && !permissions.includes('conversation:manage')) {
    throw invalidInput('isShared', 'needs the permission conversation:manage.');
  }
  const ownerId = isShared ? null : actorId;
  return transact(ctx, async (tx) => {
    const hashed = { name, filter, isShared };
    const id = await once(tx, { key, operation: 'createView', input: hashed }, newId(), async (id) => {
      if ((await tx.em.count(View, { ownerId })) >= MAX_VIEWS) {
        throw invalidInput('name', `is one too many: there are ${MAX_VIEWS} views. Delete one first.`);
      }
      tx.em.create(View, { id, workspaceId, ownerId, name, filter, createdAt: tx.now() });
      tx.audit({ action: 'view.create', object: { type: 'view', id }, after: { name } });
      await tx.em.flush();
    });
    const view = await tx.em.findOne(View, { id });
    // Deleted since the first call.
    if (!view) throw invalidInput('idempotencyKey', 'was used for a view that has been deleted since.');
    return view;
  });
}

/** @throws DomainError INVALID_INPUT, NOT_FOUND */
export async function updateView(ctx: ConversationContext, input: UpdateViewInput): Promise<View> {
  const name = input.name == null ? undefined : checkText(input.name, 'name', { max: MAX_VIEW_NAME });
  const filter = input.filter == null ? undefined : checkFilter(input.filter);
  if (!isId(input.id)) throw notFound('View');
  return transact(ctx, async (tx) => {
    const view = await tx.em.findOne(View, { id: input.id });
    authorize(abilityOf(ctx), 'update', 'View', view);
    const before = { name: view.name };
    if (name !== undefined) view.name = name;
    if (filter !== undefined) view.filter = filter;
    // Another name changes nothing for who follows it.
    if (filter !== undefined) tx.emit(viewChanged, { entityId: view.id, data: { viewId: view.id } });
    tx.audit({ action: 'view.update', object: { type: 'view', id: view.id }, before, after: { name: view.name } });
    return view;
  });
}

/** @throws DomainError NOT_FOUND */
export async function deleteView(ctx: ConversationContext, id: string): Promise<ViewDeleted> {
  if (!isId(id)) throw notFound('View');
  return transact(ctx, async (tx) => {
    const view = await tx.em.findOne(View, { id });
    authorize(abilityOf(ctx), 'update', 'View', view);
    tx.em.remove(view);
    tx.emit(viewChanged, { entityId: id, data: { viewId: id } });
    tx.audit({ action: 'view.delete', object: { type: 'view', id }, before: { name: view.name } });
    return { viewId: id };
  });
}
