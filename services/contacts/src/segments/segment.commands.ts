import { createHash } from 'node:crypto';
import { segmentChanged } from '@fenster/contracts';
import { canonicalJson, once, transact, violatedConstraint, type Tx } from '@fenster/database';
import { checkText, DomainError, invalidInput, isId, newId, notFound } from '@fenster/runtime';
import type { ContactsContext } from '../context.js';
import { lockLabels } from '../labels/contact-label.commands.js';
import { labelsIn } from './segment-filter.js';
import { checkAskedFilter } from './segment.queries.js';
import { Segment } from './segment.entity.js';
import { MAX_SEGMENT_NAME, type CreateSegmentInput, type UpdateSegmentInput } from './segment.types.js';

const MAX_SEGMENTS = 200;

/** @throws DomainError INVALID_INPUT naming the path in the filter, SEGMENT_NAME_TAKEN, IDEMPOTENCY_CONFLICT */
export async function createSegment(ctx: ContactsContext, input: CreateSegmentInput): Promise<Segment> {
  const name = checkName(input.name);
  const filter = await checkAskedFilter(ctx, input.filter);
  return changeSegments(ctx, async (tx) => {
    const { workspaceId } = ctx.requireActor();
    const request = { key: input.idempotencyKey, operation: 'createSegment', input: { name, filter } };
    const id = await once(tx, request, newId(), async (id) => {
      if ((await tx.em.count(Segment)) >= MAX_SEGMENTS) {
        throw invalidInput('name', `must be one of at most ${MAX_SEGMENTS} segments.`);
      }
      await lockLabels(tx, workspaceId, labelsIn(filter), 'filter');
      tx.em.create(Segment, { id, workspaceId, name, filter, createdAt: tx.now(), updatedAt: tx.now() });
      tellChanged(tx, id);
      tx.audit({ action: 'segment.create', object: { type: 'segment', id }, after: settingsOf({ name, filter }) });
    });
    await tx.em.flush();
    return findSegment(tx, id);
  });
}

/** @throws DomainError NOT_FOUND, INVALID_INPUT, SEGMENT_NAME_TAKEN */
export async function updateSegment(ctx: ContactsContext, input: UpdateSegmentInput): Promise<Segment> {
  const change = {
    ...(input.name != null && { name: checkName(input.name) }),
    ...(input.filter != null && { filter: await checkAskedFilter(ctx, input.filter) }),
  };
  return changeSegments(ctx, async (tx) => {
    const segment = await findSegment(tx, input.id);
    if (change.filter) await lockLabels(tx, segment.workspaceId, labelsIn(change.filter), 'filter');
    const before = settingsOf(segment);
    Object.assign(segment, { ...change, updatedAt: tx.now() });
    tellChanged(tx, segment.id);
    const object = { type: 'segment', id: segment.id } as const;
    tx.audit({ action: 'segment.update', object, before, after: settingsOf(segment) });
    return segment;
  });
}

/** Nobody in it is. @throws DomainError NOT_FOUND */
export async function deleteSegment(ctx: ContactsContext, id: string): Promise<{ id: string }> {
  return transact(ctx, async (tx) => {
    const segment = await findSegment(tx, id);
    tx.em.remove(segment);
    tellChanged(tx, id);
    tx.audit({ action: 'segment.delete', object: { type: 'segment', id }, before: settingsOf(segment) });
    return { id };
  });
}

function settingsOf({ name, filter }: Pick<Segment, 'name' | 'filter'>): { name: string; filterDigest: string } {
  return { name, filterDigest: createHash('sha256').update(canonicalJson(filter)).digest('base64url') };
}

function checkName(text: string): string {
  return checkText(text, 'name', { max: MAX_SEGMENT_NAME });
}

function tellChanged(tx: Tx, segmentId: string): void {
  tx.emit(segmentChanged, { entityId: segmentId, data: { segmentId } });
}

async function findSegment(tx: Tx, id: string): Promise<Segment> {
  const segment = isId(id) ? await tx.em.findOne(Segment, { id }) : null;
  if (!segment) throw notFound('Segment');
  return segment;
}

async function changeSegments<T>(ctx: ContactsContext, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await transact(ctx, work);
  } catch (error) {
    if (violatedConstraint(error) !== 'segment_name') throw error;
    throw new DomainError('SEGMENT_NAME_TAKEN', 'There is a segment of this name. Choose another name.');
  }
}
