import { sql, transact, unnest, violatedConstraint, type Tx } from '@fenster/database';
import { checkText, DomainError, invalidInput, notFound } from '@fenster/runtime';
import type { ContactsContext } from '../context.js';
import { ContactAttribute } from './attribute.entity.js';
import { checkKey, checkOptions, checkValue, MAX_ATTRIBUTES, type StoredValue } from './attribute.rule.js';
import type {
  AttributeValueInput,
  CreateContactAttributeInput,
  UpdateContactAttributeInput,
} from './attribute.types.js';

const MAX_NAME = 100;
const MAX_PURPOSE = 500;

/** @throws DomainError INVALID_INPUT, CONTACT_ATTRIBUTE_TAKEN */
export async function createAttribute(
  ctx: ContactsContext,
  input: CreateContactAttributeInput,
): Promise<ContactAttribute> {
  const { type, retentionClass } = input;
  const key = checkKey(input.key);
  const name = checkText(input.name, 'name', { max: MAX_NAME });
  const purpose = checkText(input.purpose, 'purpose', { max: MAX_PURPOSE });
  const options = checkOptions(type, input.options);
  try {
    return await transact(ctx, async (tx) => {
      const { workspaceId } = ctx.requireActor();
      if ((await tx.em.count(ContactAttribute)) >= MAX_ATTRIBUTES) {
        throw invalidInput('key', `must be one of at most ${MAX_ATTRIBUTES} attributes.`);
      }
      const said = { key, name, type, options, purpose, retentionClass };
      const attribute = tx.em.create(ContactAttribute, { workspaceId, ...said, createdAt: tx.now() });
      const object = { type: 'contact_attribute', id: workspaceId } as const;
      tx.audit({ action: 'contact_attribute.create', object, after: { key, name, type, purpose, retentionClass } });
      return attribute;
    });
  } catch (error) {
    if (violatedConstraint(error) !== 'contact_attribute_pkey') throw error;
    throw new DomainError('CONTACT_ATTRIBUTE_TAKEN', 'There is an attribute with this key. Choose another one.');
  }
}

/**
 * Its key and type stay as they are, because values are stored by them; options may be added, not taken away.
 * @throws DomainError INVALID_INPUT, NOT_FOUND
 */
export async function updateAttribute(
  ctx: ContactsContext,
  input: UpdateContactAttributeInput,
): Promise<ContactAttribute> {
  const name = input.name == null ? undefined : checkText(input.name, 'name', { max: MAX_NAME });
  const purpose = input.purpose == null ? undefined : checkText(input.purpose, 'purpose', { max: MAX_PURPOSE });
  return transact(ctx, async (tx) => {
    const attribute = await tx.em.findOne(ContactAttribute, { key: input.key });
    if (!attribute) throw notFound('Attribute');
    const options = input.options == null ? attribute.options : checkOptions(attribute.type, input.options);
    const lost = attribute.options.find((option) => !options.includes(option));
    if (lost !== undefined)
      throw invalidInput('options', 'must still have those that there are: contacts may have them.');
    const told = ({ key, retentionClass, archivedAt, ...of }: ContactAttribute) => ({
      key,
      name: of.name,
      purpose: of.purpose,
      retentionClass,
      isArchived: archivedAt != null,
    });
    const before = told(attribute);
    Object.assign(attribute, {
      options,
      name: name ?? attribute.name,
      purpose: purpose ?? attribute.purpose,
      retentionClass: input.retentionClass ?? attribute.retentionClass,
      ...(input.isArchived != null && { archivedAt: input.isArchived ? (attribute.archivedAt ?? tx.now()) : null }),
    });
    const object = { type: 'contact_attribute', id: attribute.workspaceId } as const;
    tx.audit({ action: 'contact_attribute.update', object, before, after: told(attribute) });
    return attribute;
  });
}

/** Values to be stored, and keys whose value goes. */
export interface CheckedValues {
  set: Map<string, StoredValue>;
  unset: string[];
}

/** @throws DomainError INVALID_INPUT naming which value and why */
export async function checkValues(
  tx: Tx,
  inputs: readonly AttributeValueInput[],
  field = 'attributes',
): Promise<CheckedValues> {
  const checked: CheckedValues = { set: new Map(), unset: [] };
  if (inputs.length === 0) return checked;
  if (inputs.length > MAX_ATTRIBUTES) throw invalidInput(field, `must be at most ${MAX_ATTRIBUTES} values.`);
  const attributes = await tx.em.find(ContactAttribute, { key: { $in: inputs.map(({ key }) => key) } });
  for (const [at, { key, value }] of inputs.entries()) {
    const attribute = attributes.find((each) => each.key === key);
    if (!attribute) throw invalidInput(`${field}.${at}.key`, 'must be that of an attribute.');
    if (checked.set.has(key) || checked.unset.includes(key))
      throw invalidInput(`${field}.${at}.key`, 'must be there once.');
    if (value == null) checked.unset.push(key);
    else if (attribute.archivedAt) throw invalidInput(`${field}.${at}.key`, 'is archived.');
    else checked.set.set(key, checkValue(attribute, value, `${field}.${at}.value`));
  }
  return checked;
}

/** Returns the keys whose value is another one now. */
export async function storeValues(
  tx: Tx,
  workspaceId: string,
  contactId: string,
  { set, unset }: CheckedValues,
): Promise<string[]> {
  const changed: string[] = [];
  if (unset.length > 0) {
    const { rows } = await sql<{ key: string }>`
      delete from contact_attribute_value
      where workspace_id = ${workspaceId} and contact_id = ${contactId} and key = any(${unset}) returning key
    `.execute(tx.sql);
    changed.push(...rows.map(({ key }) => key));
  }
  if (set.size > 0) {
    const rows = [...set].map(([key, stored]) => ({ contact_id: contactId, key, ...stored }));
    changed.push(...(await upsertValues(tx, workspaceId, rows)).map(({ key }) => key));
  }
  return changed;
}

/** Of any number of contacts, in one statement. Returns those that are other ones now. */
export async function upsertValues(
  tx: Tx,
  workspaceId: string,
  values: readonly ({ contact_id: string; key: string } & StoredValue)[],
): Promise<{ contact_id: string; key: string }[]> {
  if (values.length === 0) return [];
  const columns = { contact_id: 'uuid', key: 'text', value: 'text', number: 'float8' } as const;
  const { rows } = await sql<{ contact_id: string; key: string }>`
    insert into contact_attribute_value as stored (workspace_id, contact_id, key, value, number, changed_at)
    select ${workspaceId}::uuid, contact_id, key, value, number, ${tx.now()} from ${unnest('input', columns, values)}
    on conflict (workspace_id, contact_id, key) do update
      set value = excluded.value, number = excluded.number, changed_at = excluded.changed_at
      where stored.value <> excluded.value
    returning contact_id, key
  `.execute(tx.sql);
  return rows;
}
