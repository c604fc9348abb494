import { allows } from '@fenster/auth';
import { consentIdentityKind, phone as phoneNumber } from '@fenster/contracts';
import { once, transact, type Tx } from '@fenster/database';
import { checkText, invalidInput, isId, newId, notFound } from '@fenster/runtime';
import { abilityOf, type ContactsContext } from '../context.js';
import { contactsById } from '../contacts/contact.queries.js';
import type { Suppressions } from '../erasures/keep-stops.js';
import { ContactIdentity } from '../identities/contact-identity.entity.js';
import { recordSightings } from '../identities/record-identities.js';
import { appendConsentEvents } from './append-consent-events.js';
import type { Evidence, Statement } from './consent-chain.js';
import { ConsentText } from './consent.entity.js';
import type { ConsentEvidenceInput, RecordConsentInput } from './consent.types.js';
import { checkHttps } from './purpose.commands.js';
import { findPurpose } from './purpose.queries.js';

/** Clocks of others may be ahead of ours by this. */
const MAX_AHEAD_MS = 300_000;

/**
 * Somebody who heard or read it says what a person said of a consent, with what proves it. Returns whose consents they
 * are: a number that nobody had becomes that of a new contact.
 * @throws DomainError INVALID_INPUT, NOT_FOUND, IDEMPOTENCY_CONFLICT
 */
export async function recordConsent(
  ctx: ContactsContext,
  input: RecordConsentInput,
): Promise<{ contactId: string; purpose: string }> {
  const { channelId, purpose, kind, source, textHash, idempotencyKey: key } = input;
  const evidence = checkEvidence(input);
  checkProven(input, evidence);
  const occurredAt = checkTime(input.occurredAt ?? ctx.now(), ctx.now());
  if (!isId(channelId)) throw notFound('Channel', 'channelId');
  const needsText = kind === 'REQUESTED' || kind === 'CONFIRMED';
  if (needsText && textHash == null) throw invalidInput('textHash', 'is needed: without the words there is no proof.');
  const wanted = await findSubject(ctx, input);
  const signingKey = await ctx.app.signer.key();
  return transact(ctx, async (tx) => {
    const { workspaceId } = ctx.requireActor();
    const known = await findPurpose(tx.em, purpose);
    if (!known) throw notFound('Purpose', 'purpose');
    if (needsText && known.archivedAt) throw invalidInput('purpose', 'is archived.');
    const text = textHash == null ? null : await tx.em.findOne(ConsentText, { hash: textHash, purpose });
    if (textHash != null && !text) throw invalidInput('textHash', 'must be that of a published text of this purpose.');
    const suppressions = { markOf: ctx.app.markOf, signingKey: async () => signingKey };
    const identities = await identitiesOf(tx, wanted, { workspaceId, channelId }, suppressions);
    if (identities.length === 0) {
      throw invalidInput('channelId', 'must be a channel on which this person has a number or a user id.');
    }
    const { contactId } = identities[0]!;
    if (needsText && new Set(identities.map(originOf)).size > 1) {
      throw invalidInput(
        'subject',
        'must be a number: two people were made this contact, and each of their addresses agrees for itself.',
      );
    }
    const { idempotencyKey: _, ...hashed } = input;
    await once(tx, { key, operation: 'recordConsent', input: hashed }, newId(), async (id) => {
      const statements = identities.map((identity): Statement => ({
        workspaceId,
        kind,
        contactId: originOf(identity),
        identityId: identity.id,
        identityKind: consentIdentityKind.parse(identity.kind),
        channelId,
        purpose,
        textHash: text?.hash ?? null,
        locale: text?.locale ?? null,
        source,
        evidence,
        actor: tx.origin.actor,
        occurredAt,
        recordedAt: tx.now(),
        key: `${id} ${identity.id}`,
      }));
      await appendConsentEvents(tx, signingKey, statements);
      const after = { purpose, consent: kind, consentSource: source };
      tx.audit({ action: 'contact.consent_record', object: { type: 'contact', id: contactId }, after });
    });
    return { contactId, purpose };
  });
}

