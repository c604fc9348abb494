import { readNewsletterFacts, readReplyFacts } from '@fenster/contracts';
import { invalidInput, isId, notFound } from '@fenster/runtime';
import { money } from '../charges/charge.resolver.js';
import type { BillingContext } from '../context.js';
import { countryIn, isMarket } from '../price-books/market.js';
import { localDateOf } from '../ratings/local-date.js';
import { normalise, RATE_CARD_CATEGORIES } from '../ratings/verdict.js';
import { quoteBases } from './quote-basis.js';
import type { QuoteReason } from './quote-reason.js';
import { quote, type PlannedMessages, type Quote, type QuoteBasis, type QuotedFigures } from './quote.rule.js';
import type { MoneyRange, QuoteMessagesInput, QuoteReasonType, QuoteType } from './quote.types.js';

const MAX_LINES = 500;
const MAX_RECIPIENTS = 10_000_000;

/** What a reply in a conversation would cost now. @throws DomainError INVALID_INPUT */
export async function quoteReply(ctx: BillingContext, written: string, category: string): Promise<QuoteType> {
  const { channelId, ...facts } = readReplyFacts(written);
  const { recipientCountry, isInWindow, isInEntryPoint } = facts;
  const basis = await ctx.loader(quoteBases).load(channelId);
  const planned = { category: checkCategory(category), recipientCountry, isInWindow, isInEntryPoint, count: 1 };
  return basis ? shown(channelId, quote([planned], basis)) : notPriced(channelId);
}

/** What a newsletter, which is marketing, would cost now. */
export async function quoteNewsletter(ctx: BillingContext, written: string): Promise<QuoteType> {
  const { channelId, recipients } = readNewsletterFacts(written);
  const basis = await ctx.loader(quoteBases).load(channelId);
  if (!basis) return notPriced(channelId);
  const planned = recipients.map(({ country, count }) => ({
    category: 'marketing',
    recipientCountry: country ?? undefined,
    count,
    isInWindow: false,
    isInEntryPoint: false,
  }));
  return shown(channelId, quote(planned, basis));
}

/**
 * What messages over a number to a list of recipients would cost now. Nothing is reserved.
 * @throws DomainError INVALID_INPUT, NOT_FOUND
 */
export async function quoteMessages(
  ctx: BillingContext,
  channelId: string,
  messages: readonly QuoteMessagesInput[],
): Promise<QuoteType> {
  if (!isId(channelId)) throw notFound('Channel', 'channelId');
  if (messages.length === 0 || messages.length > MAX_LINES) {
    throw invalidInput('messages', `must have 1 to ${MAX_LINES} lines.`);
  }
  const basis = await ctx.loader(quoteBases).load(channelId);
  if (!basis) throw notFound('Channel', 'channelId');
  const planned = messages.map((each) => readPlanned(each, basis));
  return shown(channelId, quote(planned, basis));
}

function readPlanned(
  { category, country, market, recipients }: QuoteMessagesInput,
  { at, timeZone }: QuoteBasis,
): PlannedMessages {
  if (recipients < 1 || recipients > MAX_RECIPIENTS) {
    throw invalidInput('messages.recipients', `must be between 1 and ${MAX_RECIPIENTS}.`);
  }
  if ((country == null) === (market == null)) throw invalidInput('messages.country', 'must be given, or market.');
  if (market != null && !isMarket(market)) throw invalidInput('messages.market', 'must be on the rate card.');
  const recipientCountry = market == null ? country! : countryIn(market, localDateOf(at, timeZone));
  return {
    category: checkCategory(category),
    recipientCountry,
    count: recipients,
    isInWindow: false,
    isInEntryPoint: false,
  };
}

function checkCategory(category: string): string {
  const normal = normalise(category);
  if (RATE_CARD_CATEGORIES.has(normal)) return normal;
  throw invalidInput('category', `must be one of ${[...RATE_CARD_CATEGORIES].join(', ')}.`);
}

function notPriced(channelId: string): QuoteType {
  return {
    channel: { id: channelId },
    amount: null,
    range: null,
    unquotedMessages: 1,
    lines: [],
    reasons: [shownReason({ code: 'NOT_PRICED' })],
  };
}

export function shown(channelId: string, { currency, lines, ...figures }: Quote): QuoteType {
  const isPriced = lines.some(({ planned, unquoted }) => unquoted < planned.count);
  const reasons = new Map(lines.flatMap((line) => line.reasons).map((reason) => [JSON.stringify(reason), reason]));
  return {
    channel: { id: channelId },
    amount: isPriced ? money(figures.micros, currency) : null,
    range: isPriced ? rangeOf(figures, currency) : null,
    unquotedMessages: lines.reduce((sum, { unquoted }) => sum + unquoted, 0),
    lines: lines.map(({ planned, market, free, unquoted, ...line }) => ({
      category: planned.category,
      market,
      messages: planned.count,
      freeMessages: free,
      unquotedMessages: unquoted,
      amount: money(line.micros, currency),
      range: rangeOf(line, currency),
      reasons: line.reasons.map(shownReason),
    })),
    reasons: [...reasons.values()].map(shownReason),
  };
}

export function rangeOf(
  { leastMicros, mostMicros }: Pick<QuotedFigures, 'leastMicros' | 'mostMicros'>,
  currency: string,
): MoneyRange {
  return { least: money(leastMicros, currency), most: money(mostMicros, currency) };
}

function shownReason(reason: QuoteReason): QuoteReasonType {
  const { code, ...rest } = reason;
  const facts = Object.entries(rest).flatMap(([fact, value]) =>
    value === null ? [] : [{ fact, value: String(value) }],
  );
  return { code, facts, reason };
}
