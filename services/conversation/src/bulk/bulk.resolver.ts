import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { bulkUpdateConversations } from './bulk.commands.js';
import { BulkUpdateConversationsInput, BulkUpdateConversationsResult, type BulkUpdate } from './bulk.types.js';

@Resolver()
export class BulkResolver {
  @Authorized('conversation:update')
  @Mutation(() => BulkUpdateConversationsResult, {
    description: 'Does one thing to many conversations, with a result for each. Not all or none.',
  })
  bulkUpdateConversations(
    @Ctx() ctx: ConversationContext,
    @Arg('input', () => BulkUpdateConversationsInput) input: BulkUpdateConversationsInput,
  ): Promise<BulkUpdate> {
    return asResult(bulkUpdateConversations(ctx, input));
  }
}
