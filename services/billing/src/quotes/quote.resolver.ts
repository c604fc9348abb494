import { Authorized } from '@fenster/graphql';
import { Arg, Ctx, Directive, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { abilityOf } from '../ability.js';
import { ConversationType } from '../charges/charge.types.js';
import type { BillingContext } from '../context.js';
import { quoteMessages, quoteNewsletter, quoteReply } from './quote.queries.js';
import { quoteText, reasonText, type QuoteLanguage } from './quote-reason.js';
import {
  QuoteLanguageEnum,
  NewsletterPreviewType,
  QuoteMessagesInput,
  QuoteReasonType,
  QuoteType,
} from './quote.types.js';

@Resolver(() => ConversationType)
export class ReplyQuoteResolver {
  @Directive('@requires(fields: "replyFacts")')
  @FieldResolver(() => QuoteType, {
    nullable: true,
    description:
      'What a message to the customer would cost now. Null without the permission `cost:read`, as `cost` is.',
  })
  async replyQuote(
    @Root() { replyFacts }: ConversationType,
    @Ctx() ctx: BillingContext,
    @Arg('category', () => String, {
      defaultValue: 'service',
      description: 'Of a template, `marketing`, `utility` or `authentication`; `service` for anything else.',
    })
    category: string,
  ): Promise<QuoteType | null> {
    if (replyFacts == null || abilityOf(ctx).cannot('read', 'ConversationCost')) return null;
    return quoteReply(ctx, replyFacts, category);
  }
}

@Resolver()
export class QuoteMessagesResolver {
  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => QuoteType, {
    description:
      'What messages over a number would cost now, counted by category and market: before a newsletter, for example. Nothing is sent, and nothing reserved.',
  })
  quoteMessages(
    @Ctx() ctx: BillingContext,
    @Arg('channelId', () => ID) channelId: string,
    @Arg('messages', () => [QuoteMessagesInput]) messages: QuoteMessagesInput[],
  ): Promise<QuoteType> {
    return quoteMessages(ctx, channelId, messages);
  }
}

@Resolver(() => NewsletterPreviewType)
export class NewsletterQuoteResolver {
  @Directive('@requires(fields: "quoteFacts")')
  @FieldResolver(() => QuoteType, {
    nullable: true,
    description:
      'What it would cost if everybody who can be reached got it now, by market. Null without the permission `cost:read`.',
  })
  async expectedCost(
    @Root() { quoteFacts }: NewsletterPreviewType,
    @Ctx() ctx: BillingContext,
  ): Promise<QuoteType | null> {
    return abilityOf(ctx).cannot('read', 'ConversationCost') ? null : quoteNewsletter(ctx, quoteFacts);
  }
}

/** With what the gateway has fetched for `expectedCost`. */
export function resolveNewsletterPreview({ id, quoteFacts }: NewsletterPreviewType): NewsletterPreviewType {
  return { id, quoteFacts };
}

const LANGUAGE = { defaultValue: 'EN' } as const;

@Resolver(() => QuoteType)
export class QuoteTextResolver {
  @FieldResolver(() => String, {
    description: 'In one sentence: about how much, and why.',
  })
  text(@Root() quote: QuoteType, @Arg('language', () => QuoteLanguageEnum, LANGUAGE) language: QuoteLanguage): string {
    const reasons = quote.reasons.map(({ reason }) => reason);
    return quoteText(quote.amount, reasons, language);
  }
}

@Resolver(() => QuoteReasonType)
export class QuoteReasonResolver {
  @FieldResolver(() => String, { description: 'For people: a clause that goes on after “because”.' })
  text(
    @Root() { reason }: QuoteReasonType,
    @Arg('language', () => QuoteLanguageEnum, LANGUAGE) language: QuoteLanguage,
  ): string {
    return reasonText(reason, language);
  }
}
