import { accessibleWhere, authorize } from '@fenster/auth';
import { accessConfirmed, accessRequested } from '@fenster/contracts';
import { once, sql, transact, type Origin, type Tx } from '@fenster/database';
import { checkText, DomainError, invalidInput, isId, newId, newSealingKeys, seal } from '@fenster/runtime';
import { abilityOf, type ContactsContext } from '../context.js';
import { findSubject, newReference } from '../contacts/person-subject.js';
import { knownIdsOf } from '../identities/announce-names.js';
import { AccessRequest, type AccessConfirmation, type AccessState } from './access-request.entity.js';
import type { OpenAccessRequestInput } from './access-request.types.js';
import { deadlineOf } from './deadline.rule.js';

const DAY_MS = 86_400_000;
const CODE_DAYS = 14;
const MAX_REASON = 500;
/** Nobody has got an answer yet. */
export const OPEN_STATES: readonly AccessState[] = ['AWAITING_IDENTITY', 'COLLECTING', 'PACKING', 'READY'];

/**
 * Notes that a person wants a copy, and asks them over their own number whether it is them. Nothing is collected before.
 * @throws DomainError INVALID_INPUT, NOT_FOUND, ACCESS_REQUEST_UNDER_WAY, IDEMPOTENCY_CONFLICT
 */
export async function openAccessRequest(ctx: ContactsContext, input: OpenAccessRequestInput): Promise<AccessRequest> {
  const { subject, idempotencyKey: key } = input;
  const language = input.language ?? 'de';
  const contactId = await findSubject(ctx, subject);
  const { workspaceId } = ctx.requireActor();
  const receivedAt = input.receivedAt ?? ctx.now();
  if (receivedAt > ctx.now()) throw invalidInput('receivedAt', 'must not be in the future.');
  return transact(ctx, async (tx) => {
    const asked = { contactId, language, receivedAt: input.receivedAt?.toISOString() };
    const requestId = await once(tx, { key, operation: 'openAccessRequest', input: asked }, newId(), async (id) => {
      await sql`select from contact where workspace_id = ${workspaceId} and id = ${contactId} for update`.execute(
        tx.sql,
      );
      const underWay = { workspaceId, contactId, state: { $in: [...OPEN_STATES] } };
      if ((await tx.em.count(AccessRequest, underWay)) > 0) {
        throw new DomainError('ACCESS_REQUEST_UNDER_WAY', 'This person waits for a copy already.');
      }
      const codeWord = newReference();
      tx.em.create(AccessRequest, {
        id,
        workspaceId,
        reference: newReference(),
        contactId,
        language,
        state: 'AWAITING_IDENTITY',
        openedAt: tx.now(),
        openedByKind: tx.origin.actor.kind,
        openedById: tx.origin.actor.id ?? null,
        receivedAt,
        dueAt: deadlineOf(receivedAt, { isExtended: false }),
        codeWord,
      });
      await tx.em.flush();
      const contactIds = await contactIdsOf(tx, workspaceId, contactId);
      const expiresAt = new Date(tx.now().getTime() + CODE_DAYS * DAY_MS).toISOString();
      tx.emit(accessRequested, { entityId: id, data: { requestId: id, contactIds, codeWord, expiresAt } });
      tx.audit({ action: 'contact.access_request', object: { type: 'contact', id: contactId } });
    });
    return tx.em.findOneOrFail(AccessRequest, { id: requestId });
  });
}

/**
 * An officer has seen by other means that the person is who they say.
 * @throws DomainError INVALID_INPUT, NOT_FOUND, ACCESS_REQUEST_STATE
 */
export function confirmAccessIdentity(ctx: ContactsContext, id: string, reason: string): Promise<AccessRequest> {
  return change(ctx, id, ['AWAITING_IDENTITY'], async (tx, request) => {
    const confirmationReason = checkText(reason, 'reason', { max: MAX_REASON });
    await startCollecting(tx, request, ctx.app.secretKey, { confirmedBy: 'OFFICER', confirmationReason });
    auditOf(tx, 'contact.access_confirm', request, confirmationReason);
  });
}

/**
 * Its archive was not fetched in time, is too old, or does not come about: all services are asked again, and the former one
 * is destroyed.
 * @throws DomainError NOT_FOUND, ACCESS_REQUEST_STATE
 */
export function renewAccessArchive(ctx: ContactsContext, id: string): Promise<AccessRequest> {
  return change(ctx, id, ['COLLECTING', 'PACKING', 'READY', 'ANSWERED'], async (tx, request) => {
    await requireUnmerged(tx, request);
    await startCollecting(tx, request, ctx.app.secretKey, {});
    auditOf(tx, 'contact.access_request', request);
  });
}

/**
 * Two months more, because requests are complex or many; the person has to be told why within the first month.
 * @throws DomainError INVALID_INPUT, NOT_FOUND, ACCESS_REQUEST_STATE
 */
export function extendAccessRequest(ctx: ContactsContext, id: string, reason: string): Promise<AccessRequest> {
  return change(ctx, id, OPEN_STATES, async (tx, request) => {
    const extensionReason = checkText(reason, 'reason', { max: MAX_REASON });
    if (request.extendedAt) throw invalidInput('id', 'is extended already; that can be done once.');
    if (tx.now() > request.dueAt) throw invalidInput('id', 'is overdue: it has to be extended within the first month.');
    const dueAt = deadlineOf(request.receivedAt, { isExtended: true });
    Object.assign(request, { extendedAt: tx.now(), extensionReason, dueAt });
    auditOf(tx, 'contact.access_extend', request, extensionReason);
  });
}