/** In the ledger everybody is who they were to the channel. */
function originOf({ originId, contactId }: ContactIdentity): string {
  return originId ?? contactId;
}

type Wanted = { contactId: string } | { phone: string };

async function findSubject(ctx: ContactsContext, { subject }: RecordConsentInput): Promise<Wanted> {
  const { contactId, phone } = subject;
  if ((contactId == null) === (phone == null))
    throw invalidInput('subject', 'must be a contact or a number, one of them.');
  if (phone != null) {
    if (!phoneNumber.safeParse(phone).success)
      throw invalidInput('subject.phone', 'must be written like +4915112345678.');
    return { phone };
  }
  const contact = await ctx.loader(contactsById).load(contactId!);
  if (!contact || !allows(abilityOf(ctx), 'read', 'Contact', contact)) throw notFound('Contact', 'subject.contactId');
  return { contactId: contact.contactId };
}

/** By a number, that of the number alone: whoever fills in a form has shown nothing but it. */
async function identitiesOf(
  tx: Tx,
  wanted: Wanted,
  at: { workspaceId: string; channelId: string },
  suppressions: Suppressions,
): Promise<ContactIdentity[]> {
  const current = { ...at, validTo: null };
  if ('contactId' in wanted) {
    return tx.em.find(
      ContactIdentity,
      { ...current, ...wanted, kind: { $in: consentIdentityKind.options } },
      { orderBy: { kind: 'desc' } },
    );
  }
  const { phone } = wanted;
  const byNumber = { ...current, kind: 'PHONE', value: phone } as const;
  const known = await tx.em.find(ContactIdentity, byNumber);
  if (known.length > 0) return known;
  await recordSightings(tx, [{ ...at, contactId: newId(), identity: { phone }, at: tx.now() }], suppressions);
  return tx.em.find(ContactIdentity, byNumber);
}

function checkEvidence({ source, evidence: given }: RecordConsentInput): Evidence {
  const { note, formRequestId, formUrl, address, userAgent, justification, document } = given;
  const evidence: Evidence = {};
  const take = (
    field: Exclude<keyof ConsentEvidenceInput, 'document'>,
    value: string | null | undefined,
    max: number,
  ) => {
    if (value == null) return;
    evidence[field] = checkText(value, `evidence.${field}`, { max });
  };
  take('note', note, 2_000);
  take('formRequestId', formRequestId, 200);
  take('address', address, 64);
  take('userAgent', userAgent, 512);
  take('justification', justification, 500);
  if (formUrl != null) evidence.formUrl = checkHttps(formUrl, 'evidence.formUrl');
  if (document != null) {
    evidence.documentKind = document.kind;
    evidence.documentReference = checkText(document.reference, 'evidence.document.reference', { max: 200 });
  }
  if (source === 'AGENT' && !evidence.note) throw invalidInput('evidence.note', 'is needed: say how you know.');
  if (source !== 'AGENT' && !evidence.formRequestId) {
    throw invalidInput('evidence.formRequestId', 'is needed: by what does the form’s own log know it?');
  }
  const isIdentifying = evidence.address !== undefined || evidence.userAgent !== undefined;
  if (isIdentifying && !evidence.justification) {
    throw invalidInput('evidence.justification', 'is needed: say why address or browser must be kept.');
  }
  return evidence;
}

/**
 * Nobody confirms for somebody else: a number in a form may be anybody's, so its owner is asked there; and what an agent
 * heard is one word against another, unless there is something that others can look at.
 */
function checkProven({ kind, source }: RecordConsentInput, evidence: Evidence): void {
  if (kind !== 'CONFIRMED') return;
  if (source !== 'AGENT') {
    throw invalidInput(
      'kind',
      'must be REQUESTED: a form does not prove whose number it is. Ask there, with requestConsent.',
    );
  }
  if (!evidence.documentReference) {
    throw invalidInput(
      'evidence.document',
      'is needed: where is the signed paper, or the recording? Without one, ask in the chat, with requestConsent.',
    );
  }
}

function checkTime(at: Date, now: Date): Date {
  if (at.getTime() > now.getTime() + MAX_AHEAD_MS) throw invalidInput('occurredAt', 'must not be in the future.');
  return at;
}
