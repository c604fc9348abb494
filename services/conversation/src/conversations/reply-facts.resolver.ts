import { writeReplyFacts } from '@fenster/contracts';
import { recipientCountry } from '@fenster/runtime';
import { Ctx, Directive, FieldResolver, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { isWindowOpen } from '../threads/service-window.js';
import type { Conversation } from './conversation.entity.js';
import { threadsById } from './conversation.queries.js';
import { ConversationType } from './conversation.types.js';

@Resolver(() => ConversationType)
export class ReplyFactsResolver {
  @Directive('@inaccessible')
  @FieldResolver(() => String, { nullable: true, description: 'What billing needs to quote a reply.' })
  async replyFacts(
    @Root() { threadId, channelId }: Conversation,
    @Ctx() ctx: ConversationContext,
  ): Promise<string | null> {
    const thread = await ctx.loader(threadsById).load(threadId);
    if (!thread) return null;
    const { phone, bsuid, windowExpiresAt, freeEntryExpiresAt } = thread;
    const isOpen = (expiresAt: Date | null | undefined) => isWindowOpen({ expiresAt: expiresAt ?? null }, ctx.now());
    const country = recipientCountry(phone?.slice(1), bsuid ?? undefined);
    return writeReplyFacts({
      channelId,
      ...(country && { recipientCountry: country }),
      isInWindow: isOpen(windowExpiresAt),
      isInEntryPoint: isOpen(freeEntryExpiresAt),
    });
  }
}
