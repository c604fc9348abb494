import { accessibleWhere, authorize } from '@fenster/auth';
import { erasureConfirmed, erasurePlanned } from '@fenster/contracts';
import { array, once, sql, transact, type Tx } from '@fenster/database';
import { DomainError, invalidInput, isId, newId, type PersonMark } from '@fenster/runtime';
import { abilityOf, type ContactsContext } from '../context.js';
import { findSubject, newReference } from '../contacts/person-subject.js';
import { knownIdsOf } from '../identities/announce-names.js';
import { IS_THEIR_OWN_NAME } from '../identities/own-names.js';
import { refuseHeld } from '../legal-holds/legal-hold.commands.js';
import { countPerson } from './erase-person.js';
import { Erasure } from './erasure.entity.js';
import { takeReport } from './erasure-reports.js';
import type { ConfirmErasureInput, PlanErasureInput } from './erasure.types.js';

/**
 * Asks every service what it has about a person. Nothing is erased until somebody confirms it.
 * @throws DomainError INVALID_INPUT, NOT_FOUND, ERASURE_UNDER_WAY, IDEMPOTENCY_CONFLICT
 */
export async function planErasure(ctx: ContactsContext, input: PlanErasureInput): Promise<Erasure> {
  const { subject, idempotencyKey: key } = input;
  const contactId = await findSubject(ctx, subject);
  const { workspaceId } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    const erasureId = await once(tx, { key, operation: 'planErasure', input: { contactId } }, newId(), async (id) => {
      const underWay = { workspaceId, contactId, state: { $in: ['ERASING', 'CLEANING'] } } as const;
      if ((await tx.em.count(Erasure, underWay)) > 0) {
        throw new DomainError('ERASURE_UNDER_WAY', 'This person is being erased already.');
      }
      const person = await personOf(tx, { workspaceId, contactId }, ctx.app.markOf);
      tx.em.create(Erasure, {
        id,
        workspaceId,
        reference: newReference(),
        contactId,
        ...person,
        state: 'PLANNING',
        plannedAt: tx.now(),
        plannedByKind: tx.origin.actor.kind,
        plannedById: tx.origin.actor.id ?? null,
      });
      await tx.em.flush();
      const report = await countPerson(tx, { workspaceId, ...person });
      await takeReport(
        tx,
        { workspaceId, erasureId: id, phase: 'PLAN', service: 'contacts', report },
        { wakeCleaner: () => {}, backupRetentionDays: 0 },
      );
      tx.emit(erasurePlanned, { entityId: id, data: { erasureId: id, ...person } });
      tx.audit({ action: 'contact.erase_plan', object: { type: 'contact', id: contactId } });
    });
    return tx.em.findOneOrFail(Erasure, { id: erasureId });
  });
}

/**
 * Begins what cannot be undone: whoever confirms has typed by what the plan calls the person.
 * @throws DomainError INVALID_INPUT, NOT_FOUND, ERASURE_NOT_PLANNED, ERASURE_OUTDATED, LEGAL_HOLD
 */
export async function confirmErasure(ctx: ContactsContext, { id, reference }: ConfirmErasureInput): Promise<Erasure> {
  const { workspaceId } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    await sql`select from erasure where workspace_id = ${workspaceId} and id = ${isId(id) ? id : null} for update`.execute(
      tx.sql,
    );
    const erasure = await findErasure(ctx, tx, id);
    if (reference.trim().toUpperCase() !== erasure.reference) {
      throw invalidInput('reference', 'must be the reference of the plan, as it is written there.');
    }
    // Confirmed twice is confirmed.
    if (erasure.confirmedAt) return erasure;
    if (erasure.state !== 'PLANNED') {
      throw new DomainError('ERASURE_NOT_PLANNED', 'Not all services have said yet what they have. Try again soon.');
    }
    await refuseMerged(tx, erasure);
    await refuseHeld(ctx, tx, erasure.contactIds);
    // They may have become known under another name since.
    const person = await personOf(tx, { workspaceId, contactId: erasure.contactId }, ctx.app.markOf);
    Object.assign(erasure, person, {
      state: 'ERASING',
      confirmedAt: tx.now(),
      confirmedByKind: tx.origin.actor.kind,
      confirmedById: tx.origin.actor.id ?? null,
    });
    tx.emit(erasureConfirmed, { entityId: id, data: { erasureId: id, ...person } });
    tx.audit({ action: 'contact.erase', object: { type: 'contact', id: erasure.contactId } });
    return erasure;
  });
}

/**
 * The plan was of one person, and they are two now, or part of another one: what would be erased is not what was planned.
 * Under the lock of the contact, which merges take too.
 */
async function refuseMerged(tx: Tx, { workspaceId, contactIds, plannedAt }: Erasure): Promise<void> {
  const ids = array('uuid', contactIds);
  await sql`
    select from contact where workspace_id = ${workspaceId} and id = any(${ids}) order by id for key share
  `.execute(tx.sql);
  const { rows } = await sql`
    select id from contact_merge
    where workspace_id = ${workspaceId} and (contact_id = any(${ids}) or merged_id = any(${ids}))
      and greatest(merged_at, undone_at) >= ${plannedAt} limit 1
  `.execute(tx.sql);
  if (rows.length === 0) return;
  throw new DomainError(
    'ERASURE_OUTDATED',
    'Since the plan was made, this contact was merged with another one, or a merge was undone. Plan the erasure anew.',
  );
}

async function findErasure(ctx: ContactsContext, tx: Tx, id: string): Promise<Erasure> {
  const ability = abilityOf(ctx);
  const erasure = isId(id)
    ? await tx.em.findOne(Erasure, { $and: [accessibleWhere(ability, 'erase', 'Erasure'), { id }] })
    : null;
  authorize(ability, 'erase', 'Erasure', erasure);
  return erasure;
}

/** Under all ids, and by all that they were ever called, as long as nobody else is called so now. */
async function personOf(
  tx: Tx,
  { workspaceId, contactId }: { workspaceId: string; contactId: string },
  markOf: PersonMark,
): Promise<{ contactIds: string[]; personMarks: string[] }> {
  const ids = await knownIdsOf(tx, [{ workspaceId, id: contactId }]);
  const { rows: names } = await sql<{ value: string }>`
    select distinct value from contact_identity identity
    where workspace_id = ${workspaceId} and contact_id = ${contactId} and ${IS_THEIR_OWN_NAME}
  `.execute(tx.sql);
  return {
    contactIds: ids.map(({ id }) => id),
    personMarks: names.map(({ value }) => markOf(workspaceId, value)),
  };
}
