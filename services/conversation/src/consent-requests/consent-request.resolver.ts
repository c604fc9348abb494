import { asResult, Authorized, AuthorizedAction, type BatchLoad } from '@fenster/graphql';
import { notFound } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { ConversationType } from '../conversations/conversation.types.js';
import { requestWording } from './consent-request-words.rule.js';
import { requestConsent } from './consent-request.commands.js';
import { ConsentText, StoredConsentRequest } from './consent-request.entity.js';
import { ConsentRequestType, RequestConsentInput, RequestConsentResult } from './consent-request.types.js';

/** The last one, by thread. */
const lastRequests: BatchLoad<string, StoredConsentRequest> = async (ctx, threadIds) => {
  const requests = await ctx.em.find(
    StoredConsentRequest,
    { threadId: { $in: [...threadIds] } },
    { orderBy: { askedAt: 'asc', id: 'asc' } },
  );
  return new Map(requests.map((request) => [request.threadId, request]));
};

@Resolver(() => ConversationType)
export class ConsentRequestResolver {
  @AuthorizedAction('message:send')
  @Mutation(() => RequestConsentResult, {
    description:
      'Asks a person to agree to a purpose, over the very number that the consent is for (double opt-in): with its published text and fixed words, as buttons while a service window is open, else as an approved template that says the same. Their answer goes into the ledger with the ids of both messages; without one the question ends after seven days. The send gate is the same as for sendMessage.',
  })
  requestConsent(@Ctx() ctx: ConversationContext, @Arg('input', () => RequestConsentInput) input: RequestConsentInput) {
    return asResult(requestConsent(ctx, input));
  }

  @Authorized('conversation:read')
  @Query(() => String, {
    description:
      'What a request says, word for word: submit a UTILITY template with it for who has not written in the last 24 hours.',
  })
  async consentRequestWording(
    @Ctx() ctx: ConversationContext,
    @Arg('purpose', () => String) purpose: string,
    @Arg('locale', () => String) locale: string,
  ): Promise<string> {
    const { workspaceId } = ctx.requireActor();
    const text = await ctx.em.findOne(ConsentText, { workspaceId, purpose, locale, isAsked: true });
    if (!text) throw notFound('Text');
    return requestWording(text);
  }

  @FieldResolver(() => ConsentRequestType, {
    nullable: true,
    description: 'What the person was asked last, over this channel; null if nothing.',
  })
  async consentRequest(
    @Root() { threadId }: Conversation,
    @Ctx() ctx: ConversationContext,
  ): Promise<StoredConsentRequest | null> {
    return (await ctx.loader(lastRequests).load(threadId)) ?? null;
  }
}
