import { accessibleWhere } from '@fenster/auth';
import { checkPageSize, decodePage, olderThan, pageOf } from '@fenster/graphql';
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
      $and: [accessibleWhere(abilityOf(ctx), 'manage', 'API key'), olderThan('createdAt', position)],
    },
    { orderBy: { createdAt: 'desc', id: 'desc' }, limit: size + 1 },
  );
  return pageOf(rows, size, ({ createdAt: at, id }) => ({ at, id }));
}
