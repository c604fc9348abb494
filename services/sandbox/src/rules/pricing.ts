/**
 * What Meta says a message costs, by the rules in force at its time (whatsapp.md §A7, §C1, §C2). Pure: the caller keeps the windows,
 * conversations and allowances, and tells what they are.
 */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Kinds of business models, each with the local day on which it begins. */
const ERAS = [
  ['2026-10-01', 'PMP_SERVICE_CHARGED'],
  ['2025-07-01', 'PMP'],
  ['2024-11-01', 'CBP_FREE_SERVICE'],
  ['2023-06-01', 'CBP'],
] as const;
export type Era = (typeof ERAS)[number][1] | 'CBP_2022';

/** Model changes happen at midnight of the account. Everything before June 2023 is told by the rules of 2022. */
export function eraAt(at: Date, timeZone: string): Era {
  const day = localDay(at, timeZone);
  return ERAS.find(([begins]) => day >= begins)?.[1] ?? 'CBP_2022';
}

/** `YYYY-MM-DD` in the account's time zone. */
export function localDay(at: Date, timeZone: string): string {
  return dayFormat(timeZone).format(at);
}

const formats = new Map<string, Intl.DateTimeFormat>();
function dayFormat(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
    formats.set(timeZone, format);
  }
  return format;
}

export type TemplateCategory = 'marketing' | 'utility' | 'authentication';
export type MessageCategory = TemplateCategory | 'service';
export type ConversationCategory =
  | MessageCategory
  | 'referral_conversion'
  /** The two of 2022. */
  | 'business_initiated'
  | 'user_initiated';

export interface Pricing {
  billable: boolean;
  pricing_model: 'CBP' | 'PMP';
  /** Only since 2025-07-01. */
  type?: 'regular' | 'free_customer_service' | 'free_entry_point';
  category: ConversationCategory;
}

/** What is open between a number and a person: a conversation of before July 2025, or a free entry point. */
export interface Conversation {
  id: string;
  category: ConversationCategory;
  expiresAt: Date;
  isFree: boolean;
}

export interface PricingInput {
  at: Date;
  timeZone: string;
  category: MessageCategory;
  /** The person wrote (or called) within 24 hours. */
  isWindowOpen: boolean;
  /** The person came by an ad on a phone and has not been answered yet. */
  cameByAd: boolean;
  /** Whatever may be open; those that have expired are passed over. */
  conversations: readonly Conversation[];
  /** Of the free allowance that {@link allowanceOf} names: how much this message would find. */
  freeLeft: number;
  newConversationId: () => string;
}

export interface Priced {
  pricing: Pricing;
  /** The one that the message belongs to. */
  conversation?: Conversation;
  /** `conversation` begins with this message, and takes the place of all that are open. */
  opensConversation: boolean;
  closesOthers: boolean;
  /** The message takes one from the allowance of its month. */
  usesAllowance: boolean;
}

export function priceMessage(input: PricingInput): Priced {
  const era = eraAt(input.at, input.timeZone);
  const open = input.conversations.filter((conversation) => conversation.expiresAt > input.at);
  return era === 'PMP' || era === 'PMP_SERVICE_CHARGED'
    ? pricePerMessage(input, era, open)
    : pricePerConversation(input, era, open);
}

function pricePerMessage(input: PricingInput, era: Era, open: readonly Conversation[]): Priced {
  const entryPoint = open.find((conversation) => conversation.category === 'referral_conversion');
  if (entryPoint) return { ...withinEntryPoint(entryPoint), opensConversation: false, closesOthers: false };
  if (input.cameByAd && input.isWindowOpen) {
    return { ...withinEntryPoint(newEntryPoint(input)), opensConversation: true, closesOthers: true };
  }
  const { category } = input;
  const none = { opensConversation: false, closesOthers: false };
  const regular: Pricing = { billable: true, pricing_model: 'PMP', type: 'regular', category };
  const free: Pricing = { billable: false, pricing_model: 'PMP', type: 'free_customer_service', category };
  if (category === 'service') {
    if (era === 'PMP') return { pricing: free, usesAllowance: false, ...none };
    return { pricing: input.freeLeft > 0 ? free : regular, usesAllowance: true, ...none };
  }
  const isFreeUtility = era === 'PMP' && category === 'utility' && input.isWindowOpen;
  return { pricing: isFreeUtility ? free : regular, usesAllowance: false, ...none };
}

