import { accessibleWhere } from '@fenster/auth';
import { Authorized, type GraphQLContext } from '@fenster/graphql';
import { invalidInput, isId } from '@fenster/runtime';
import { Arg, Ctx, Int, Query, Resolver } from 'type-graphql';
import { abilityOf } from '../ability.js';
import { DeadLetter } from './dead-letter.entity.js';
import { DeadLetterPage } from './dead-letter.types.js';

const MAX_PAGE = 100;

@Resolver()
export class DeadLetterResolver {
  @Authorized('webhook_event:read')
  @Query(() => DeadLetterPage, {
    description: 'What came from the provider, or from another service, and had no effect.',
  })
  async deadLetters(
    @Ctx() ctx: GraphQLContext,
    @Arg('first', () => Int, { defaultValue: 50 }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
  ): Promise<DeadLetterPage> {
    if (first < 1 || first > MAX_PAGE) throw invalidInput('first', `must be between 1 and ${MAX_PAGE}.`);
    if (after != null && !isId(after)) throw invalidInput('after', 'is not a page that this API handed out.');
    const older = after == null ? {} : { id: { $lt: after } };
    const rows = await ctx.em.find(
      DeadLetter,
      { $and: [accessibleWhere(abilityOf(ctx), 'read', 'DeadLetter'), { replayedAt: null }, older] },
      { orderBy: { id: 'desc' }, limit: first + 1 },
    );
    const nodes = rows.slice(0, first).map((row) => ({
      ...row,
      webhookEventId: row.source === 'webhook' ? (row.eventId ?? null) : null,
    }));
    return { nodes, nextPage: rows.length > first ? nodes.at(-1)!.id : null };
  }
}
