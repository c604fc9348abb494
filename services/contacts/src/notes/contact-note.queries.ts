import { accessibleWhere } from '@fenster/auth';
import { checkPageSize, decodePage, olderThan, pageOf } from '@fenster/graphql';
import { abilityOf, type ContactsContext } from '../context.js';
import { ContactNote } from './contact-note.entity.js';

/** A page of a contact's notes, the newest first; null for who may not read what people wrote. */
export async function listContactNotes(
  ctx: ContactsContext,
  contactId: string,
  { first, after }: { first: number; after?: string | null | undefined },
): Promise<{ nodes: ContactNote[]; nextPage: string | null } | null> {
  const ability = abilityOf(ctx);
  if (!ability.can('read', 'ContactNote')) return null;
  const size = checkPageSize(first);
  const position = after == null ? undefined : decodePage(after, 'after');
  const rows = await ctx.em.find(
    ContactNote,
    { $and: [accessibleWhere(ability, 'read', 'ContactNote'), { contactId }, olderThan('createdAt', position)] },
    { orderBy: { createdAt: 'desc', id: 'desc' }, limit: size + 1 },
  );
  return pageOf(rows, size, ({ createdAt: at, id }) => ({ at, id }));
}