/** The person has got the copy. @throws DomainError NOT_FOUND, ACCESS_REQUEST_STATE */
export function answerAccessRequest(ctx: ContactsContext, id: string): Promise<AccessRequest> {
  return change(ctx, id, ['READY'], async (tx, request) => {
    Object.assign(request, { state: 'ANSWERED', answeredAt: request.answeredAt ?? tx.now() });
    auditOf(tx, 'contact.access_answer', request);
  });
}

/**
 * Nobody gets a copy, and what was collected is destroyed: it was not shown who asks, or it was asked without measure
 * (Art. 12(5), (6) GDPR).
 * @throws DomainError INVALID_INPUT, NOT_FOUND, ACCESS_REQUEST_STATE
 */
export function refuseAccessRequest(ctx: ContactsContext, id: string, reason: string): Promise<AccessRequest> {
  return change(ctx, id, OPEN_STATES, async (tx, request) => {
    const refusalReason = checkText(reason, 'reason', { max: MAX_REASON });
    const destroyed = { publicKey: null, privateKey: null, archiveExpiresAt: null };
    Object.assign(request, { state: 'REFUSED', refusedAt: tx.now(), refusalReason, ...destroyed });
    await destroyArchive(tx, request);
    auditOf(tx, 'contact.access_refuse', request, refusalReason);
  });
}

/** From here on services tell what they have, to a key that is made for it. The request must be locked. */
export async function startCollecting(
  tx: Tx,
  request: AccessRequest,
  secretKey: Buffer,
  confirmed: { confirmedBy?: AccessConfirmation; confirmationReason?: string },
  origin: Origin = tx.origin,
): Promise<void> {
  const { workspaceId, id } = request;
  await destroyArchive(tx, request);
  const { publicKey, privateKey } = newSealingKeys();
  Object.assign(request, {
    ...confirmed,
    ...(confirmed.confirmedBy && { confirmedAt: tx.now() }),
    state: 'COLLECTING',
    publicKey,
    privateKey: seal(secretKey, privateKey, keyContext(id)),
    archiveExpiresAt: null,
    readyAt: null,
    packingUntil: null,
    packingClaim: null,
    packingAttempts: 0,
    unreadMedia: [],
  });
  await tx.em.flush();
  const contactIds = await contactIdsOf(tx, workspaceId, request.contactId);
  tx.emit(accessConfirmed, { entityId: id, workspaceId, origin, data: { requestId: id, contactIds, publicKey } });
}

/** Its link ends, and whoever is still writing it has nowhere to put it. */
async function destroyArchive(tx: Tx, request: AccessRequest): Promise<void> {
  if (!request.fileId) return;
  await sql`
    update stored_file set expires_at = ${tx.now()}
    where workspace_id = ${request.workspaceId} and id = ${request.fileId}
  `.execute(tx.sql);
  request.fileId = null;
}

/** Of two people who became one, one has shown who they are. @throws DomainError ACCESS_REQUEST_STATE */
async function requireUnmerged(tx: Tx, { workspaceId, contactId, confirmedAt }: AccessRequest): Promise<void> {
  const { rows } = await sql`
    select from contact_merge
    where workspace_id = ${workspaceId} and (contact_id = ${contactId} or merged_id = ${contactId})
      and merged_at > ${confirmedAt} and undone_at is null limit 1
  `.execute(tx.sql);
  if (rows.length === 0) return;
  throw new DomainError('ACCESS_REQUEST_STATE', 'This contact was merged since. Open another request.');
}

/** What the private key of a request is tied to. */
export function keyContext(id: string): string {
  return `access_request ${id}`;
}

async function change(
  ctx: ContactsContext,
  id: string,
  states: readonly AccessState[],
  work: (tx: Tx, request: AccessRequest) => Promise<void>,
): Promise<AccessRequest> {
  const { workspaceId } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    const mine = sql`workspace_id = ${workspaceId} and id = ${isId(id) ? id : null}`;
    // As a merge has them locked, and before the request, which it moves: of both, one comes first.
    await sql`
      select from contact where workspace_id = ${workspaceId} and id in (select contact_id from access_request where ${mine})
      for update
    `.execute(tx.sql);
    await sql`select from access_request where ${mine} for update`.execute(tx.sql);
    const ability = abilityOf(ctx);
    const request = isId(id)
      ? await tx.em.findOne(AccessRequest, { $and: [accessibleWhere(ability, 'manage', 'AccessRequest'), { id }] })
      : null;
    authorize(ability, 'manage', 'AccessRequest', request);
    if (!states.includes(request.state)) {
      throw new DomainError('ACCESS_REQUEST_STATE', `That cannot be done with one that is ${request.state}.`);
    }
    await work(tx, request);
    return request;
  });
}

function auditOf(
  tx: Tx,
  action: `contact.access_${'request' | 'confirm' | 'extend' | 'answer' | 'refuse'}`,
  { contactId }: AccessRequest,
  reason?: string,
): void {
  tx.audit({ action, object: { type: 'contact', id: contactId }, ...(reason && { after: { reason } }) });
}

async function contactIdsOf(tx: Tx, workspaceId: string, contactId: string): Promise<string[]> {
  return (await knownIdsOf(tx, [{ workspaceId, id: contactId }])).map(({ id }) => id);
}
