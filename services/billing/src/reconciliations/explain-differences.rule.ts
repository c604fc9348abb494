/**
 * Why what the provider counted differs from the ledger, line by line. What it says always adds up: messages and amounts
 * of the causes of a line are the difference of that line, and what nothing explains is said to be unexplained.
 */

/** By what both sides are compared: the provider's price of a month, in one currency. */
export interface LineKey {
  /** Null where nobody knows the country. */
  market: string | null;
  category: string;
  /** Null: it was charged. */
  freeReason: string | null;
}

export interface Figures {
  messages: number;
  amountMicros: number;
}

/** How many messages had the price of a tier, as in `100001:MAX`. */
export type MessagesByTier = Readonly<Record<string, number>>;

export interface LedgerFigures extends Figures {
  /** Of those, our own messages that were delivered on the first or the last day of the month. */
  atEnds: number;
  /** Delivered on the day before it or on the day after it. */
  beyondEnds: number;
  /** Sent, and not known to be delivered or to have a price. */
  pending: number;
  tiers: MessagesByTier;
}

export interface ProviderFigures extends Figures {
  tiers: MessagesByTier;
  /** How many of its figures were rounded on their own. */
  roundings: number;
}

export interface ComparedLine extends LineKey {
  ledger: LedgerFigures;
  provider: ProviderFigures;
}

/**
 * MISSING_STATUS: sent by us, and no status told us of its delivery or price. DIFFERENT_CATEGORY: under another category.
 * DIFFERENT_TYPE: free instead of charged, or the other way round. LATE_DELIVERY: delivered at an end of the month, and
 * counted in another one. DIFFERENT_TIER: at the price of another volume. CURRENCY_ROUNDING: not more than rounding is.
 */
export const CAUSES = [
  'MISSING_STATUS',
  'DIFFERENT_CATEGORY',
  'DIFFERENT_TYPE',
  'LATE_DELIVERY',
  'DIFFERENT_TIER',
  'CURRENCY_ROUNDING',
  'UNEXPLAINED',
] as const;
export type Cause = (typeof CAUSES)[number];

/** What to add to the ledger, and why. */
export interface Explanation extends Figures {
  cause: Cause;
  /** The line that they are in on the other side. */
  counterpart?: LineKey;
}

/** Half of the smallest coin of a currency: what one rounded figure may be off by. */
const ROUNDING_MICROS = 5_000;

interface Open {
  line: ComparedLine;
  /** Not explained so far. */
  messages: number;
  explanations: Explanation[];
}

/** @returns the explanations of each line, in its order; none where both sides say the same. */
export function explainDifferences(lines: readonly ComparedLine[]): Explanation[][] {
  const open = lines.map((line): Open => {
    return { line, messages: line.provider.messages - line.ledger.messages, explanations: [] };
  });
  for (const each of open)
    explain(each, 'MISSING_STATUS', Math.max(0, Math.min(each.messages, each.line.ledger.pending)));
  matchOpposites(open);
  for (const each of open) {
    const { atEnds, beyondEnds } = each.line.ledger;
    const count = each.messages > 0 ? Math.min(each.messages, beyondEnds) : Math.max(each.messages, -atEnds);
    explain(each, 'LATE_DELIVERY', count);
  }
  for (const each of open) explainRest(each);
  return open.map(({ explanations }) => explanations);
}

/** What one line of a market has too many and another one too few: first of the same category, as that is nearer. */
function matchOpposites(open: readonly Open[]): void {
  for (const isNear of [true, false]) {
    for (const more of open) {
      for (const fewer of open) {
        if (more.line.market !== fewer.line.market || more.messages <= 0 || fewer.messages >= 0) continue;
        if ((more.line.category === fewer.line.category) !== isNear) continue;
        const count = Math.min(more.messages, -fewer.messages);
        const cause = isNear ? 'DIFFERENT_TYPE' : 'DIFFERENT_CATEGORY';
        explain(more, cause, count, keyOf(fewer.line));
        explain(fewer, cause, -count, keyOf(more.line));
      }
    }
  }
}

function explain(open: Open, cause: Cause, messages: number, counterpart?: LineKey): void {
  if (messages === 0) return;
  open.messages -= messages;
  const price = priceOf(open.line);
  // There is no minus zero in a ledger.
  const amountMicros = price === 0 ? 0 : messages * price;
  open.explanations.push({ cause, messages, amountMicros, ...(counterpart && { counterpart }) });
}

/** Of one message, by whoever has more of them: so what is added costs what the provider says, and what goes what we say. */
function priceOf({ ledger, provider }: ComparedLine): number {
  const { amountMicros, messages } = provider.messages > ledger.messages ? provider : ledger;
  return messages > 0 ? Math.round(amountMicros / messages) : 0;
}

function explainRest({ line, messages, explanations }: Open): void {
  const explained = explanations.reduce((sum, { amountMicros }) => sum + amountMicros, 0);
  const amountMicros = line.provider.amountMicros - line.ledger.amountMicros - explained;
  if (messages === 0 && amountMicros === 0) return;
  explanations.push({ cause: restCause(line, messages, amountMicros), messages, amountMicros });
}

function restCause({ ledger, provider }: ComparedLine, messages: number, amountMicros: number): Cause {
  if (messages !== 0) return 'UNEXPLAINED';
  if (Math.abs(amountMicros) <= ROUNDING_MICROS * provider.roundings) return 'CURRENCY_ROUNDING';
  const isTiered = Object.keys(provider.tiers).length > 0 && Object.keys(ledger.tiers).length > 0;
  return isTiered && !sameTiers(ledger.tiers, provider.tiers) ? 'DIFFERENT_TIER' : 'UNEXPLAINED';
}

function sameTiers(a: MessagesByTier, b: MessagesByTier): boolean {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((tier) => (a[tier] ?? 0) === (b[tier] ?? 0));
}

export function keyOf({ market, category, freeReason }: LineKey): LineKey {
  return { market, category, freeReason };
}

/** Stable for the same line, whatever its figures. */
export function lineId(key: LineKey): string {
  return [key.market ?? '', key.category, key.freeReason ?? ''].join('|');
}
