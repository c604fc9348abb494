import { auditRead, type Database } from '@fenster/database';
import type { BatchLoad } from '@fenster/graphql';
import { ConsentEvent } from '../consent/consent.entity.js';
import { readPublicKeys, verifyJws } from '../consent/consent-signer.js';
import { consentStanding } from '../consent/consent-state.rule.js';
import { idsOfContacts } from '../contacts/contact.queries.js';
import { maskPhone } from '../contacts/phone.js';
import { abilityOf, type ContactsContext } from '../context.js';
import { ContactIdentity } from '../identities/contact-identity.entity.js';
import type { CheckedReceipt } from './receipt-document.js';
import { StoredReceipt } from './receipt.entity.js';
import { RECEIPT_TYPE, type ConsentReceipt } from './receipt.js';

const MAX_SHOWN = 100;

/** Those that were given out, by the contacts' own ids; the latest first. */
export const receiptsOfContacts: BatchLoad<string, StoredReceipt[]> = async (ctx, contactIds) => {
  const idsOf = await idsOfContacts(ctx, contactIds);
  const contactOf = new Map([...idsOf].flatMap(([contactId, ids]) => ids.map((id) => [id, contactId])));
  const receipts = await ctx.em.find(
    StoredReceipt,
    { contactId: { $in: [...contactOf.keys()] } },
    { orderBy: { issuedAt: 'desc', id: 'asc' }, limit: MAX_SHOWN * contactIds.length },
  );
  return Map.groupBy(receipts, ({ contactId }) => contactOf.get(contactId)!);
};

/** Null for who may not read proof. */
export async function listReceipts(ctx: ContactsContext, contactId: string): Promise<StoredReceipt[] | null> {
  if (!abilityOf(ctx).can('read', 'ConsentEvent')) return null;
  auditRead(ctx, 'contact.consent_read', contactId);
  return ((await ctx.loader(receiptsOfContacts).load(contactId)) ?? []).slice(0, MAX_SHOWN);
}

/** For whoever has its id: what the receipt says, whether that is so, and where the consent stands now. */
export async function checkReceipt(database: Database, id: string, now: Date): Promise<CheckedReceipt | undefined> {
  const em = database.system();
  const stored = await em.findOne(StoredReceipt, { id });
  if (!stored) return undefined;
  const { workspaceId, identityId, purpose, jws } = stored;
  const signed = verifyJws(await readPublicKeys(em), jws, RECEIPT_TYPE) as ConsentReceipt | undefined;
  const entries = await em.find(
    ConsentEvent,
    { workspaceId, identityId, purpose },
    { orderBy: { occurredAt: 'asc', seq: 'asc' } },
  );
  const receipt =
    signed ?? (JSON.parse(Buffer.from(jws.split('.')[1]!, 'base64url').toString('utf8')) as ConsentReceipt);
  const hashes = new Map(entries.map((entry) => [entry.seq, entry.hash.toString('hex')]));
  const isInLedger = receipt.events.every(
    ({ integrity }) => hashes.get(integrity.ledger_position) === integrity.entry_sha256,
  );
  const identity = await em.findOne(ContactIdentity, { workspaceId, id: identityId });
  const standing = consentStanding(entries) ?? { state: 'UNKNOWN' as const, since: stored.issuedAt };
  const isFormer = identity?.validTo != null;
  return {
    receipt,
    jws,
    isGenuine: signed !== undefined && receipt.receipt_id === id && isInLedger,
    address: identity && !isFormer ? shownAddress(identity) : null,
    // Of an address that is somebody's no longer nothing is in force.
    ...(isFormer && standing.state === 'CONFIRMED' ? { state: 'UNKNOWN', since: identity.validTo! } : standing),
    entries,
    purposeKey: purpose,
    checkedAt: now,
  };
}

/** So much that the person knows it, and nobody else. */
function shownAddress({ kind, value }: ContactIdentity): string {
  return kind === 'PHONE' ? maskPhone(value) : `••• ${value.slice(-4)}`;
}
