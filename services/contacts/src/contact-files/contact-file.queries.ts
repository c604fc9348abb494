import { accessibleWhere } from '@fenster/auth';
import { checkPageSize, decodePage, olderThan, pageOf } from '@fenster/graphql';
import { abilityOf, type ContactsContext } from '../context.js';
import { ContactFile } from './contact-file.entity.js';

/** A page of a contact's files, the newest first; null for who may not read what people wrote. */
export async function listContactFiles(
  ctx: ContactsContext,
  contactId: string,
  { first, after }: { first: number; after?: string | null | undefined },
): Promise<{ nodes: ContactFile[]; nextPage: string | null } | null> {
  const ability = abilityOf(ctx);
  if (!ability.can('read', 'ContactFile')) return null;
  const size = checkPageSize(first);
  const position = after == null ? undefined : decodePage(after, 'after');
  const rows = await ctx.em.find(
    ContactFile,
    { $and: [accessibleWhere(ability, 'read', 'ContactFile'), { contactId }, olderThan('addedAt', position)] },
    { orderBy: { addedAt: 'desc', id: 'desc' }, limit: size + 1 },
  );
  return pageOf(rows, size, ({ addedAt: at, id }) => ({ at, id }));
}
