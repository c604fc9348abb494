import { randomInt } from 'node:crypto';
import { accessibleWhere } from '@fenster/auth';
import { phone as phoneNumber } from '@fenster/contracts';
import { invalidInput, notFound } from '@fenster/runtime';
import { abilityOf, type ContactsContext } from '../context.js';
import { ContactIdentity } from '../identities/contact-identity.entity.js';
import { contactsById } from './contact.queries.js';
import type { PersonSubject } from './person-subject.types.js';

/** The contact that is meant, by id or by what it is called now. @throws DomainError INVALID_INPUT, NOT_FOUND */
export async function findSubject(
  ctx: ContactsContext,
  { contactId, phone, bsuid, parentBsuid }: PersonSubject,
): Promise<string> {
  const given = [contactId, phone, bsuid, parentBsuid].filter((each) => each != null);
  if (given.length !== 1) throw invalidInput('subject', 'must be a contact, a number or a user id, one of them.');
  if (contactId != null) {
    const contact = await ctx.loader(contactsById).load(contactId);
    if (!contact) throw notFound('Contact', 'subject.contactId');
    return contact.contactId;
  }
  if (phone != null && !phoneNumber.safeParse(phone).success) {
    throw invalidInput('subject.phone', 'must be written like +4915112345678.');
  }
  const [field, name] =
    phone != null
      ? ['phone', { kind: 'PHONE' as const, value: phone }]
      : bsuid != null
        ? ['bsuid', { kind: 'BSUID' as const, value: bsuid }]
        : ['parentBsuid', { kind: 'PARENT_BSUID' as const, value: parentBsuid! }];
  const visible = accessibleWhere(abilityOf(ctx), 'read', 'ContactIdentity');
  const [identity] = await ctx.em.find(
    ContactIdentity,
    { $and: [visible, { ...name, validTo: null }] },
    { orderBy: { validFrom: 'desc' }, limit: 1 },
  );
  if (!identity) throw notFound('Contact', `subject.${field}`);
  return identity.contactId;
}

/** No letter that looks like a digit. */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const REFERENCE_LENGTH = 8;

/** What people read out, type and write down: `K7QX-2MNP`. */
export function newReference(): string {
  const letters = Array.from({ length: REFERENCE_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]!).join('');
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}
