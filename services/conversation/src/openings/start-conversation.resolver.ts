import { asResult, AuthorizedAction } from '@fenster/graphql';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { StartConversationResult } from '../messages/message.types.js';
import { startConversation } from './start-conversation.commands.js';
import { StartConversationInput } from './start-conversation.types.js';

@Resolver()
export class StartConversationResolver {
  @AuthorizedAction('message:send')
  @Mutation(() => StartConversationResult, {
    description:
      'Writes to somebody first. Goes on in a conversation with them that is open, or was resolved a short while ago; else it opens one, which is then yours. The send gate is the same as for sendMessage.',
  })
  startConversation(
    @Ctx() ctx: ConversationContext,
    @Arg('input', () => StartConversationInput) input: StartConversationInput,
  ) {
    return asResult(startConversation(ctx, input));
  }
}
