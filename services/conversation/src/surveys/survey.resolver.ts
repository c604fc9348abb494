import type { BatchLoad } from '@fenster/graphql';
import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { ConversationType } from '../conversations/conversation.types.js';
import { Survey } from './survey.entity.js';
import { Satisfaction } from './survey.types.js';

const surveysByConversation: BatchLoad<string, Survey> = async (ctx, ids) => {
  const surveys = await ctx.em.find(Survey, { conversationId: { $in: [...ids] } });
  return new Map(surveys.map((survey) => [survey.conversationId, survey]));
};

@Resolver(() => ConversationType)
export class ConversationSatisfactionResolver {
  @FieldResolver(() => Satisfaction, { nullable: true, description: 'Null if the customer was not asked.' })
  async satisfaction(@Root() conversation: Conversation, @Ctx() ctx: ConversationContext): Promise<Survey | null> {
    return (await ctx.loader(surveysByConversation).load(conversation.id)) ?? null;
  }
}

@Resolver(() => Satisfaction)
export class SatisfactionResolver {
  @FieldResolver(() => String, { nullable: true, description: 'Null without the permission message:read.' })
  comment(@Root() { comment }: Survey, @Ctx() ctx: ConversationContext): string | null {
    return (ctx.requireActor().permissions.includes('message:read') && comment) || null;
  }
}
