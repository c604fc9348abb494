import { accessibleWhere } from '@fenster/auth';
import { checkPageSize, decodePage, encodePage } from '@fenster/graphql';
import { abilityOf, type IdentityContext } from '../context.js';
import { ApiKey } from './api-key.entity.js';

/** Those that ended are shown as well: what they did stays in the history. */
export async function listApiKeys(
  ctx: IdentityContext,
  { first, after }: { first: number; after: string | null | undefined },
): Promise<{ nodes: ApiKey[]; nextPage: string | null }> {
  const size = checkPageSize(first);
  const position = after == null ? undefined : decodePage(after, 'after');
  const rows = await ctx.em.find(
    ApiKey,
    {
      $and: [
        accessibleWhere(abilityOf(ctx), 'manage', 'API key'),
        position
          ? { $or: [{ createdAt: { $lt: position.at } }, { createdAt: position.at, id: { $lt: position.id } }] }
          : {},
      ],
    },
    { orderBy: { createdAt: 'desc', id: 'desc' }, limit: size + 1 },
  );
  const nodes = rows.slice(0, size);
  const last = nodes.at(-1);
  return { nodes, nextPage: rows.length > size && last ? encodePage({ at: last.createdAt, id: last.id }) : null };
}
