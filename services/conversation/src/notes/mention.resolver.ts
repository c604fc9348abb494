import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { countUnreadMentions, listMentions, markMentionsRead } from './mention.queries.js';
import { MarkMentionsReadResult, MentionPage } from './mention.types.js';

@Resolver()
export class MentionResolver {
  @Authorized('conversation:read')
  @Query(() => MentionPage, {
    description: 'Notes that mention you, in conversations that you may see; MemberMentioned tells of new ones.',
  })
  myMentions(
    @Ctx() ctx: ConversationContext,
    @Arg('unreadOnly', () => Boolean, { defaultValue: false }) unreadOnly: boolean,
    @Arg('first', () => Int, { defaultValue: 50 }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<MentionPage> {
    return listMentions(ctx, { first, after, unreadOnly });
  }

  @Authorized('conversation:read')
  @Query(() => Int, { description: 'Of your mentions, those that are not read yet.' })
  unreadMentions(@Ctx() ctx: ConversationContext): Promise<number> {
    return countUnreadMentions(ctx);
  }

  @Authorized('conversation:read')
  @Mutation(() => MarkMentionsReadResult, { description: 'Your own mentions, by their notes: at most 100.' })
  markMentionsRead(@Ctx() ctx: ConversationContext, @Arg('noteIds', () => [ID]) noteIds: string[]) {
    return asResult(markMentionsRead(ctx, noteIds));
  }
}
