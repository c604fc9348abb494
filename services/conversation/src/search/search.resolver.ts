import { Authorized } from '@fenster/graphql';
import { MAX_QUERY_LENGTH, MAX_QUERY_WORDS, MIN_PREFIX_LENGTH } from '@fenster/runtime';
import { Arg, Ctx, Int, Query, Resolver } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { searchInbox } from './search.queries.js';
import { SearchFilter, SearchPage } from './search.types.js';

@Resolver()
export class SearchResolver {
  @Authorized('conversation:read', 'message:read')
  @Query(() => SearchPage, {
    description:
      'Messages, notes and names of contacts, in conversations that you may see. Notes are found at once, messages and names a moment after they came.',
  })
  search(
    @Ctx() ctx: ConversationContext,
    @Arg('text', () => String, {
      description: `1 to ${MAX_QUERY_WORDS} words, at most ${MAX_QUERY_LENGTH} characters. Finds what has all of them, in any German or English form; words of ${MIN_PREFIX_LENGTH} and more letters also what begins with them.`,
    })
    text: string,
    @Arg('filter', () => SearchFilter, { nullable: true }) filter?: SearchFilter | null,
    @Arg('first', () => Int, { defaultValue: 20, description: 'At most 50.' }) first = 20,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<SearchPage> {
    return searchInbox(ctx, { text, filter, first, after });
  }
}
