import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, Directive, FieldResolver, Int, Mutation, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { ConversationType } from '../conversations/conversation.types.js';
import { markRead, markUnread } from './read-cursor.commands.js';
import { MAX_UNREAD, unreadCounts } from './read-cursor.queries.js';
import { MarkReadInput, MarkReadResult, MarkUnreadInput, MarkUnreadResult } from './read-cursor.types.js';

@Resolver(() => ConversationType)
export class ReadCursorResolver {
  @Authorized('conversation:read')
  @Mutation(() => MarkReadResult, {
    description:
      'You have seen the messages up to this one. Call it when somebody really looked at them: where the channel’s settings say so, the customer is told.',
  })
  markRead(@Ctx() ctx: ConversationContext, @Arg('input', () => MarkReadInput) input: MarkReadInput) {
    return asResult(markRead(ctx, input));
  }

  @Authorized('conversation:read')
  @Mutation(() => MarkUnreadResult, { description: 'For you alone, until you mark it read again.' })
  markUnread(@Ctx() ctx: ConversationContext, @Arg('input', () => MarkUnreadInput) input: MarkUnreadInput) {
    return asResult(markUnread(ctx, input));
  }

  @FieldResolver(() => Int, {
    description: `Customer messages that you have not read. At most ${MAX_UNREAD}, which stands for that many or more.`,
  })
  async unreadCount(
    @Root() { id }: Conversation,
    @Ctx() ctx: ConversationContext,
    // For the gateway: whoever asks is answered something else, so that nobody can be given another's answer.
    @Directive('@inaccessible')
    @Arg('own', () => Boolean, { nullable: true })
    _own?: boolean,
  ): Promise<number> {
    return (await ctx.loader(unreadCounts).load(id)) ?? 0;
  }
}
