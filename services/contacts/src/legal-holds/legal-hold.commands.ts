import { accessibleWhere, authorize } from '@fenster/auth';
import { MAX_HELD_IDS } from '@fenster/contracts';
import { array, once, sql, transact, type Tx } from '@fenster/database';
import { checkText, DomainError, invalidInput, isId, newId, notFound } from '@fenster/runtime';
import { findSubject } from '../contacts/person-subject.js';
import { abilityOf, type ContactsContext } from '../context.js';
import { knownIdsOf } from '../identities/announce-names.js';
import { lockRetention, stopRuns } from '../retention/retention-run.js';
import { heldIds, holdStatement } from './holds-in-force.js';
import { LegalHold } from './legal-hold.entity.js';
import { isReviewDay } from './legal-hold.rule.js';
import type { ReleaseLegalHoldInput, SetLegalHoldInput } from './legal-hold.types.js';

const MAX_REASON = 500;

/**
 * Nothing of the contact is removed or erased any more. A run that is under way stops, because it does not know the hold.
 * @throws DomainError INVALID_INPUT, NOT_FOUND, ERASURE_UNDER_WAY, IDEMPOTENCY_CONFLICT
 */
export async function setLegalHold(ctx: ContactsContext, input: SetLegalHoldInput): Promise<LegalHold> {
  const { reviewOn, idempotencyKey: key } = input;
  const reason = checkText(input.reason, 'reason', { max: MAX_REASON });
  if (!isReviewDay(reviewOn, ctx.now())) {
    throw invalidInput('reviewOn', 'must be a day to come, at most two years ahead, such as 2027-03-31.');
  }
  const contactId = await findSubject(ctx, { contactId: input.contactId });
  const { workspaceId } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    const asked = { contactId, reason, reviewOn };
    const holdId = await once(tx, { key, operation: 'setLegalHold', input: asked }, newId(), async (id) => {
      const contactIds = await idsToHold(tx, workspaceId, contactId);
      tx.em.create(LegalHold, {
        id,
        workspaceId,
        ...asked,
        contactIds,
        setAt: tx.now(),
        setByKind: tx.origin.actor.kind,
        setById: tx.origin.actor.id ?? null,
      });
      await stopRuns(tx, workspaceId);
      tx.audit({ action: 'legal_hold.set', object: { type: 'legal_hold', id }, after: asked });
    });
    await tx.em.flush();
    return tx.em.findOneOrFail(LegalHold, { id: holdId });
  });
}

/** Of somebody who is there, and is not being erased. Under the lock of the contact, which merges and erasures take. */
async function idsToHold(tx: Tx, workspaceId: string, contactId: string): Promise<string[]> {
  const { rows: contacts } = await sql`
    select from contact where workspace_id = ${workspaceId} and id = ${contactId} for key share
  `.execute(tx.sql);
  if (contacts.length === 0) throw notFound('Contact', 'contactId');
  await lockRetention(tx, workspaceId);
  const ids = (await knownIdsOf(tx, [{ workspaceId, id: contactId }])).map(({ id }) => id);
  const { rows: erasures } = await sql`
    select id from erasure where workspace_id = ${workspaceId} and state in ('ERASING', 'CLEANING')
      and contact_ids && ${array('uuid', ids)} limit 1
  `.execute(tx.sql);
  if (erasures.length > 0) throw new DomainError('ERASURE_UNDER_WAY', 'This person is being erased already.');
  const held = new Set([...(await heldIds(tx, { workspaceId })), ...ids]);
  if (held.size > MAX_HELD_IDS) throw invalidInput('contactId', `must be one of at most ${MAX_HELD_IDS} on hold.`);
  return ids;
}

/** Released twice is released. @throws DomainError INVALID_INPUT, NOT_FOUND */
export async function releaseLegalHold(ctx: ContactsContext, input: ReleaseLegalHoldInput): Promise<LegalHold> {
  const { id } = input;
  const releaseReason = checkText(input.reason, 'reason', { max: MAX_REASON });
  return transact(ctx, async (tx) => {
    const ability = abilityOf(ctx);
    const hold = isId(id)
      ? await tx.em.findOne(LegalHold, { $and: [accessibleWhere(ability, 'release', 'LegalHold'), { id }] })
      : null;
    authorize(ability, 'release', 'LegalHold', hold);
    if (hold.releasedAt) return hold;
    const { actor } = tx.origin;
    Object.assign(hold, {
      releasedAt: tx.now(),
      releasedByKind: actor.kind,
      releasedById: actor.id ?? null,
      releaseReason,
    });
    tx.audit({
      action: 'legal_hold.release',
      object: { type: 'legal_hold', id },
      after: { contactId: hold.contactId, reason: releaseReason },
    });
    return hold;
  });
}

/** Sees every hold that was set before, and is seen by every one that is set after it. @throws DomainError LEGAL_HOLD */
export async function refuseHeld(ctx: ContactsContext, tx: Tx, contactIds: readonly string[]): Promise<void> {
  const { workspaceId } = ctx.requireActor();
  await lockRetention(tx, workspaceId);
  const { rows } = await holdStatement({ workspaceId }, contactIds).execute(tx.sql);
  const [hold] = rows;
  if (!hold) return;
  // Which one it is tells only those something who may see it.
  const { id: holdId } = abilityOf(ctx).can('read', 'LegalHold') ? hold : { id: null };
  const next =
    holdId === null
      ? 'Ask somebody who manages retention to release it first'
      : `Release the hold ${holdId} first (releaseLegalHold), if its reason is over`;
  throw new DomainError(
    'LEGAL_HOLD',
    `What is known of this person has to be kept: a legal hold is in force, to be reviewed on ${hold.reviewOn}. ${next}, or leave what is there.`,
    { details: { holdId, reviewOn: hold.reviewOn } },
  );
}
