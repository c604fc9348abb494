import { accessibleWhere } from '@fenster/auth';
import { array, sql } from '@fenster/database';
import type { BatchLoad } from '@fenster/graphql';
import { abilityOf, type ContactsContext } from '../context.js';
import { ContactAttribute } from './attribute.entity.js';

/** All of the workspace, by key. */
export function listAttributes(ctx: Pick<ContactsContext, 'em' | 'requireActor'>): Promise<ContactAttribute[]> {
  const where = accessibleWhere(abilityOf(ctx), 'read', 'ContactAttribute');
  return ctx.em.find(ContactAttribute, where, { orderBy: { key: 'asc' } });
}

export interface ShownValue {
  attribute: ContactAttribute;
  value: string;
}

/** By the contacts' own ids; in the order of keys, without those of archived attributes. */
export const valuesOfContacts: BatchLoad<string, ShownValue[]> = async (ctx, contactIds) => {
  const { workspaceId } = ctx.requireActor();
  const attributes = new Map((await listAttributes(ctx)).map((attribute) => [attribute.key, attribute]));
  if (attributes.size === 0) return new Map();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ contact_id: string; key: string; value: string }>`
      select contact_id, key, value from contact_attribute_value
      where workspace_id = ${workspaceId} and contact_id = any(${array('uuid', contactIds)}) order by key
    `,
  );
  const shown = rows.flatMap(({ contact_id, key, value }) => {
    const attribute = attributes.get(key);
    return attribute && !attribute.archivedAt ? [{ contact_id, attribute, value }] : [];
  });
  return Map.groupBy(shown, ({ contact_id }) => contact_id);
};
