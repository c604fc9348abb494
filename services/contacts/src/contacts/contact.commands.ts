import { contactCreated } from '@fenster/contracts';
import { once, sql, transact, violatedConstraint, type Tx } from '@fenster/database';
import { checkLabelIds, DomainError, isId, newId, notFound } from '@fenster/runtime';
import { checkValues, storeValues, type CheckedValues } from '../attributes/attribute.commands.js';
import { checkLocale } from '../consent/purpose.commands.js';
import type { ContactsContext } from '../context.js';
import { announceNames, knownIdsOf } from '../identities/announce-names.js';
import { keepStops } from '../erasures/keep-stops.js';
import { ContactIdentity } from '../identities/contact-identity.entity.js';
import { lockLabels, setLabels } from '../labels/contact-label.commands.js';
import { changeContact, readContact, type ContactRow } from './change-contact.js';
import { wordsOf } from './contact-words.js';
import type { FoundContact } from './contact.queries.js';
import { checkAddress, checkEmail, checkName, type Address, type AddressInput } from './contact.rule.js';
import type { CreateContactInput, UpdateContactInput } from './contact.types.js';
import { parsePhone } from './phone.js';

/** What a colleague may write of a person. What is undefined stays as it is. */
export interface ContactFields {
  givenName?: string | null;
  email?: string | null;
  address?: Address | null;
  language?: string | null;
}

interface FieldsInput {
  name?: string | null;
  email?: string | null;
  address?: AddressInput | null;
  language?: string | null;
}

/** Empty texts take away, as null does. @throws DomainError INVALID_INPUT naming the field */
export function checkFields({ name, email, address, language }: FieldsInput): ContactFields {
  const checked = <In, Out>(value: In | null | undefined, check: (value: In) => Out): Out | null | undefined =>
    value === undefined ? undefined : value === null || value === '' ? null : check(value);
  const fields = {
    givenName: checked(name, checkName),
    email: checked(email, checkEmail),
    address: checked(address, checkAddress),
    language: checked(language, (text) => checkLocale(text, 'language')),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/**
 * A person whom no channel has seen yet, or will ever see.
 * @throws DomainError INVALID_INPUT, NOT_FOUND, CONTACT_EXISTS, IDEMPOTENCY_CONFLICT
 */
export async function createContact(ctx: ContactsContext, input: CreateContactInput): Promise<FoundContact> {
  const { idempotencyKey: key, phone: phoneInput, attributes = [], ...given } = input;
  const fields = checkFields(given);
  const phone = phoneInput && parsePhone(phoneInput.number, 'phone.number', phoneInput.country);
  if (phoneInput && !isId(phoneInput.channelId)) throw notFound('Channel', 'phone.channelId');
  if (!fields.givenName && !fields.email && !phone) {
    throw new DomainError('INVALID_INPUT', 'Give a name, an e-mail address or a phone number.', { field: 'name' });
  }
  const labelIds = checkLabelIds(given.labelIds ?? [], 'labelIds');
  const { workspaceId } = ctx.requireActor();
  const signingKey = await ctx.app.signer.key();
  const create = () =>
    transact(ctx, async (tx) => {
      const request = {
        key,
        operation: 'createContact',
        input: { ...fields, phone, phoneInput, attributes, labelIds },
      };
      return once(tx, request, newId(), async (id) => {
        const values = await checkValues(tx, attributes ?? []);
        if (phone) await refuseKnown(tx, phone);
        await insertContact(tx, { id, workspaceId, ...NOTHING, ...fields }, values);
        if (phone) {
          const name = {
            workspaceId,
            contactId: id,
            channelId: phoneInput!.channelId,
            kind: 'PHONE',
            value: phone,
          } as const;
          const identityId = newId();
          tx.em.create(ContactIdentity, { id: identityId, ...name, validFrom: tx.now() });
          await tx.em.flush();
          await keepStops(tx, { markOf: ctx.app.markOf, signingKey: async () => signingKey }, [
            { ...name, identityId },
          ]);
        }
        await lockLabels(tx, workspaceId, labelIds, 'labelIds');
        await setLabels(
          tx,
          workspaceId,
          labelIds.map((labelId) => ({ contact_id: id, label_id: labelId })),
        );
      });
    });
  try {
    return await readContact(ctx, await create());
  } catch (error) {
    // Somebody else made them known at the same moment: asked once more, that is seen.
    if (violatedConstraint(error) !== 'contact_identity_current') throw error;
    return readContact(ctx, await create());
  }
}

const NOTHING = { givenName: null, profileName: null, email: null, address: null, language: null };

async function insertContact(tx: Tx, contact: ContactRow, values: CheckedValues): Promise<void> {
  const { id, workspaceId, givenName, email, address, language } = contact;
  await sql`
    insert into contact (workspace_id, id, given_name, email, address, language, words, created_at, updated_at, announced_at)
    values (${workspaceId}, ${id}, ${givenName}, ${email}, ${address && JSON.stringify(address)}::jsonb, ${language},
      contact_words(${workspaceId}::uuid, ${wordsOf(contact)}), ${tx.now()}, ${tx.now()}, ${tx.now()})
  `.execute(tx.sql);
  await storeValues(tx, workspaceId, id, values);
  announceNames(tx, [{ workspaceId, id, contactId: id }], () => givenName);
  tx.emit(contactCreated, { entityId: id, data: { contactId: id } });
  tx.audit({ action: 'contact.create', object: { type: 'contact', id } });
}

async function refuseKnown(tx: Tx, phone: string): Promise<void> {
  const holder = await tx.em.findOne(ContactIdentity, { kind: 'PHONE', value: phone, validTo: null });
  if (!holder) return;
  throw new DomainError('CONTACT_EXISTS', 'There is a contact with this number.', {
    field: 'phone.number',
    details: { contactId: holder.contactId },
  });
}

/**
 * What a colleague writes stays, whatever a channel tells later; a name that is taken away is the channel's again.
 * @throws DomainError INVALID_INPUT, NOT_FOUND
 */
export async function updateContact(ctx: ContactsContext, input: UpdateContactInput): Promise<FoundContact> {
  const fields = checkFields(input);
  return changeContact(ctx, input.id, async (tx, before) => {
    const { id, workspaceId } = before;
    const values = await checkValues(tx, input.attributes ?? []);
    const after = { ...before, ...fields };
    const changed = CHANGEABLE.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
    if (changed.length > 0) {
      await sql`
        update contact set given_name = ${after.givenName}, email = ${after.email},
          address = ${after.address && JSON.stringify(after.address)}::jsonb, language = ${after.language},
          words = contact_words(workspace_id, ${wordsOf(after)}), updated_at = ${tx.now()}
        where workspace_id = ${workspaceId} and id = ${id}
      `.execute(tx.sql);
    }
    const [oldName, name] = [before, after].map(({ givenName, profileName }) => givenName ?? profileName);
    if (name !== oldName) announceNames(tx, await knownIdsOf(tx, [before]), () => name ?? null);
    const attributes = await storeValues(tx, workspaceId, id, values);
    return [
      ...changed.map((field) => (field === 'givenName' ? 'name' : field)),
      ...attributes.map((key) => `attributes.${key}`),
    ];
  });
}

const CHANGEABLE = ['givenName', 'email', 'address', 'language'] as const;
