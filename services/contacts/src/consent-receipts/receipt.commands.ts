import { randomUUID } from 'node:crypto';
import { allows } from '@fenster/auth';
import { consentIdentityKind } from '@fenster/contracts';
import { transact, type Tx } from '@fenster/database';
import { DomainError, isId, notFound } from '@fenster/runtime';
import { ConsentEvent, ConsentText } from '../consent/consent.entity.js';
import { findPurpose } from '../consent/purpose.queries.js';
import { contactsById } from '../contacts/contact.queries.js';
import { abilityOf, type ContactsContext } from '../context.js';
import { requireDataController } from '../data-controller/data-controller.commands.js';
import { knownIdsOf } from '../identities/announce-names.js';
import { StoredReceipt } from './receipt.entity.js';
import { buildReceipt, RECEIPT_TYPE } from './receipt.js';
import type { IssueConsentReceiptInput } from './receipt.types.js';

/**
 * A receipt of all that was said until now about a consent that was given at some time. With nothing new it is the one
 * that there is.
 * @throws DomainError NOT_FOUND, CONSENT_NEVER_GIVEN, DATA_CONTROLLER_MISSING
 */
export async function issueReceipt(ctx: ContactsContext, input: IssueConsentReceiptInput): Promise<StoredReceipt> {
  const { workspaceId } = ctx.requireActor();
  const { channelId, purpose: key } = input;
  const contact = await ctx.loader(contactsById).load(input.contactId);
  if (!contact || !allows(abilityOf(ctx), 'read', 'Contact', contact)) throw notFound('Contact', 'contactId');
  if (!isId(channelId)) throw notFound('Channel', 'channelId');
  const signingKey = await ctx.app.signer.key();
  return transact(ctx, async (tx) => {
    const purpose = await findPurpose(tx.em, key);
    if (!purpose) throw notFound('Purpose', 'purpose');
    const controller = await requireDataController(tx.em, workspaceId);
    const contactIds = (await knownIdsOf(tx, [{ workspaceId, id: contact.contactId }])).map(({ id }) => id);
    const entries = await entriesOf(tx, { contactId: { $in: contactIds }, channelId, purpose: key });
    const given = entries.findLast(({ kind }) => kind === 'CONFIRMED')!;
    const text = await tx.em.findOneOrFail(ConsentText, { hash: given.textHash! });
    const { identityId, identityKind, contactId } = given;
    const lastSeq = Math.max(...entries.map(({ seq }) => seq));
    const known = await tx.em.findOne(StoredReceipt, { identityId, purpose: key, lastSeq });
    if (known) return known;
    // Version 4, as both standards ask: whoever knows it may see the receipt.
    const id = randomUUID();
    const issuedAt = tx.now();
    const receipt = buildReceipt({
      id,
      identityId,
      identityKind,
      channelId,
      purpose,
      controller,
      text,
      entries: entries.map(({ hash, ...entry }) => ({ ...entry, hash: hash.toString('hex') })),
      givenAt: given.occurredAt,
      givenBy: given.source,
      url: ctx.app.receiptUrl(id),
      jwksUrl: ctx.app.jwksUrl(),
      issuedAt,
    });
    tx.audit({
      action: 'contact.receipt_issue',
      object: { type: 'contact', id: contact.contactId },
      after: { purpose: key },
    });
    return tx.em.create(StoredReceipt, {
      workspaceId,
      id,
      contactId,
      identityId,
      purpose: key,
      channelId,
      lastSeq,
      keyId: signingKey.id,
      jws: signingKey.signJws(receipt, RECEIPT_TYPE),
      issuedAt,
    });
  });
}

/**
 * All that was said of one address: of those that ever agreed the one to which messages go, which is the number where
 * there is one. In the order in which it was said.
 */
async function entriesOf(
  tx: Tx,
  consent: { contactId: { $in: string[] }; channelId: string; purpose: string },
): Promise<ConsentEvent[]> {
  const said = await tx.em.find(ConsentEvent, consent, { orderBy: { occurredAt: 'asc', seq: 'asc' } });
  const given = said
    .filter(({ kind, textHash }) => kind === 'CONFIRMED' && textHash != null)
    .toSorted((one, other) => rank(one) - rank(other) || other.occurredAt.getTime() - one.occurredAt.getTime())[0];
  if (given) return said.filter(({ identityId }) => identityId === given.identityId);
  throw new DomainError('CONSENT_NEVER_GIVEN', 'This person has never agreed to this here, so there is no receipt.');
}

function rank({ identityKind }: ConsentEvent): number {
  return consentIdentityKind.options.indexOf(identityKind);
}
