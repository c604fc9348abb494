import { array, once, sql, transact, violatedConstraint, type Tx } from '@fenster/database';
import {
  checkColour,
  checkLabelIds,
  checkLabelName,
  DomainError,
  invalidInput,
  isId,
  MAX_LABELS,
  MAX_LABELS_SET,
  newId,
  notFound,
} from '@fenster/runtime';
import { changeContact } from '../contacts/change-contact.js';
import type { FoundContact } from '../contacts/contact.queries.js';
import type { ContactsContext } from '../context.js';
import { segmentsWithLabel } from '../segments/segment.queries.js';
import { ContactLabel } from './contact-label.entity.js';
import type { CreateContactLabelInput, LabelContactInput, UpdateContactLabelInput } from './contact-label.types.js';

/** @throws DomainError INVALID_INPUT, CONTACT_LABEL_NAME_TAKEN, IDEMPOTENCY_CONFLICT */
export async function createContactLabel(ctx: ContactsContext, input: CreateContactLabelInput): Promise<ContactLabel> {
  const name = checkLabelName(input.name);
  const colour = checkColour(input.colour);
  return changeLabels(ctx, async (tx) => {
    const { workspaceId } = ctx.requireActor();
    const request = { key: input.idempotencyKey, operation: 'createContactLabel', input: { name, colour } };
    const id = await once(tx, request, newId(), async (id) => {
      if ((await tx.em.count(ContactLabel)) >= MAX_LABELS) {
        throw invalidInput('name', `must be one of at most ${MAX_LABELS} labels.`);
      }
      tx.em.create(ContactLabel, { id, workspaceId, name, colour, createdAt: tx.now() });
      tx.audit({ action: 'contact_label.create', object: { type: 'contact_label', id }, after: { name, colour } });
    });
    await tx.em.flush();
    return findLabel(tx, id);
  });
}

/** @throws DomainError NOT_FOUND, INVALID_INPUT, CONTACT_LABEL_NAME_TAKEN */
export async function updateContactLabel(ctx: ContactsContext, input: UpdateContactLabelInput): Promise<ContactLabel> {
  const change = {
    ...(input.name != null && { name: checkLabelName(input.name) }),
    ...(input.colour != null && { colour: checkColour(input.colour) }),
  };
  return changeLabels(ctx, async (tx) => {
    const label = await findLabel(tx, input.id);
    const before = { name: label.name, colour: label.colour };
    Object.assign(label, change);
    const after = { name: label.name, colour: label.colour };
    tx.audit({ action: 'contact_label.update', object: { type: 'contact_label', id: label.id }, before, after });
    return label;
  });
}

/**
 * Nobody has it any more. Not while a segment asks for it: those whom it left out for their label would be in it.
 * @throws DomainError NOT_FOUND, CONTACT_LABEL_IN_USE
 */
export async function deleteContactLabel(ctx: ContactsContext, id: string): Promise<{ id: string }> {
  return changeLabels(ctx, async (tx) => {
    const { name, colour } = await findLabel(tx, id);
    await tx.em.nativeDelete(ContactLabel, { id });
    // Asked once it is deleted: whoever makes a segment of it locks it first.
    const segments = await segmentsWithLabel(tx, id);
    if (segments.length > 0) {
      throw new DomainError('CONTACT_LABEL_IN_USE', `Segments ask for it: ${segments.join(', ')}. Change them first.`);
    }
    tx.audit({ action: 'contact_label.delete', object: { type: 'contact_label', id }, before: { name, colour } });
    return { id };
  });
}

/** Sets labels and takes off others, all or none. @throws DomainError NOT_FOUND, INVALID_INPUT */
export async function labelContact(ctx: ContactsContext, input: LabelContactInput): Promise<FoundContact> {
  const set = checkLabelIds(input.set ?? [], 'set');
  const unset = checkLabelIds(input.unset ?? [], 'unset');
  if (set.length + unset.length === 0) throw invalidInput('set', 'must name a label, if `unset` names none.');
  if (unset.some((id) => set.includes(id))) throw invalidInput('unset', 'must not name what `set` names.');
  return changeContact(ctx, input.contactId, async (tx, { id, workspaceId }) => {
    for (const [field, ids] of Object.entries({ set, unset })) await lockLabels(tx, workspaceId, ids, field);
    const added = await setLabels(
      tx,
      workspaceId,
      set.map((labelId) => ({ contact_id: id, label_id: labelId })),
    );
    const { rows: removed } = await sql`
      delete from labelled_contact where workspace_id = ${workspaceId} and contact_id = ${id}
        and label_id = any(${array('uuid', unset)}) returning label_id
    `.execute(tx.sql);
    const { rows } = await sql<{ count: string }>`
      select count(*) from labelled_contact where workspace_id = ${workspaceId} and contact_id = ${id}
    `.execute(tx.sql);
    if (Number(rows[0]!.count) > MAX_LABELS_SET) {
      throw invalidInput('set', `must leave the contact at most ${MAX_LABELS_SET} labels.`);
    }
    return added.length + removed.length > 0 ? ['labels'] : [];
  });
}

/** Whoever deletes one waits until it has been set. @throws DomainError NOT_FOUND naming the field */
export async function lockLabels(tx: Tx, workspaceId: string, ids: readonly string[], field: string): Promise<void> {
  if (ids.length === 0) return;
  const { rows } = await sql`
    select id from contact_label where workspace_id = ${workspaceId} and id = any(${array('uuid', ids)})
    order by id for key share
  `.execute(tx.sql);
  if (rows.length < ids.length) throw notFound('Label', field);
}

/** Of any number of contacts. Returns those that had not been set. */
export async function setLabels(
  tx: Tx,
  workspaceId: string,
  pairs: readonly { contact_id: string; label_id: string }[],
): Promise<{ contact_id: string }[]> {
  if (pairs.length === 0) return [];
  const { actor } = tx.origin;
  const { rows } = await sql<{ contact_id: string }>`
    insert into labelled_contact (workspace_id, contact_id, label_id, set_by_kind, set_by_id, set_at)
    select ${workspaceId}::uuid, contact_id, label_id, ${actor.kind}, ${actor.id ?? null}, ${tx.now()}
    from unnest(
      ${array('uuid', pairs, ({ contact_id }) => contact_id)}, ${array('uuid', pairs, ({ label_id }) => label_id)}
    ) as pair(contact_id, label_id)
    on conflict do nothing returning contact_id
  `.execute(tx.sql);
  return rows;
}

async function changeLabels<T>(ctx: ContactsContext, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await transact(ctx, work);
  } catch (error) {
    if (violatedConstraint(error) !== 'contact_label_name') throw error;
    throw new DomainError('CONTACT_LABEL_NAME_TAKEN', 'There is a label of this name. Choose another name.');
  }
}

async function findLabel(tx: Tx, id: string): Promise<ContactLabel> {
  const label = isId(id) ? await tx.em.findOne(ContactLabel, { id }) : null;
  if (!label) throw notFound('Label');
  return label;
}