function withinEntryPoint(conversation: Conversation): Pick<Priced, 'pricing' | 'conversation' | 'usesAllowance'> {
  const pricing: Pricing = {
    billable: false,
    pricing_model: 'PMP',
    type: 'free_entry_point',
    category: 'referral_conversion',
  };
  // Whether a message in it uses the monthly allowance is not documented (whatsapp.md §H4): taken as no.
  return { pricing, conversation, usesAllowance: false };
}

/** From the business's answer: 72 hours, since 2026-09-28 up to seven days. */
function newEntryPoint({ at, timeZone, newConversationId }: PricingInput): Conversation {
  const length = localDay(at, timeZone) < '2026-09-28' ? 3 * DAY_MS : 7 * DAY_MS;
  const expiresAt = new Date(at.getTime() + length);
  return { id: newConversationId(), category: 'referral_conversion', expiresAt, isFree: true };
}

/** Before July 2025: 24 hours per number, person and category, opened by the first message (§C1.3). */
function pricePerConversation(input: PricingInput, era: Era, open: readonly Conversation[]): Priced {
  const joined = open.find((conversation) => joins(conversation, input.category, era));
  if (joined) {
    const pricing: Pricing = { billable: !joined.isFree, pricing_model: 'CBP', category: joined.category };
    return { pricing, conversation: joined, opensConversation: false, closesOthers: false, usesAllowance: false };
  }
  const isEntryPoint = input.cameByAd && input.isWindowOpen;
  const category = isEntryPoint ? 'referral_conversion' : conversationCategory(input, era);
  const usesAllowance = !isEntryPoint && allowanceCounts(era, category);
  const isFree =
    isEntryPoint || (era === 'CBP_FREE_SERVICE' && category === 'service') || (usesAllowance && input.freeLeft > 0);
  const conversation: Conversation = {
    id: input.newConversationId(),
    category,
    expiresAt: new Date(input.at.getTime() + (isEntryPoint ? 3 * DAY_MS : DAY_MS)),
    isFree,
  };
  const pricing: Pricing = { billable: !isFree, pricing_model: 'CBP', category };
  return { pricing, conversation, opensConversation: true, closesOthers: isEntryPoint, usesAllowance };
}

function joins(conversation: Conversation, category: MessageCategory, era: Era): boolean {
  // A free entry point holds all messages; free-form ones never open a conversation beside another; in 2022 nothing did.
  if (conversation.category === 'referral_conversion' || category === 'service' || era === 'CBP_2022') return true;
  return conversation.category === category;
}

function conversationCategory({ category, isWindowOpen }: PricingInput, era: Era): ConversationCategory {
  if (era !== 'CBP_2022') return category;
  return isWindowOpen ? 'user_initiated' : 'business_initiated';
}

function allowanceCounts(era: Era, category: ConversationCategory): boolean {
  return era === 'CBP_2022' || (era === 'CBP' && category === 'service');
}

/** Whose allowance it is, and for which month: before July 2025 the account's conversations, since October 2026 the number's messages. */
export function allowanceOf(
  at: Date,
  timeZone: string,
  ids: { wabaId: string; phoneNumberId: string },
): { key: string; size: 'conversations' | 'messages' } {
  const month = localDay(at, timeZone).slice(0, 7);
  return eraAt(at, timeZone).startsWith('CBP')
    ? { key: `${ids.wabaId} ${month}`, size: 'conversations' }
    : { key: `${ids.phoneNumberId} ${month}`, size: 'messages' };
}

/**
 * Whether a status carries `conversation`: always before v24 (2025-10-08), since then only in a free entry point.
 * @param version of the webhook, e.g. `v26.0`.
 */
export function showsConversation(at: Date, version: string, priced: Pick<Priced, 'pricing'>): boolean {
  if (priced.pricing.type === 'free_entry_point' || priced.pricing.pricing_model === 'CBP') return true;
  return at < V24_AT || Number(/^v(\d+)/.exec(version)?.[1]) < 24;
}
const V24_AT = new Date('2025-10-08T00:00:00Z');
