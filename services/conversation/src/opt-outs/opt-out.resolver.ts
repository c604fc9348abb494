import { asResult, Authorized, type BatchLoad } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { ConversationType } from '../conversations/conversation.types.js';
import { messagesById } from '../messages/message.queries.js';
import type { MessageObject } from '../messages/message.types.js';
import { decideOptOut, listOptOutTexts, listOptOutWords, setOptOutText, setOptOutWord } from './opt-out.commands.js';
import type { OptOutText } from './opt-out-text.entity.js';
import { StoredOptOutQuestion } from './opt-out-question.entity.js';
import {
  DecideOptOutInput,
  DecideOptOutResult,
  OptOutQuestionType,
  OptOutTextType,
  OptOutWordType,
  SetOptOutTextInput,
  SetOptOutTextResult,
  SetOptOutWordInput,
  SetOptOutWordResult,
} from './opt-out.types.js';

/** Those that nobody has decided yet, by conversation. */
const openQuestions: BatchLoad<string, StoredOptOutQuestion[]> = async (ctx, conversationIds) => {
  const questions = await ctx.em.find(
    StoredOptOutQuestion,
    { conversationId: { $in: [...conversationIds] }, decision: null },
    { orderBy: { askedAt: 'asc', messageId: 'asc' } },
  );
  return Map.groupBy(questions, ({ conversationId }) => conversationId);
};

@Resolver(() => ConversationType)
export class OptOutResolver {
  @Authorized('conversation:read')
  @Query(() => [OptOutWordType], {
    description: 'What customers write to get no marketing any more, by word: Fenster’s words and your own.',
  })
  optOutWords(@Ctx() ctx: ConversationContext): Promise<OptOutWordType[]> {
    return listOptOutWords(ctx);
  }

  @Authorized('conversation:manage')
  @Mutation(() => SetOptOutWordResult, { description: 'Counts from the next message on.' })
  setOptOutWord(@Ctx() ctx: ConversationContext, @Arg('input', () => SetOptOutWordInput) input: SetOptOutWordInput) {
    return asResult(setOptOutWord(ctx, input));
  }

  @Authorized('conversation:read')
  @Query(() => [OptOutTextType], {
    description: 'What customers read who have written STOP, where it is not what Fenster says; by locale.',
  })
  optOutTexts(@Ctx() ctx: ConversationContext): Promise<OptOutText[]> {
    return listOptOutTexts(ctx);
  }

  @Authorized('conversation:manage')
  @Mutation(() => SetOptOutTextResult)
  setOptOutText(@Ctx() ctx: ConversationContext, @Arg('input', () => SetOptOutTextInput) input: SetOptOutTextInput) {
    return asResult(setOptOutText(ctx, input));
  }

  @Authorized('conversation:update')
  @Mutation(() => DecideOptOutResult, {
    description:
      'Says what the customer of an `optOutQuestions` wants. OPT_OUT takes effect at once, as if they had written STOP. The same decision again changes nothing.',
  })
  decideOptOut(@Ctx() ctx: ConversationContext, @Arg('input', () => DecideOptOutInput) input: DecideOptOutInput) {
    return asResult(decideOptOut(ctx, input));
  }

  @FieldResolver(() => [OptOutQuestionType], {
    description: 'Messages that may ask to stop marketing, and nobody has decided yet; the oldest first.',
  })
  async optOutQuestions(
    @Root() conversation: Conversation,
    @Ctx() ctx: ConversationContext,
  ): Promise<StoredOptOutQuestion[]> {
    return (await ctx.loader(openQuestions).load(conversation.id)) ?? [];
  }
}

@Resolver(() => OptOutQuestionType)
export class OptOutQuestionResolver {
  @FieldResolver()
  async message(
    @Root() { messageId }: StoredOptOutQuestion,
    @Ctx() ctx: ConversationContext,
  ): Promise<MessageObject | undefined> {
    return (await ctx.loader(messagesById).load(messageId)) as MessageObject | undefined;
  }
}
