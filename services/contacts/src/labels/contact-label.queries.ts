import { accessibleWhere } from '@fenster/auth';
import { array, sql } from '@fenster/database';
import type { BatchLoad } from '@fenster/graphql';
import { abilityOf, type ContactsContext } from '../context.js';
import { ContactLabel } from './contact-label.entity.js';

/** All of the workspace, by name. */
export function listContactLabels(ctx: ContactsContext): Promise<ContactLabel[]> {
  const where = accessibleWhere(abilityOf(ctx), 'read', 'ContactLabel');
  return ctx.em.find(ContactLabel, where, { orderBy: { name: 'asc', id: 'asc' } });
}

export interface ShownLabel {
  id: string;
  name: string;
  colour: string;
  createdAt: Date;
}

/** By the contacts' own ids; by name. One query. */
export const labelsOfContacts: BatchLoad<string, ShownLabel[]> = async (ctx, contactIds) => {
  const { workspaceId } = ctx.requireActor();
  if (!abilityOf(ctx).can('read', 'ContactLabel')) return new Map();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<ShownLabel & { contactId: string }>`
      select labelled.contact_id as "contactId", label.id, label.name, label.colour, label.created_at as "createdAt"
      from labelled_contact labelled
      join contact_label label on label.workspace_id = labelled.workspace_id and label.id = labelled.label_id
      where labelled.workspace_id = ${workspaceId} and labelled.contact_id = any(${array('uuid', contactIds)})
      order by label.name, label.id
    `,
  );
  return Map.groupBy(rows, ({ contactId }) => contactId);
};
